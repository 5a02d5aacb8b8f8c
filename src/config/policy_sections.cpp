// SPDX-License-Identifier: Apache-2.0
#include "config/policy_sections.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/setting_fields.hpp"
#include "policy/policy_settings.hpp"

namespace endreason {
namespace {

using Done = Result<void>;

// A map of named objects; a short form gives an object as one text or one list.
template <class Object, std::size_t N>
Done read_objects(const SettingNode& node, std::string_view example,
                  const std::array<SettingRow<Object>, N>& rows,
                  Done (*short_form)(const SettingNode&, Object&), std::vector<Object>& into) {
  const auto entries = node.pairs(example);
  if (!entries) return tl::unexpected(entries.error());
  for (const SettingNode& entry : *entries) {
    Object& object = into.emplace_back();
    object.name = entry.key();
    object.line = static_cast<LineNumber>(entry.line());
    const bool is_short = short_form != nullptr && entry.kind() != SettingNode::Kind::Map;
    auto done = is_short ? short_form(entry, object) : read_section(entry, rows, object);
    if (!done) return done;
  }
  return {};
}

// The same section that gives the session engine its zones.
constexpr auto kZoneKeys = std::to_array<SettingRow<Zone>>({
    {"interfaces", [](const SettingNode& n, Zone& z) { return read_texts(n, z.interfaces); }},
    {"vlans", [](const SettingNode& n, Zone& z) { return read_texts(n, z.vlans); }},
    {"subnets", [](const SettingNode& n, Zone& z) { return read_texts(n, z.subnets); }},
});

constexpr auto kInterfaceKeys = std::to_array<SettingRow<Interface>>({
    {"address", [](const SettingNode& n, Interface& i) { return read_texts(n, i.addresses); }},
    {"management", [](const SettingNode& n, Interface& i) { return read_text(n, i.management); }},
});

constexpr auto kManagementKeys = std::to_array<SettingRow<ManagementProfile>>({
    {"services",
     [](const SettingNode& n, ManagementProfile& p) { return read_texts(n, p.services); }},
    {"permitted",
     [](const SettingNode& n, ManagementProfile& p) { return read_texts(n, p.permitted); }},
});

template <AddressKind kKind>
Done read_address_value(const SettingNode& node, AddressObject& into) {
  into.kind = kKind;
  return read_text(node, into.value);
}

constexpr auto kAddressKeys = std::to_array<SettingRow<AddressObject>>({
    {"ip-netmask", read_address_value<AddressKind::IpNetmask>},
    {"ip-range", read_address_value<AddressKind::IpRange>},
    {"ip-wildcard", read_address_value<AddressKind::IpWildcard>},
    {"fqdn", read_address_value<AddressKind::Fqdn>},
    {"resolved", [](const SettingNode& n, AddressObject& a) { return read_texts(n, a.resolved); }},
    {"tags", [](const SettingNode& n, AddressObject& a) { return read_texts(n, a.tags); }},
});

constexpr auto kAddressGroupKeys = std::to_array<SettingRow<AddressGroup>>({
    {"members", [](const SettingNode& n, AddressGroup& g) { return read_texts(n, g.members); }},
    {"filter", [](const SettingNode& n, AddressGroup& g) { return read_text(n, g.filter); }},
});

constexpr auto kListKeys = std::to_array<SettingRow<ExternalList>>({
    {"type", [](const SettingNode& n, ExternalList& l) { return read_text(n, l.type); }},
    {"url", [](const SettingNode& n, ExternalList& l) { return read_text(n, l.url); }},
    {"entries", [](const SettingNode& n, ExternalList& l) { return read_texts(n, l.entries); }},
});

// "tcp/80,443"
Done read_short_service(const SettingNode& node, ServiceObject& into) {
  std::string text;
  if (auto done = read_text(node, text); !done) return done;
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos)
    return node.wrong(
        fmt::format("expected a protocol and ports such as tcp/80,443, or a map, "
                    "found '{}'",
                    text));
  into.protocol = text.substr(0, slash);
  into.port = text.substr(slash + 1);
  return {};
}

constexpr auto kServiceKeys = std::to_array<SettingRow<ServiceObject>>({
    {"protocol",
     [](const SettingNode& n, ServiceObject& s) -> Done {
       constexpr std::array<std::string_view, 3> kWords{"tcp", "udp", "sctp"};
       const auto word = n.one_of(kWords);
       if (!word) return tl::unexpected(word.error());
       s.protocol = kWords[*word];
       return {};
     }},
    {"port", [](const SettingNode& n, ServiceObject& s) { return read_text(n, s.port); }},
    {"source-port",
     [](const SettingNode& n, ServiceObject& s) { return read_text(n, s.source_port); }},
    {"timeout",
     [](const SettingNode& n, ServiceObject& s) { return read_seconds(n, s.timeout_s); }},
});

constexpr auto kGroupKeys = std::to_array<SettingRow<ObjectGroup>>({
    {"members", [](const SettingNode& n, ObjectGroup& g) { return read_texts(n, g.members); }},
});

Done read_criteria(const SettingNode& node, ApplicationFilter& into) {
  const auto criteria = node.pairs("subcategory: [file-sharing]");
  if (!criteria) return tl::unexpected(criteria.error());
  for (const SettingNode& criterion : *criteria) {
    Names values;
    if (auto done = read_texts(criterion, values); !done) return done;
    for (std::string& value : values) into.criteria.emplace_back(criterion.key(), std::move(value));
  }
  return {};
}

constexpr auto kFilterKeys = std::to_array<SettingRow<ApplicationFilter>>({
    {"criteria", read_criteria},
    {"members",
     [](const SettingNode& n, ApplicationFilter& f) { return read_texts(n, f.members); }},
});

constexpr auto kApplicationKeys = std::to_array<SettingRow<ApplicationObject>>({
    {"ports", [](const SettingNode& n, ApplicationObject& a) { return read_texts(n, a.ports); }},
    {"ip-protocol",
     [](const SettingNode& n, ApplicationObject& a) { return read_text(n, a.ip_protocol); }},
    {"deny-action",
     [](const SettingNode& n, ApplicationObject& a) { return read_text(n, a.deny_action); }},
    {"implicit-uses",
     [](const SettingNode& n, ApplicationObject& a) { return read_texts(n, a.implicit_uses); }},
    {"parent-app",
     [](const SettingNode& n, ApplicationObject& a) { return read_text(n, a.parent); }},
});

}  // namespace

