// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "config/panos_sections.hpp"
#include "model/ip_address.hpp"
#include "policy/address_set.hpp"
#include "policy/policy_settings.hpp"
#include "session/session_setting.hpp"

namespace endreason {
namespace {

constexpr std::string_view kZoneKinds[] = {"layer3", "layer2", "virtual-wire",
                                           "tap",    "tunnel", "external"};
// Kinds of interfaces, and whether their units stand without an interface of their own.
constexpr std::string_view kInterfaceKinds[] = {"ethernet", "aggregate-ethernet", "loopback",
                                                "vlan", "tunnel"};
constexpr std::string_view kPortModes[] = {"layer3", "layer2", "virtual-wire",
                                           "tap",    "ha",     "aggregate-group"};

// An interface's address may be the name of an address object.
std::string resolved_address(const std::string& text, const Policy& policy) {
  const auto object = std::ranges::find(policy.addresses, text, &AddressObject::name);
  return object == policy.addresses.end() ? text : object->value;
}

void add_addresses(const XmlNode& from, Interface& interface, ImportedConfig& into) {
  const auto add = [&](const XmlNode* list) {
    if (list == nullptr) return;
    for (const XmlNode* entry : list->all("entry")) {
      const std::string address = resolved_address(entry->name, into.policy);
      if (AddressSet::parse(address)) {
        interface.addresses.push_back(address);
        continue;
      }
      into.problems.warning(entry->line,
                            fmt::format("interface '{}': its address '{}' is no address and names "
                                        "none; it is left out",
                                        interface.name, entry->name));
    }
  };
  add(from.find("ip"));
  add(from.at("ipv6/address"));
  if (const std::string_view profile = from.text_at("interface-management-profile");
      !profile.empty())
    interface.management = profile;
}

void read_interface(const XmlNode& entry, const XmlNode& settings, ImportedConfig& into) {
  auto& known = into.policy.interfaces;
  if (std::ranges::find(known, entry.name, &Interface::name) != known.end()) return;
  Interface interface;
  interface.name = entry.name;
  interface.line = entry.line;
  add_addresses(settings, interface, into);
  into.policy.interfaces.push_back(std::move(interface));
}

void read_units(const XmlNode& settings, ImportedConfig& into) {
  const XmlNode* units = settings.find("units");
  if (units == nullptr) return;
  for (const XmlNode* unit : units->all("entry")) read_interface(*unit, *unit, into);
}

void read_interfaces(const XmlNode& network, ImportedConfig& into) {
  const XmlNode* interfaces = network.find("interface");
  if (interfaces == nullptr) return;
  for (const std::string_view kind : kInterfaceKinds) {
    const XmlNode* list = interfaces->find(kind);
    if (list == nullptr) continue;
    read_units(*list, into);  // loopback.1, tunnel.1, vlan.1
    for (const XmlNode* entry : list->all("entry")) {
      const XmlNode* mode = nullptr;
      for (const std::string_view name : kPortModes)
        if (mode == nullptr) mode = entry->find(name);
      read_interface(*entry, mode == nullptr ? *entry : *mode, into);
      if (mode != nullptr) read_units(*mode, into);
    }
  }
}

void read_management_profiles(const XmlNode& network, TakenNames& taken, ImportedConfig& into) {
  const XmlNode* profiles = network.at("profiles/interface-management-profile");
  if (profiles == nullptr) return;
  for (const XmlNode* entry : profiles->all("entry")) {
    if (!taken.take("interface-management-profile", entry->name)) continue;
    ManagementProfile profile;
    profile.name = entry->name;
    profile.line = entry->line;
    for (const HostServiceInfo& row : kHostServices)
      if (panos_yes(entry->text_at(row.log_name)) &&
          std::ranges::find(profile.services, row.log_name) == profile.services.end())
        profile.services.emplace_back(row.log_name);
    if (const XmlNode* permitted = entry->find("permitted-ip"))
      for (const XmlNode* address : permitted->all("entry"))
        profile.permitted.push_back(address->name);
    into.policy.management_profiles.push_back(std::move(profile));
  }
}

Zone* zone_of(Policy& policy, std::string_view interface) {
  for (Zone& zone : policy.zones)
    if (std::ranges::find(zone.interfaces, interface) != zone.interfaces.end()) return &zone;
  return nullptr;
}

// The interface whose own network has the next hop.
std::string interface_towards(const Policy& policy, std::string_view next_hop) {
  const auto address = parse_ip(next_hop);
  if (!address) return {};
  for (const Interface& interface : policy.interfaces)
    for (const std::string& own : interface.addresses)
      if (const auto network = AddressSet::parse(own); network && network->contains(*address))
        return interface.name;
  return {};
}

// A network lies behind one zone: where routing tables of several say otherwise, the first has it.
void add_subnet(Zone& zone, const std::string& text, LineNumber line, ImportedConfig& into) {
  const auto network = AddressSet::parse(text);
  if (!network) return;
  const auto same = [&](const std::string& other) {
    const auto set = AddressSet::parse(other);
    return set && set->covers(*network) && network->covers(*set);
  };
  for (const Zone& other : into.policy.zones) {
    if (std::ranges::none_of(other.subnets, same)) continue;
    if (&other != &zone)
      into.problems.note(line, fmt::format("zone '{}': {} lies behind zone '{}' too, which has it "
                                           "here; captures without interfaces are read by it",
                                           zone.name, text, other.name));
    return;
  }
  zone.subnets.push_back(text);
}

// What a zone has behind it: the networks of its interfaces, and what is routed out of them.
void read_routes(const XmlNode& network, ImportedConfig& into) {
  Policy& policy = into.policy;
  for (const Interface& interface : policy.interfaces)
    if (Zone* zone = zone_of(policy, interface.name))
      for (const std::string& address : interface.addresses)
        add_subnet(*zone, address, interface.line, into);
  for (const std::string_view router : {"virtual-router", "logical-router"}) {
    const XmlNode* routers = network.find(router);
    if (routers == nullptr) continue;
    for (const XmlNode* entry : routers->all("entry"))
      for (const std::string_view path :
           {"routing-table/ip/static-route", "routing-table/ipv6/static-route"}) {
        const XmlNode* routes = entry->at(path);
        if (routes == nullptr) continue;
        for (const XmlNode* route : routes->all("entry")) {
          std::string out(route->text_at("interface"));
          const std::string_view hop = route->text_at("nexthop/ip-address");
          if (out.empty()) out = interface_towards(policy, hop);
          const std::string destination(route->text_at("destination"));
          if (Zone* zone = zone_of(policy, out)) add_subnet(*zone, destination, route->line, into);
        }
      }
  }
}

std::uint64_t prefix_of_mask(std::string_view mask) {
  const auto address = parse_ip(mask);
  if (!address || !address->is_v4()) return 32;
  std::uint64_t bits = 0;
  for (std::size_t i = 12; i < 16; ++i)
    for (unsigned b = 8; b-- > 0;) bits += address->bytes[i] >> b & 1u;
  return bits;
}

struct DeviceService {
  std::string_view disable;  // below deviceconfig/system/service
  std::string_view service;
  bool on;  // where the configuration does not say. Source: "Device > Setup > Interfaces", 11.2
};
constexpr DeviceService kDeviceServices[] = {
    {"disable-icmp", "ping", true},      {"disable-ssh", "ssh", true},
    {"disable-https", "https", true},    {"disable-http", "http", false},
    {"disable-telnet", "telnet", false}, {"disable-snmp", "snmp", false},
};

void read_management_interface(const XmlNode& system, TakenNames& taken, ImportedConfig& into) {
  const std::string address(system.text_at("ip-address"));
  if (address.empty() || !taken.take("interface-management-profile", "management")) return;
  ManagementProfile profile;
  profile.name = "management";
  profile.line = system.line;
  const XmlNode* service = system.find("service");
  for (const DeviceService& row : kDeviceServices) {
    const std::string_view off = service == nullptr ? "" : service->text_at(row.disable);
    if (off.empty() ? row.on : !panos_yes(off)) profile.services.emplace_back(row.service);
  }
  if (const XmlNode* permitted = system.find("permitted-ip"))
    for (const XmlNode* entry : permitted->all("entry")) profile.permitted.push_back(entry->name);
  Interface interface;
  interface.name = "management";
  interface.line = system.line;
  interface.management = profile.name;
  interface.addresses.push_back(
      fmt::format("{}/{}", address, prefix_of_mask(system.text_at("netmask"))));
  into.policy.interfaces.push_back(std::move(interface));
  into.policy.management_profiles.push_back(std::move(profile));
}

void read_timer(const XmlNode& node, const SessionTimerInfo& row, ImportedConfig& into) {
  std::uint64_t seconds = 0;
  if (!parse_decimal(node.text, seconds) || seconds < row.min_s || seconds > row.max_s) {
    into.problems.error(node.line, fmt::format("{}: expected {} to {} seconds, found '{}'",
                                               row.log_name, row.min_s, row.max_s, node.text));
    return;
  }
  into.policy.timers.push_back({row.value, static_cast<std::uint32_t>(seconds)});
}

void read_limit(const XmlNode& node, ImportedConfig& into) {
  const auto row = std::ranges::find(kPolicyLimits, node.tag, &PolicyLimitInfo::log_name);
  std::uint64_t value = 0;
  if (row == kPolicyLimits.end() || !parse_decimal(node.text, value) || value < row->min ||
      value > row->max)
    into.problems.error(node.line, fmt::format("{}: '{}' is out of range", node.tag, node.text));
  else
    into.policy.limits.push_back({node.tag, static_cast<std::uint32_t>(value)});
}

// The configuration's word for a setting that has another name here.
std::string_view own_name(std::string_view tag) {
  return tag == "accelerated-aging-enable" ? "accelerated-aging" : tag;
}

// Timers and session settings, whose keys are the vendor's own.
void read_settings(const XmlNode& section, ImportedConfig& into) {
  for (const XmlNode& node : section.children) {
    const auto timer = std::ranges::find(kSessionTimers, node.tag, &SessionTimerInfo::log_name);
    if (timer != kSessionTimers.end()) {
      node.understood();
      read_timer(node, *timer, into);
      continue;
    }
    if (node.tag == "icmp-unreachable-rate") {
      node.understood();
      read_limit(node, into);
      continue;
    }
    const SessionSettingInfo* row = find_session_setting(own_name(node.tag));
    SessionSettings trial;
    if (row == nullptr || !node.children.empty()) continue;
    node.understood();
    if (const auto set = set_from_text(*row, node.text, trial); !set)
      into.problems.error(node.line, set.error().message);
    else
      into.session_settings.emplace_back(row->name, node.text);
  }
}

}  // namespace

void read_panos_zones(const XmlNode& vsys, TakenNames& taken, ImportedConfig& into) {
  const XmlNode* zones = vsys.find("zone");
  if (zones == nullptr) return;
  for (const XmlNode* entry : zones->all("entry")) {
    if (!taken.take("zone", entry->name)) continue;
    Zone zone;
    zone.name = entry->name;
    zone.line = entry->line;
    if (const XmlNode* network = entry->find("network"))
      for (const std::string_view kind : kZoneKinds)
        for (std::string& member : network->members(kind)) {
          if (const Zone* other = zone_of(into.policy, member)) {
            into.problems.warning(entry->line, fmt::format("zone '{}': {} is in zone '{}' already, "
                                                           "and left out here",
                                                           zone.name, member, other->name));
            continue;
          }
          zone.interfaces.push_back(std::move(member));
        }
    into.policy.zones.push_back(std::move(zone));
  }
}

void read_panos_network(const XmlNode& device, TakenNames& taken, ImportedConfig& into) {
  const XmlNode* network = device.find("network");
  if (network == nullptr) return;
  read_interfaces(*network, into);
  read_management_profiles(*network, taken, into);
  read_routes(*network, into);
}

void read_panos_device(const XmlNode& device, TakenNames& taken, ImportedConfig& into) {
  const XmlNode* config = device.find("deviceconfig");
  if (config == nullptr) return;
  if (const XmlNode* system = config->find("system"))
    read_management_interface(*system, taken, into);
  for (const std::string_view section : {"session", "tcp", "config"})
    if (const XmlNode* settings = config->at("setting"); settings != nullptr)
      if (const XmlNode* found = settings->find(section)) read_settings(*found, into);
}

}  // namespace endreason
