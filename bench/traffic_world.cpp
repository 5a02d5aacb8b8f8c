// SPDX-License-Identifier: Apache-2.0
#include "traffic_world.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace endreason::bench {
namespace {

constexpr std::size_t kAllowRules = 320, kBlockRules = 64;
constexpr std::size_t kClients = 6'000, kServers = 30'000, kHosts6 = 1'500, kNatAddresses = 16;

constexpr auto kTeams = std::to_array<std::string_view>(
    {"Finance", "Engineering", "HR", "Sales", "Legal", "Operations", "Research", "Marketing",
     "Warehouse", "Support", "Contractors", "Facilities"});
constexpr auto kPurposes = std::to_array<std::string_view>(
    {"Internet Access", "SaaS", "to Datacenter", "Backup", "Printing", "VoIP", "Monitoring",
     "Database", "Remote Access", "Software Updates", "File Shares", "Mail"});
constexpr auto kZones = std::to_array<std::string_view>(
    {"trust", "users-wifi", "dmz", "datacenter", "guest", "voice", "ot-plant", "mgmt"});
constexpr auto kInterfaces =
    std::to_array<std::string_view>({"ethernet1/1", "ethernet1/2", "ethernet1/3.100", "ae1.201",
                                     "ae1.202", "ae2", "tunnel.11", "ethernet1/8"});
constexpr auto kGivenNames = std::to_array<std::string_view>(
    {"anna", "ben", "carla", "david", "emma", "farid", "grace", "hugo", "ines", "jonas", "kofi",
     "lena", "mateo", "nora", "oskar", "priya"});
constexpr auto kFamilyNames = std::to_array<std::string_view>(
    {"novak", "smith", "garcia", "mueller", "rossi", "kim", "okafor", "larsen", "dubois", "silva",
     "tanaka", "haddad", "kowalski", "jensen", "patel", "nguyen"});
// ISO short names; the United States more often, as in most logs.
constexpr auto kCountries = std::to_array<std::string_view>({"United States",  "United States",
                                                             "United States",  "Ireland",
                                                             "Germany",        "Netherlands",
                                                             "United Kingdom", "France",
                                                             "Sweden",         "Japan",
                                                             "Singapore",      "Australia",
                                                             "Brazil",         "India",
                                                             "Canada",         "Korea Republic Of",
                                                             "China",          "Russian Federation",
                                                             "Poland",         "South Africa"});
constexpr std::string_view kPrivateRange = "10.0.0.0-10.255.255.255";

struct DeviceKind {
  std::string_view category, profile, model, vendor, os, version;
};
constexpr auto kDevices = std::to_array<DeviceKind>({
    {"Personal Computer", "Windows Workstation", "Latitude 7440", "Dell", "Windows", "11"},
    {"Personal Computer", "Apple Laptop", "MacBook Pro", "Apple", "macOS", "14.5"},
    {"Smartphone", "Android Phone", "Pixel 8", "Google", "Android", "14"},
    {"IP Phone", "Desk Phone", "8845", "Cisco", "", ""},
    {"Printer", "Multifunction Printer", "LaserJet M507", "HP", "", ""},
    {"Virtual Machine", "VMware", "", "VMware", "Linux", "5.15"},
});

std::string hex_digits(RandomStream& random, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "0123456789abcdef"[random.below(16)];
  return text;
}

std::string make_uuid(RandomStream& random) {
  return fmt::format("{}-{}-4{}-a{}-{}", hex_digits(random, 8), hex_digits(random, 4),
                     hex_digits(random, 3), hex_digits(random, 3), hex_digits(random, 12));
}

std::string device_columns(RandomStream& random, std::string_view host_name) {
  const DeviceKind& kind = kDevices[random.below(kDevices.size())];
  const std::string mac = hex_digits(random, 10);
  return fmt::format("{},{},{},{},{},{},{},02:{}:{}:{}:{}:{}", kind.category, kind.profile,
                     kind.model, kind.vendor, kind.os, kind.version, host_name, mac.substr(0, 2),
                     mac.substr(2, 2), mac.substr(4, 2), mac.substr(6, 2), mac.substr(8, 2));
}

constexpr std::string_view kNoDevice = ",,,,,,,";

Rule make_rule(RandomStream& random, std::size_t index, std::string name, bool has_comma) {
  Rule rule;
  rule.has_comma = has_comma;
  rule.name = std::move(name);
  rule.csv_name = has_comma ? '"' + rule.name + '"' : rule.name;
  rule.uuid = make_uuid(random);
  rule.vsys = index % 5 == 0 ? "vsys2" : "vsys1";
  rule.towards_internet = random.percent(65);
  const std::uint32_t from = random.below(kZones.size());
  rule.from = kZones[from];
  rule.to =
      rule.towards_internet ? "untrust" : kZones[(from + 1 + random.below(6)) % kZones.size()];
  rule.inbound = kInterfaces[from];
  rule.outbound = rule.towards_internet ? "ethernet1/1" : kInterfaces[random.below(8)];
  rule.place = fmt::format("{},{},{},{},{},{}", rule.vsys, rule.from, rule.to, rule.inbound,
                           rule.outbound, kLogProfile);
  rule.place_dropped =
      fmt::format("{},{},{},{},,{}", rule.vsys, rule.from, rule.to, rule.inbound, kLogProfile);
  return rule;
}

std::string traits_text(std::uint8_t traits) {
  std::string text;
  for (const TraitName& trait : kTraitNames) {
    if ((traits & trait.bit) == 0) continue;
    if (!text.empty()) text += ',';
    text += trait.name;
  }
  return text;
}

}  // namespace

