// SPDX-License-Identifier: Apache-2.0
#include "policy/zone_map.hpp"

#include <algorithm>
#include <string_view>

#include "policy/address_set.hpp"
#include "policy/policy_settings.hpp"

namespace endreason {
namespace {

struct Network {
  IpRange range;
  ZoneId zone;
};

// A network within another comes after it, so the later of two that hold an address is the smaller.
bool wider_first(const Network& a, const Network& b) {
  return a.range.first != b.range.first ? a.range.first < b.range.first
                                        : b.range.last < a.range.last;
}

std::vector<Network> networks_of(const Policy& policy, const ResolvedPolicy& resolved) {
  std::vector<Network> networks;
  const auto add = [&](std::string_view text, std::string_view zone) {
    if (const auto set = AddressSet::parse(text))
      networks.push_back({set->ranges().front(), resolved.zone(zone)});
  };
  for (const Zone& zone : policy.zones) {
    for (const std::string& network : zone.networks) add(network, zone.name);
    for (const Interface& interface : policy.interfaces)
      if (std::ranges::find(zone.interfaces, interface.name) != zone.interfaces.end())
        for (const std::string& address : interface.addresses) add(address, zone.name);
  }
  std::ranges::stable_sort(networks, wider_first);
  return networks;
}

}  // namespace

ZoneMap::ZoneMap(const Policy& policy, const ResolvedPolicy& resolved) {
  stretches_.push_back({IpAddress{}, ZoneId::Unknown});
  std::vector<Network> open;  // each within the one before it
  const auto close_before = [&](const IpAddress* next) {
    while (!open.empty() && (next == nullptr || open.back().range.last < *next)) {
      IpAddress behind = open.back().range.last;
      open.pop_back();
      if (step_up(behind))
        stretches_.push_back({behind, open.empty() ? ZoneId::Unknown : open.back().zone});
    }
  };
  for (const Network& network : networks_of(policy, resolved)) {
    close_before(&network.range.first);
    stretches_.push_back({network.range.first, network.zone});
    open.push_back(network);
  }
  close_before(nullptr);
}

ZoneId ZoneMap::find(const IpAddress& address) const {
  // Of stretches that begin alike the last is the narrowest.
  return (std::ranges::upper_bound(stretches_, address, {}, &Stretch::first) - 1)->zone;
}

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
