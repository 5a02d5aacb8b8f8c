// SPDX-License-Identifier: Apache-2.0
// PolicyMaker: rule bases for benchmarks: zones, networks and hosts, applications on their standard
// ports, services, one rule in ten for several zones, one in fifty negated. The same for the same
// seed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "policy/application_table.hpp"
#include "policy/policy.hpp"
#include "random_stream.hpp"

namespace endreason::bench {

// Together every address, so that packets of any capture have zones.
inline constexpr auto kZoneSubnets = std::to_array<std::string_view>(
    {"10.0.0.0/10", "10.64.0.0/10", "10.128.0.0/10", "10.192.0.0/10", "172.16.0.0/12",
     "192.168.0.0/16", "0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2", "::/1",
     "8000::/1"});
inline constexpr unsigned kZones = kZoneSubnets.size();

class PolicyMaker {
 public:
  explicit PolicyMaker(std::uint64_t seed) : random_(seed) {}
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_.below(n)); }

  std::string zone() { return fmt::format("zone-{}", below(kZones)); }
  std::string network() { return fmt::format("10.{}.{}.0/24", below(64), below(256)); }
  std::string host() { return fmt::format("172.{}.{}.{}", 16 + below(16), below(256), below(256)); }

  SecurityRule rule(std::size_t number) {
    SecurityRule rule;
    rule.name = fmt::format("rule-{}", number);
    rule.match.from = {zone()};
    rule.match.to = {zone()};
    if (below(10) == 0) rule.match.from.push_back(zone());
    if (below(4) != 0) rule.match.source = {network(), network()};
    if (below(8) != 0) rule.match.destination = {host(), host()};
    rule.match.negate_source = below(50) == 0;
    const auto applications = known_applications();
    if (below(10) < 6) {
      const auto& app = applications[below(static_cast<std::uint32_t>(applications.size()))];
      rule.application = {std::string(app.name)};
      rule.match.service = {"application-default"};
    } else {
      rule.match.service = {fmt::format("tcp-{}", below(200))};
    }
    rule.action = below(5) == 0 ? Action::Deny : Action::Allow;
    return rule;
  }

  Policy policy(std::size_t rules) {
    Policy policy;
    for (unsigned i = 0; i < kZones; ++i)
      policy.zones.push_back(
          {fmt::format("zone-{}", i), {}, {std::string(kZoneSubnets[i])}, {}, 0});
    for (unsigned i = 0; i < 200; ++i)
      policy.services.push_back(
          {fmt::format("tcp-{}", i), "tcp", fmt::format("{}", 1000 + i * 7), "", 0, 0});
    for (std::size_t i = 0; i < rules; ++i) policy.rules.push_back(rule(i));
    return policy;
  }

 private:
  RandomStream random_;
};

}  // namespace endreason::bench
