// SPDX-License-Identifier: Apache-2.0
// The compiled lookup against its meaning: random rule bases, random queries, the same decision.
#include "policy/compiled_policy.hpp"

#include <random>

#include <gtest/gtest.h>

#include "policy/policy_for_test.hpp"
#include "policy/rule_fit.hpp"

namespace endreason {
namespace {

class RandomPolicy {
 public:
  explicit RandomPolicy(unsigned seed) : random_(seed) {}

  unsigned below(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
  bool one_in(unsigned n) { return below(n) == 0; }

  template <std::size_t N>
  std::string_view pick(const std::string_view (&words)[N]) {
    return words[below(N)];
  }

  Names some(auto& words) {
    Names names;
    if (one_in(3)) return {"any"};
    for (unsigned i = below(3) + 1; i > 0; --i) names.emplace_back(pick(words));
    return names;
  }

  Names services() {
    if (one_in(3)) return {"any"};
    if (one_in(2)) return {"application-default"};
    return some_of_services();
  }

  Names some_of_services() {
    Names names;
    for (unsigned i = below(2) + 1; i > 0; --i) names.emplace_back(pick(kServices));
    return names;
  }

  SecurityRule rule(std::size_t number) {
    SecurityRule rule;
    rule.name = std::to_string(number);
    rule.match.from = some(kZones);
    rule.match.to = some(kZones);
    rule.match.source = some(kNetworks);
    rule.match.destination = some(kNetworks);
    rule.match.negate_source = one_in(8);
    rule.match.negate_destination = one_in(8);
    rule.match.service = services();
    rule.application = some(kApps);
    if (one_in(10)) rule.match.source_user = {std::string(pick(kUsers))};
    if (one_in(10)) rule.match.category = {std::string(pick(kCategories))};
    rule.type = static_cast<RuleType>(below(10) < 8 ? 0 : below(2) + 1);
    rule.action = static_cast<Action>(one_in(2) ? 0 : below(7));
    rule.disabled = one_in(10);
    rule.icmp_unreachable = one_in(4);
    return rule;
  }

  // `zones` more, without rules: with many of them the finder asks zone by zone.
  Policy policy(std::size_t rules, unsigned zones) {
    Policy out = zones_for_test();
    for (unsigned i = 0; i < zones; ++i)
      out.zones.push_back({"z" + std::to_string(i), {}, {}, {}, 0});
    out.services.push_back({"web", "tcp", "80,443,8000-8100", "", 0, 0});
    out.services.push_back({"odd", "tcp", "80", "1-1023", 0, 0});
    out.services.push_back({"udp-names", "udp", "53,5353", "", 0, 0});
    out.services.push_back({"sctp-all", "sctp", "0-65535", "", 0, 0});
    out.services.push_back({"last-port", "tcp", "65535", "", 0, 0});
    out.addresses.push_back({"wild", AddressKind::IpWildcard, "10.1.0.0/0.0.2.255", {}, {}, 0});
    for (std::size_t i = 0; i < rules; ++i) out.rules.push_back(rule(i));
    return out;
  }

  PolicyQuery query(const CompiledPolicy& policy) {
    PolicyQuery q;
    q.from = policy.zone(one_in(20) ? "nowhere" : pick(kZones));
    q.to = policy.zone(one_in(20) ? "nowhere" : pick(kZones));
    q.src = ip(pick(kAddresses));
    q.dst = ip(pick(kAddresses));
    static constexpr std::uint8_t kProtocols[] = {6, 6, 6, 17, 17, 1, 47, 132, 58, 200};
    static constexpr std::uint16_t kPorts[] = {0, 22, 53, 80, 443, 8050, 8101, 5353, 65'535, 500};
    q.protocol = kProtocols[below(10)];
    q.sport = one_in(3) ? 700 : 40'000;
    q.dport = kPorts[below(10)];
    q.application = policy.application(one_in(4) ? "" : one_in(8) ? "nobody-knows" : pick(kApps));
    q.application_may_change = one_in(3);
    q.user = policy.user(one_in(2) ? "" : pick(kUsers));
    q.category = policy.category(one_in(2) ? "" : pick(kCategories));
    return q;
  }

 private:
  static constexpr std::string_view kZones[] = {"trust", "dmz", "untrust"};
  static constexpr std::string_view kNetworks[] = {"10.0.0.0/8",
                                                   "10.1.0.0/16",
                                                   "10.1.1.0/24",
                                                   "10.1.1.1",
                                                   "0.0.0.0/0",
                                                   "::/0",
                                                   "192.168.1.5-192.168.3.7",
                                                   "2001:db8::/32",
                                                   "2001:db8::5",
                                                   "wild",
                                                   "255.255.255.255",
                                                   "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
  static constexpr std::string_view kAddresses[] = {
      "10.1.1.1",    "10.1.2.9",    "10.200.0.1", "192.168.1.5",
      "192.168.3.8", "8.8.8.8",     "0.0.0.0",    "255.255.255.255",
      "2001:db8::5", "2001:db9::1", "::",         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      "172.16.5.5"};
  static constexpr std::string_view kApps[] = {
      "dns", "ssl", "web-browsing", "facebook",    "facebook-chat", "ssh",         "ping",
      "gre", "sip", "bittorrent",   "unknown-tcp", "site-own",      "youtube-base"};
  static constexpr std::string_view kServices[] = {"web",      "odd",       "udp-names",
                                                   "sctp-all", "last-port", "service-http"};
  static constexpr std::string_view kUsers[] = {"corp\\ada", "corp\\bob", "known-user", "unknown"};
  static constexpr std::string_view kCategories[] = {"gambling", "news"};
  std::mt19937 random_;
};

TEST(CompiledPolicy, DecidesAsTheLinearLookupDoes) {
  constexpr std::size_t kSizes[] = {0, 1, 5, 62, 63, 200, 700, 4200};
  for (unsigned seed = 0; seed < 24; ++seed) {
    RandomPolicy random(seed);
    const std::size_t rules = kSizes[seed % std::size(kSizes)];
    auto policy = CompiledPolicy::create(random.policy(rules, seed % 3 == 0 ? 0 : 260));
    ASSERT_TRUE(policy) << policy.error().message;
    for (int i = 0; i < 3000; ++i) {
      const PolicyQuery query = random.query(*policy);
      ASSERT_EQ(policy->lookup(query), linear_lookup(policy->resolved(), query))
          << "seed " << seed << ", query " << i;
    }
  }
}

TEST(CompiledPolicy, AnUnresolvedNameKeepsItFromBeingMade) {
  Policy policy = zones_for_test();
  SecurityRule rule = rule_of("typo");
  rule.match.to = {"untrsut"};
  rule.match.service = {"no-such-service"};
  rule.line = 42;
  policy.rules.push_back(rule);
  const auto made = CompiledPolicy::create(policy);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message,
            "test.yaml:42: rule 'typo': to: no zone is named 'untrsut' (did you mean 'untrust'?); "
            "define it under zones (and 1 more; `endreason config check` lists them)");
}

TEST(CompiledPolicy, AnEmptyRuleBaseHasTheTwoDefaultRules) {
  const auto policy = CompiledPolicy::create(zones_for_test());
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->rule_count(), 2u);
  const auto within = query_of(*policy, "trust", "trust", "10.1.1.1", "10.1.1.2", 6, 80);
  EXPECT_EQ(policy->lookup(within).action, Action::Allow);
  EXPECT_FALSE(policy->lookup(within).log_end);
  const auto between = query_of(*policy, "trust", "dmz", "10.1.1.1", "172.16.0.2", 6, 80);
  EXPECT_EQ(policy->lookup(between).action, Action::Deny);
}

}  // namespace
}  // namespace endreason
