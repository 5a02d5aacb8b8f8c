// SPDX-License-Identifier: Apache-2.0
// What a lookup costs by the number of rules: nanoseconds with 10, 100, 1,000 and 10,000 rules, the
// ratio of the last to the first, and the same of asking every rule in turn. Rule bases are made
// alike: zones, networks and hosts, applications on their standard ports, services, one in ten
// negated or for several zones. Half of the queries aim at a rule, half at nothing in particular.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "made_policy.hpp"
#include "policy/compiled_policy.hpp"
#include "policy/rule_fit.hpp"

namespace endreason {
namespace {

constexpr std::size_t kQueries = 4096;
using bench::kZones;

// Half of the queries aim at a rule.
class Maker : public bench::PolicyMaker {
 public:
  using PolicyMaker::PolicyMaker;

  IpAddress inside(const AddressSet& set, const std::string& otherwise) {
    if (set.ranges().empty() || set.is_all()) return parse_ip(otherwise).value_or(IpAddress{});
    IpAddress address = set.ranges()[below(static_cast<std::uint32_t>(set.ranges().size()))].first;
    return address;
  }

  PolicyQuery query(const CompiledPolicy& policy) {
    PolicyQuery q;
    const ResolvedPolicy& resolved = policy.resolved();
    const ResolvedRule& aim =
        resolved.rules[below(static_cast<std::uint32_t>(resolved.rules.size()))];
    const bool aims = below(2) == 0;
    q.from = aims && !aim.match.from.empty() ? aim.match.from[0] : ZoneId(1 + below(kZones));
    q.to = aims && !aim.match.to.empty() ? aim.match.to[0] : ZoneId(1 + below(kZones));
    q.src = aims ? inside(aim.match.source, "10.1.2.3") : parse_ip(host()).value_or(IpAddress{});
    q.dst = aims ? inside(aim.match.destination, host()) : parse_ip(host()).value_or(IpAddress{});
    q.protocol = 6;
    q.sport = 40'000;
    const bool service = aims && !aim.match.services.empty();
    q.dport = service ? aim.match.services[0].ports.ranges()[0].first
                      : static_cast<std::uint16_t>(below(2) == 0 ? 443 : below(65'536));
    if (aims && !aim.applications.empty()) {
      q.application = aim.applications[0];
      const auto& ports = resolved.apps[static_cast<std::size_t>(q.application)].ports;
      if (!ports.empty()) {
        q.protocol = ports[0].protocol;
        q.dport = ports[0].ports.ranges()[0].first;
      }
    }
    if (below(3) == 0) q.application = PolicyApp::NotYetKnown;
    return q;
  }
};

// Nanoseconds a query: the best of several rounds, so that a noisy neighbour does not count.
template <class Lookup>
double cost(const std::vector<PolicyQuery>& queries, unsigned rounds, std::uint64_t& sum,
            Lookup lookup) {
  double best = 1e18;
  for (unsigned round = 0; round < rounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (const PolicyQuery& query : queries) sum += lookup(query).rule;
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count() / static_cast<double>(queries.size()));
  }
  return best;
}

int run() {
  fmt::print("{:>8} {:>12} {:>12} {:>10}\n", "rules", "compiled ns", "linear ns", "build ms");
  double first = 0, last = 0;
  std::uint64_t sum = 0;
  for (const std::size_t rules : {10u, 100u, 1'000u, 10'000u}) {
    Maker maker(7);
    const auto begin = std::chrono::steady_clock::now();
    auto policy = CompiledPolicy::create(maker.policy(rules));
    const std::chrono::duration<double, std::milli> built =
        std::chrono::steady_clock::now() - begin;
    if (!policy) {
      fmt::print("{}\n", policy.error().message);
      return 1;
    }
    std::vector<PolicyQuery> queries;
    for (std::size_t i = 0; i < kQueries; ++i) queries.push_back(maker.query(*policy));
    const double compiled =
        cost(queries, 200, sum, [&](const PolicyQuery& q) { return policy->lookup(q); });
    const std::vector<PolicyQuery> few(queries.begin(), queries.begin() + 256);
    const double linear = cost(
        few, 3, sum, [&](const PolicyQuery& q) { return linear_lookup(policy->resolved(), q); });
    fmt::print("{:>8} {:>12.1f} {:>12.1f} {:>10.1f}\n", rules, compiled, linear, built.count());
    if (first == 0) first = compiled;
    last = compiled;
  }
  fmt::print("10,000 rules cost {:.2f} times what 10 rules cost (promised: less than 10)\n",
             last / first);
  return sum == 0 ? 1 : 0;
}

}  // namespace
}  // namespace endreason

int main() {
  return endreason::run();
}
