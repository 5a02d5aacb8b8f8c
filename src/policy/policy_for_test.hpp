// SPDX-License-Identifier: Apache-2.0
// Small policies for tests, in few words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/compiled_policy.hpp"
#include "policy/policy.hpp"

namespace endreason {

inline SecurityRule rule_of(std::string name, Action action = Action::Allow) {
  SecurityRule rule;
  rule.name = std::move(name);
  rule.action = action;
  return rule;
}

// Zones trust (10.0.0.0/8), dmz (172.16.0.0/12) and untrust (the rest).
inline Policy zones_for_test() {
  Policy policy;
  policy.source = "test.yaml";
  policy.zones.push_back({"trust", {}, {"10.0.0.0/8", "2001:db8::/32"}, {}, 1});
  policy.zones.push_back({"dmz", {}, {"172.16.0.0/12"}, {}, 2});
  policy.zones.push_back({"untrust", {}, {"0.0.0.0/0", "::/0"}, {}, 3});
  return policy;
}

inline IpAddress ip(std::string_view text) {
  return parse_ip(text).value_or(IpAddress{});
}

// A query between zones by name.
inline PolicyQuery query_of(const CompiledPolicy& policy, std::string_view from,
                            std::string_view to, std::string_view src, std::string_view dst,
                            std::uint8_t protocol, std::uint16_t dport,
                            std::string_view application = "") {
  PolicyQuery query;
  query.from = policy.zone(from);
  query.to = policy.zone(to);
  query.src = ip(src);
  query.dst = ip(dst);
  query.protocol = protocol;
  query.sport = 40'000;
  query.dport = dport;
  query.application = policy.application(application);
  return query;
}

}  // namespace endreason
