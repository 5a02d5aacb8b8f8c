// SPDX-License-Identifier: Apache-2.0
#include "config/policy_sections.hpp"

#include <array>

#include <gtest/gtest.h>

#include "config/policy_yaml.hpp"
#include "config/settings.hpp"

namespace endreason {
namespace {

struct WrongCase {
  std::string_view behaviour, yaml, expected;
};
constexpr auto kWrong = std::to_array<WrongCase>({
    {"an unknown section", "ruls: []\n",
     "p.yaml:1: unknown setting 'ruls' (did you mean 'rules'?); the settings are tz"},
    {"an unknown key of a rule", "rules:\n  - name: a\n    destinaton: any\n    action: allow\n",
     "p.yaml:3: unknown setting 'rules[0].destinaton' (did you mean 'destination'?)"},
    {"an unknown action", "rules:\n  - {name: a, action: permit}\n",
     "p.yaml:2: rules[0].action: expected "},
    {"a rule without a name", "rules:\n  - {action: allow}\n",
     "p.yaml:2: rules[0]: the rule has no name; give it one"},
    {"a rule without an action", "rules:\n  - {name: a}\n",
     "p.yaml:2: rules[0]: rule 'a' has no action; say what it does"},
    {"an empty list", "rules:\n  - {name: a, action: allow, source: []}\n",
     "p.yaml:2: rules[0].source: expected at least one; leave the setting out for none"},
    {"an address without a value", "addresses:\n  a: {tags: [x]}\n",
     "p.yaml:2: addresses.a: it has no address; give one of ip-netmask, ip-range, ip-wildcard, "
     "fqdn"},
    {"a service without a protocol", "services:\n  web: 80\n",
     "p.yaml:2: services.web: expected a protocol and ports such as tcp/80,443, or a map, found "
     "'80'"},
    {"a default rule of another name", "default-rules:\n  interzone: {action: deny}\n",
     "p.yaml:2: unknown default rule 'default-rules.interzone' (did you mean "
     "'interzone-default'?)"},
    {"a check that there is not", "decryption:\n  profiles:\n    p: {decrypted: [block-expired]}\n",
     "p.yaml:3: decryption.profiles.p.decrypted: expected some of block-expired-certificate, "},
    {"a limit out of its range", "limits:\n  icmp-unreachable-rate: 0\n",
     "p.yaml:2: limits.icmp-unreachable-rate: expected "},
});

TEST(PolicySections, MistakesNameLineSettingAndRemedy) {
  for (const WrongCase& c : kWrong) {
    const auto settings = parse_settings(std::string(c.yaml), "p.yaml");
    ASSERT_FALSE(settings) << c.behaviour;
    EXPECT_EQ(settings.error().message.substr(0, c.expected.size()), c.expected)
        << c.behaviour << ": " << settings.error().message;
  }
}

TEST(PolicySections, ShortFormsAreTheLongOnes) {
  const auto settings = parse_settings(
      "addresses: {a: 10.0.0.1}\naddress-groups: {g: [a, 10.0.0.2]}\nservices: {s: tcp/80}\n"
      "external-lists: {l: [192.0.2.1]}\nservice-groups: {web: [s]}\n",
      "p.yaml");
  ASSERT_TRUE(settings) << settings.error().message;
  const Policy& policy = settings->policy;
  EXPECT_EQ(policy.addresses[0].kind, AddressKind::IpNetmask);
  EXPECT_EQ(policy.address_groups[0].members, (Names{"a", "10.0.0.2"}));
  EXPECT_EQ(policy.services[0].protocol, "tcp");
  EXPECT_EQ(policy.external_lists[0].type, "ip");
  EXPECT_EQ(policy.service_groups[0].members, Names{"s"});
}

TEST(PolicySections, AnApplicationOfOnesOwnMayHaveTimers) {
  const auto settings = parse_settings(
      "applications:\n  erp: {ports: [tcp/3200], deny-action: drop, timeout-tcp: 600}\n"
      "  dns-base: {timeout-udp: 5}\n",
      "p.yaml");
  ASSERT_TRUE(settings) << settings.error().message;
  ASSERT_EQ(settings->policy.applications.size(), 1u);
  EXPECT_EQ(settings->policy.applications[0].tcp_timeout_s, 600u);
  ASSERT_EQ(settings->application_timeouts.size(), 1u) << "the engine never finds erp";
  EXPECT_EQ(settings->application_timeouts[0].app, "dns-base");
}

TEST(PolicyYaml, QuotesWhatYamlWouldTakeForSomethingElse) {
  EXPECT_EQ(yaml_text("trust"), "trust");
  EXPECT_EQ(yaml_text("10.0.0.0/8"), "10.0.0.0/8");
  EXPECT_EQ(yaml_text("2001:db8::1"), "\"2001:db8::1\"");
  EXPECT_EQ(yaml_text("No"), "\"No\"");
  EXPECT_EQ(yaml_text("a, b"), "\"a, b\"");
  EXPECT_EQ(yaml_text("say \"x\"\\"), "\"say \\\"x\\\"\\\\\"");
  EXPECT_EQ(yaml_text(""), "\"\"");
}

}  // namespace
}  // namespace endreason
