// SPDX-License-Identifier: Apache-2.0
// What a lookup means, as tables: which rule, which action, whether to ask again.
#include <array>

#include <gtest/gtest.h>

#include "model/protocol.hpp"
#include "policy/lookup_explanation.hpp"
#include "policy/policy_for_test.hpp"

namespace endreason {
namespace {

// The rule base of an ordinary site.
Policy site() {
  Policy policy = zones_for_test();
  policy.addresses.push_back({"dns-server", AddressKind::IpNetmask, "172.16.0.53", {}, {}, 10});
  policy.addresses.push_back({"guests", AddressKind::IpNetmask, "10.9.0.0/16", {}, {}, 11});
  policy.services.push_back({"tcp-8443", "tcp", "8443", "", 0, 12});
  policy.services.push_back({"from-low", "tcp", "7000", "1-1023", 0, 13});

  SecurityRule off = rule_of("off", Action::Deny);
  off.disabled = true;
  policy.rules.push_back(off);

  SecurityRule telnet = rule_of("no-telnet", Action::Deny);
  telnet.match.from = {"trust"};
  telnet.application = {"telnet"};
  policy.rules.push_back(telnet);

  SecurityRule dns = rule_of("dns");
  dns.match.from = {"trust"};
  dns.match.to = {"dmz"};
  dns.match.destination = {"dns-server"};
  dns.application = {"dns"};
  dns.match.service = {"application-default"};
  policy.rules.push_back(dns);

  SecurityRule guests = rule_of("guests", Action::ResetBoth);
  guests.match.source = {"guests"};
  guests.match.to = {"dmz"};
  policy.rules.push_back(guests);

  SecurityRule social = rule_of("social");
  social.match.from = {"trust"};
  social.match.to = {"untrust"};
  social.application = {"facebook"};
  social.match.service = {"application-default"};
  policy.rules.push_back(social);

  SecurityRule admin = rule_of("admin");
  admin.match.from = {"trust"};
  admin.match.to = {"dmz"};
  admin.match.service = {"tcp-8443", "from-low"};
  policy.rules.push_back(admin);

  SecurityRule quiet = rule_of("quiet", Action::Drop);
  quiet.match.from = {"untrust"};
  quiet.match.to = {"dmz"};
  quiet.icmp_unreachable = true;
  policy.rules.push_back(quiet);
  return policy;
}

CompiledPolicy compiled(Policy policy) {
  Problems problems;
  auto out = CompiledPolicy::create(std::move(policy), &problems);
  EXPECT_TRUE(out) << out.error().message;
  return std::move(*out);
}

struct LookupCase {
  std::string_view behaviour;
  std::string_view from, to, src, dst;
  std::uint8_t protocol;
  std::uint16_t dport;
  std::string_view application;
  std::string_view rule;
  Action action;
  bool depends;
};
using enum Action;
constexpr std::uint8_t kTcp = kProtoTcp;
constexpr std::uint8_t kUdp = kProtoUdp;

constexpr auto kLookups = std::to_array<LookupCase>({
    {"a rule that waits for its application keeps the session", "trust", "dmz", "10.1.1.1",
     "172.16.0.53", kUdp, 53, "", "dns", Allow, true},
    {"and fits when it is known", "trust", "dmz", "10.1.1.1", "172.16.0.53", kUdp, 53, "dns", "dns",
     Allow, false},
    {"newer content calls it dns-base", "trust", "dmz", "10.1.1.1", "172.16.0.53", kUdp, 53,
     "dns-base", "dns", Allow, false},
    {"a port that is standard for none of its applications does not wait", "trust", "dmz",
     "10.1.1.1", "172.16.0.53", kUdp, 5300, "", "interzone-default", Deny, false},
    {"nor does the known application fit there, and its deny is a reset", "trust", "dmz",
     "10.1.1.1", "172.16.0.53", kUdp, 5300, "dns", "interzone-default", ResetBoth, false},
    {"another application on the port is denied by its own default", "trust", "dmz", "10.1.1.1",
     "172.16.0.53", kUdp, 53, "bittorrent", "interzone-default", ResetBoth, false},
    {"an unidentified one has no default of its own", "trust", "dmz", "10.1.1.1", "172.16.0.53",
     kUdp, 53, "unknown-udp", "interzone-default", Deny, false},
    {"a denial that waits keeps nothing when the rest denies too", "trust", "dmz", "10.1.1.1",
     "172.16.0.9", kTcp, 23, "", "interzone-default", Deny, false},
    {"nor does it change who allows, but the outcome is open", "trust", "dmz", "10.1.1.1",
     "172.16.0.9", kTcp, 8443, "", "admin", Allow, true},
    {"until it is known", "trust", "dmz", "10.1.1.1", "172.16.0.9", kTcp, 8443, "telnet",
     "no-telnet", ResetBoth, false},
    {"a rule for every application decides at once", "untrust", "dmz", "8.8.8.8", "172.16.0.9",
     kTcp, 80, "", "quiet", DropIcmp, false},
    {"a reset is the rule's, whatever the application", "dmz", "dmz", "10.9.1.1", "172.16.0.9",
     kTcp, 80, "web-browsing", "guests", ResetBoth, false},
    {"a source port that does not fit", "trust", "dmz", "10.1.1.1", "172.16.0.9", kTcp, 7000, "ssh",
     "interzone-default", ResetBoth, false},
    {"within a zone all is allowed by default", "dmz", "dmz", "172.16.0.1", "172.16.0.2", kTcp, 22,
     "", "intrazone-default", Allow, false},
    {"incomplete is an application that is not known", "trust", "dmz", "10.1.1.1", "172.16.0.53",
     kTcp, 53, "incomplete", "dns", Allow, true},
    {"a container takes its functions", "trust", "untrust", "10.1.1.1", "1.2.3.4", kTcp, 443,
     "facebook-chat", "social", Allow, false},
    {"and its base", "trust", "untrust", "10.1.1.1", "1.2.3.4", kTcp, 443, "facebook-base",
     "social", Allow, false},
    {"on its standard ports alone", "trust", "untrust", "10.1.1.1", "1.2.3.4", kTcp, 8443,
     "facebook-base", "interzone-default", ResetBoth, false},
    {"a final ssl is not what the rule is for", "trust", "untrust", "10.1.1.1", "1.2.3.4", kTcp,
     443, "ssl", "interzone-default", ResetBoth, false},
    {"an application that nobody names fits rules for every one", "trust", "dmz", "10.1.1.1",
     "172.16.0.9", kTcp, 8443, "no-such-thing", "admin", Allow, false},
});

TEST(PolicyLookup, DecidesAsTheFirewallDoes) {
  const CompiledPolicy policy = compiled(site());
  for (const LookupCase& c : kLookups) {
    const PolicyQuery query =
        query_of(policy, c.from, c.to, c.src, c.dst, c.protocol, c.dport, c.application);
    const PolicyDecision decision = policy.lookup(query);
    EXPECT_EQ(policy.rule(decision.rule).name, c.rule) << c.behaviour;
    EXPECT_EQ(info(decision.action).log_name, info(c.action).log_name) << c.behaviour;
    EXPECT_EQ(decision.depends_on_application, c.depends) << c.behaviour;
    EXPECT_EQ(decision, linear_lookup(policy.resolved(), query)) << c.behaviour;
  }
}

TEST(PolicyLookup, ADenyThatBecameAResetIsFromTheApplication) {
  const CompiledPolicy policy = compiled(site());
  auto query = query_of(policy, "trust", "dmz", "10.1.1.1", "172.16.0.9", kTcp, 8443, "telnet");
  EXPECT_EQ(policy.lookup(query).source, ActionSource::FromApplication);
  query.application = PolicyApp::NotYetKnown;
  query.from = policy.zone("untrust");
  EXPECT_EQ(policy.lookup(query).source, ActionSource::FromPolicy);
}

TEST(PolicyLookup, ACarrierPassesUntilWhatItCarriesIsKnown) {
  const CompiledPolicy policy = compiled(site());
  auto query = query_of(policy, "trust", "untrust", "10.1.1.1", "1.2.3.4", kTcp, 443, "ssl");
  query.application_may_change = true;
  PolicyDecision decision = policy.lookup(query);
  EXPECT_EQ(policy.rule(decision.rule).name, "social");
  EXPECT_EQ(decision.action, Action::Allow);
  EXPECT_TRUE(decision.temporary);
  EXPECT_TRUE(decision.depends_on_application);
  query.application_may_change = false;
  decision = policy.lookup(query);
  EXPECT_FALSE(decision.temporary);
  EXPECT_EQ(decision.action, Action::ResetBoth);
}

TEST(PolicyLookup, ACarrierThatARuleNamesIsThatRules) {
  Policy written = site();
  SecurityRule ssl = rule_of("no-ssl", Action::Drop);
  ssl.application = {"ssl"};
  written.rules.push_back(ssl);
  const CompiledPolicy policy = compiled(std::move(written));
  auto query = query_of(policy, "trust", "untrust", "10.1.1.1", "1.2.3.4", kTcp, 443, "ssl");
  query.application_may_change = true;
  EXPECT_EQ(policy.rule(policy.lookup(query).rule).name, "no-ssl");
}

TEST(PolicyLookup, UnknownStandardPortsAreSaid) {
  Policy written = zones_for_test();
  SecurityRule rule = rule_of("special");
  rule.application = {"some-vendor-app"};
  rule.match.service = {"application-default"};
  written.rules.push_back(rule);
  const CompiledPolicy policy = compiled(std::move(written));
  const auto query =
      query_of(policy, "trust", "dmz", "10.1.1.1", "172.16.0.9", kTcp, 4711, "some-vendor-app");
  const PolicyDecision decision = policy.lookup(query);
  EXPECT_TRUE(decision.ports_assumed);
  EXPECT_EQ(decision.action, Action::Allow);
  const auto told = explain_lookup(policy.policy(), policy.resolved(), query, "some-vendor-app");
  ASSERT_EQ(told.notes.size(), 1u);
  EXPECT_NE(told.notes[0].find("standard ports of some-vendor-app are not known"),
            std::string::npos);
}

TEST(PolicyLookup, ADefinedApplicationHasItsOwnPortsAndDenyAction) {
  Policy written = zones_for_test();
  ApplicationObject erp;
  erp.name = "erp";
  erp.ports = {"tcp/3200-3299"};
  erp.deny_action = "drop";
  written.applications.push_back(erp);
  SecurityRule rule = rule_of("erp");
  rule.match.to = {"dmz"};
  rule.application = {"erp"};
  rule.match.service = {"application-default"};
  written.rules.push_back(rule);
  const CompiledPolicy policy = compiled(std::move(written));
  EXPECT_EQ(
      policy.lookup(query_of(policy, "trust", "dmz", "10.1.1.1", "172.16.0.9", kTcp, 3200, "erp"))
          .action,
      Action::Allow);
  const PolicyDecision denied =
      policy.lookup(query_of(policy, "trust", "dmz", "10.1.1.1", "172.16.0.9", kTcp, 80, "erp"));
  EXPECT_EQ(denied.action, Action::Drop);
  EXPECT_EQ(denied.source, ActionSource::FromApplication);
}

TEST(PolicyLookup, NegatedAddressesAreAllTheOthers) {
  Policy written = zones_for_test();
  SecurityRule rule = rule_of("not-inside", Action::Drop);
  rule.match.destination = {"10.0.0.0/8", "192.168.0.0/16"};
  rule.match.negate_destination = true;
  written.rules.push_back(rule);
  const CompiledPolicy policy = compiled(std::move(written));
  const auto rule_for = [&](std::string_view dst) {
    return policy.lookup(query_of(policy, "trust", "trust", "10.1.1.1", dst, kTcp, 80)).rule;
  };
  EXPECT_EQ(rule_for("192.168.1.1"), 1u);
  EXPECT_EQ(rule_for("8.8.8.8"), 0u);
  EXPECT_EQ(rule_for("2001:db8::1"), 0u);
}

TEST(PolicyLookup, UsersAndCategoriesThatAreNotKnownDoNotFit) {
  Policy written = zones_for_test();
  SecurityRule rule = rule_of("by-user");
  rule.match.source_user = {"Corp\\Ada"};
  written.rules.push_back(rule);
  rule = rule_of("by-category", Action::Drop);
  rule.match.category = {"gambling"};
  written.rules.push_back(rule);
  const CompiledPolicy policy = compiled(std::move(written));
  auto query = query_of(policy, "trust", "dmz", "10.1.1.1", "172.16.0.9", kTcp, 80, "ssh");
  EXPECT_EQ(policy.rule(policy.lookup(query).rule).name, "interzone-default");
  query.user = policy.user("corp\\ada");
  EXPECT_EQ(policy.rule(policy.lookup(query).rule).name, "by-user");
  query.user = policy.user("corp\\bob");
  query.category = policy.category("gambling");
  EXPECT_EQ(policy.rule(policy.lookup(query).rule).name, "by-category");
}

TEST(PolicyLookup, ARuleTypeNarrowsTheZones) {
  Policy written = zones_for_test();
  SecurityRule rule = rule_of("inside", Action::Drop);
  rule.type = RuleType::Intrazone;
  rule.match.from = rule.match.to = {"trust", "dmz"};
  written.rules.push_back(rule);
  rule = rule_of("between", Action::Allow);
  rule.type = RuleType::Interzone;
  rule.match.from = rule.match.to = {"trust", "dmz"};
  written.rules.push_back(rule);
  const CompiledPolicy policy = compiled(std::move(written));
  const auto rule_for = [&](std::string_view from, std::string_view to) {
    return policy
        .rule(policy.lookup(query_of(policy, from, to, "10.1.1.1", "10.1.1.2", kTcp, 80)).rule)
        .name;
  };
  EXPECT_EQ(rule_for("trust", "trust"), "inside");
  EXPECT_EQ(rule_for("trust", "dmz"), "between");
  EXPECT_EQ(rule_for("untrust", "untrust"), "intrazone-default");
}

TEST(LookupExplanation, SaysOfEveryEarlierRuleWhatDidNotFit) {
  const CompiledPolicy policy = compiled(site());
  const auto query = query_of(policy, "trust", "dmz", "10.1.1.1", "172.16.0.9", kTcp, 8443, "ssh");
  const auto told = explain_lookup(policy.policy(), policy.resolved(), query, "ssh");
  EXPECT_EQ(told.decision, policy.lookup(query));
  ASSERT_EQ(told.earlier.size(), 5u);
  EXPECT_EQ(told.earlier[0].why, "it is disabled");
  EXPECT_EQ(told.earlier[1].why, "the application ssh is not in telnet");
  EXPECT_EQ(told.earlier[2].why, "the destination 172.16.0.9 is not in dns-server");
  EXPECT_EQ(told.earlier[3].why, "the source 10.1.1.1 is not in guests");
  EXPECT_EQ(told.earlier[4].why, "the zone it goes to, dmz, is not in untrust");
}

TEST(DecryptionRule, IsFoundByZonesAddressesAndService) {
  Policy written = zones_for_test();
  DecryptionRule rule;
  rule.name = "spare-the-bank";
  rule.match.destination = {"192.0.2.0/24"};
  rule.decrypt = false;
  written.decryption_rules.push_back(rule);
  rule = {};
  rule.name = "outbound";
  rule.match.from = {"trust"};
  rule.match.service = {"service-https"};
  written.decryption_rules.push_back(rule);
  const CompiledPolicy policy = compiled(std::move(written));
  EXPECT_EQ(policy.decryption_rule(
                query_of(policy, "trust", "untrust", "10.1.1.1", "192.0.2.7", kTcp, 443)),
            0u);
  EXPECT_EQ(policy.decryption_rule(
                query_of(policy, "trust", "untrust", "10.1.1.1", "8.8.8.8", kTcp, 443)),
            1u);
  EXPECT_EQ(
      policy.decryption_rule(query_of(policy, "dmz", "untrust", "10.1.1.1", "8.8.8.8", kTcp, 443)),
      std::nullopt);
}

}  // namespace
}  // namespace endreason
