// SPDX-License-Identifier: Apache-2.0
#include "policy/host_addresses.hpp"

#include <algorithm>
#include <string_view>

#include "policy/policy_settings.hpp"

namespace endreason {
HostAddresses::HostAddresses(const Policy& policy) {
  for (const ManagementProfile& profile : policy.management_profiles) {
    Profile& own = profiles_.emplace_back();
    for (std::size_t i = 0; i < kHostServices.size(); ++i)
      if (std::ranges::find(profile.services, kHostServices[i].log_name) != profile.services.end())
        own.services.push_back(i);
    for (const std::string& text : profile.permitted)
      if (const auto set = AddressSet::parse(text)) own.permitted.add(*set);
    if (profile.permitted.empty()) own.permitted = AddressSet::all();
  }
  for (const Interface& interface : policy.interfaces) {
    const auto profile = std::ranges::find(policy.management_profiles, interface.management,
                                           &ManagementProfile::name);
    const auto index = static_cast<std::size_t>(profile - policy.management_profiles.begin());
    for (const std::string& text : interface.addresses)
      if (const auto address = parse_ip(std::string_view(text).substr(0, text.find('/'))))
        own_.push_back({*address, index});
  }
  std::ranges::stable_sort(own_, {}, &Own::address);
}

HostAnswer HostAddresses::answer(const IpAddress& src, const IpAddress& dst, std::uint8_t protocol,
                                 std::uint16_t dport) const {
  const auto own = std::ranges::lower_bound(own_, dst, {}, &Own::address);
  if (own == own_.end() || own->address != dst) return HostAnswer::NotOurs;
  if (own->profile >= profiles_.size()) return HostAnswer::NotEnabled;
  const Profile& profile = profiles_[own->profile];
  const bool enabled = std::ranges::any_of(profile.services, [&](std::size_t row) {
    const HostServiceInfo& service = kHostServices[row];
    return service.protocol == protocol && service.first_port <= dport &&
           dport <= service.last_port;
  });
  if (!enabled) return HostAnswer::NotEnabled;
  return profile.permitted.contains(src) ? HostAnswer::Enabled : HostAnswer::NotPermitted;
}

}  // namespace endreason