Done read_policy_zones(const SettingNode& node, Policy& into) {
  return read_objects<Zone>(node, "trust: {subnets: [10.0.0.0/8]}", kZoneKeys, nullptr, into.zones);
}

Done read_policy_interfaces(const SettingNode& node, Policy& into) {
  return read_objects<Interface>(node, "ethernet1/1: {address: 10.0.0.1/24}", kInterfaceKeys,
                                 nullptr, into.interfaces);
}

Done read_host_services(const SettingNode& node, Policy& into) {
  return read_objects<ManagementProfile>(node, "admin: {services: [ping, https]}", kManagementKeys,
                                         nullptr, into.management_profiles);
}

Done read_addresses(const SettingNode& node, Policy& into) {
  const auto short_form = [](const SettingNode& n, AddressObject& a) {
    return read_text(n, a.value);
  };
  if (auto done = read_objects<AddressObject>(node, "server: 10.0.0.5", kAddressKeys, short_form,
                                              into.addresses);
      !done)
    return done;
  for (const AddressObject& object : into.addresses)
    if (object.value.empty())
      return node.find(object.name)
          ->wrong("it has no address; give one of ip-netmask, ip-range, ip-wildcard, fqdn");
  return {};
}

Done read_address_groups(const SettingNode& node, Policy& into) {
  const auto short_form = [](const SettingNode& n, AddressGroup& g) {
    return read_texts(n, g.members);
  };
  return read_objects<AddressGroup>(node, "servers: [server, 10.0.0.6]", kAddressGroupKeys,
                                    short_form, into.address_groups);
}

Done read_external_lists(const SettingNode& node, Policy& into) {
  const auto short_form = [](const SettingNode& n, ExternalList& l) {
    l.type = "ip";
    return read_texts(n, l.entries);
  };
  return read_objects<ExternalList>(node, "bad-hosts: [192.0.2.0/24]", kListKeys, short_form,
                                    into.external_lists);
}

Done read_services(const SettingNode& node, Policy& into) {
  return read_objects<ServiceObject>(node, "tcp-8443: tcp/8443", kServiceKeys, read_short_service,
                                     into.services);
}

namespace {

Done read_groups(const SettingNode& node, std::string_view example,
                 std::vector<ObjectGroup>& into) {
  const auto short_form = [](const SettingNode& n, ObjectGroup& g) {
    return read_texts(n, g.members);
  };
  return read_objects<ObjectGroup>(node, example, kGroupKeys, short_form, into);
}

}  // namespace

Done read_service_groups(const SettingNode& node, Policy& into) {
  return read_groups(node, "web: [service-http, service-https]", into.service_groups);
}

Done read_application_groups(const SettingNode& node, Policy& into) {
  return read_groups(node, "mail: [smtp, imap]", into.application_groups);
}

Done read_application_filters(const SettingNode& node, Policy& into) {
  return read_objects<ApplicationFilter>(
      node, "sharing: {criteria: {subcategory: [file-sharing]}, members: [bittorrent]}",
      kFilterKeys, nullptr, into.application_filters);
}

Done read_limits(const SettingNode& node, Policy& into) {
  const auto limits = node.pairs("icmp-unreachable-rate: 200");
  if (!limits) return tl::unexpected(limits.error());
  for (const SettingNode& limit : *limits) {
    const auto row = std::ranges::find(kPolicyLimits, limit.key(), &PolicyLimitInfo::log_name);
    if (row == kPolicyLimits.end()) {
      std::vector<std::string_view> names;
      for (const PolicyLimitInfo& known : kPolicyLimits) names.push_back(known.log_name);
      return limit.unknown("limit", names);
    }
    const auto value = limit.number(row->min, row->max);
    if (!value) return tl::unexpected(value.error());
    into.limits.push_back({limit.key(), static_cast<std::uint32_t>(*value)});
  }
  return {};
}

Result<ApplicationKey> read_application_key(const SettingNode& node, ApplicationObject& into) {
  const auto row =
      std::ranges::find(kApplicationKeys, node.key(), &SettingRow<ApplicationObject>::key);
  if (row == kApplicationKeys.end()) return ApplicationKey{false};
  if (auto done = row->read(node, into); !done) return tl::unexpected(done.error());
  return ApplicationKey{true};
}

std::array<std::string_view, 5> application_keys() {
  std::array<std::string_view, 5> keys;
  static_assert(kApplicationKeys.size() == keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = kApplicationKeys[i].key;
  return keys;
}

}  // namespace endreason