World::World(std::uint64_t seed) {
  RandomStream random(seed ^ 0x776f726c64);  // apart from the stream that makes the sessions
  firewalls = {{{"013201030824", "fw-hq-01"},
                {"013201030825", "fw-hq-02"},
                {"007951000142", "fw-branch-berlin"},
                {"012501009917", "fw-dc-edge"}}};
  make_rules(random);
  make_applications();
  make_hosts(random);
}

void World::make_rules(RandomStream& random) {
  for (std::size_t i = 0; i < kAllowRules; ++i) {
    const bool comma = i >= kAllowRules - kAllowRules / 8;
    allow_rules.push_back(
        make_rule(random, i,
                  fmt::format("{}{} {}-{:03}", kTeams[i % kTeams.size()], comma ? "," : "",
                              kPurposes[i / kTeams.size() % kPurposes.size()], i),
                  comma));
  }
  for (std::size_t i = 0; i < kBlockRules; ++i) {
    const bool comma = i >= kBlockRules - kBlockRules / 8;
    block_rules.push_back(make_rule(random, i,
                                    i == 0
                                        ? "interzone-default"
                                        : fmt::format("Deny {}{} {:02}", kTeams[i % kTeams.size()],
                                                      comma ? ", unless approved" : "", i),
                                    comma));
  }
}

void World::make_applications() {
  for (const AppFamily& family : kAppFamilies) {
    auto& apps = family.udp ? udp_apps : tcp_apps;
    const std::string traits = traits_text(family.traits);
    std::string_view variants = family.variants;
    if (variants.empty()) apps.push_back({std::string(family.name), &family, traits});
    while (!variants.empty()) {
      const std::string_view variant = variants.substr(0, variants.find(' '));
      apps.push_back({fmt::format("{}-{}", family.name, variant), &family, traits});
      variants.remove_prefix(std::min(variants.size(), variant.size() + 1));
    }
  }
}

void World::make_hosts(RandomStream& random) {
  for (std::size_t i = 0; i < kClients; ++i) {
    Host host{fmt::format("10.{}.{}.{}", 20 + i / 1500, i / 6 % 250, 10 + random.below(240)),
              kPrivateRange,
              false,
              {},
              std::string(kNoDevice)};
    if (random.percent(70))
      host.user = fmt::format("corp\\{}.{}{}", kGivenNames[random.below(16)],
                              kFamilyNames[random.below(16)], i % 97);
    if (random.percent(60)) host.device = device_columns(random, fmt::format("ws-{:05}", i));
    clients.push_back(std::move(host));
  }
  for (std::size_t i = 0; i < kServers; ++i) {
    if (i % 40 == 7) {  // one of our own
      servers.push_back({fmt::format("10.200.{}.{}", i / 4000, 1 + random.below(254)),
                         kPrivateRange,
                         false,
                         {},
                         device_columns(random, fmt::format("srv-{}", i))});
    } else {
      servers.push_back({fmt::format("{}.{}.{}.{}", 23 + random.below(160), random.below(256),
                                     random.below(256), 1 + random.below(254)),
                         kCountries[random.below(kCountries.size())],
                         false,
                         {},
                         std::string(kNoDevice)});
    }
  }
  for (std::size_t i = 0; i < kHosts6; ++i) {  // 2001:db8::/32 is for documentation (RFC 3849)
    clients6.push_back({fmt::format("2001:db8:20:{:x}::{}", i % 64, hex_digits(random, 3)),
                        "2001:db8::-2001:db8:ffff",
                        true,
                        {},
                        std::string(kNoDevice)});
    servers6.push_back({fmt::format("2001:db8:{:x}:{}::{}", 0x1000 + i % 300, random.below(9),
                                    hex_digits(random, 4)),
                        kCountries[random.below(kCountries.size())],
                        true,
                        {},
                        std::string(kNoDevice)});
  }
  for (std::size_t i = 0; i < kNatAddresses; ++i)
    nat_pool.push_back(fmt::format("198.51.100.{}", 10 + i));  // RFC 5737, for documentation
}

}  // namespace endreason::bench
