// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_check.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "policy/policy_for_test.hpp"

namespace endreason {
namespace {

struct CheckCase {
  std::string_view behaviour;
  std::function<void(Policy&)> change;
  std::string_view expected;  // the one line that is then told
};

SecurityRule at_line(SecurityRule rule, LineNumber line) {
  rule.line = line;
  return rule;
}

TEST(PolicyCheck, NamesObjectSettingAndRemedy) {
  const std::vector<CheckCase> cases = {
      {"a name is taken",
       [](Policy& p) {
         p.addresses.push_back({"a", AddressKind::IpNetmask, "10.0.0.1", {}, {}, 5});
         p.address_groups.push_back({"a", {"10.0.0.2"}, "", 7});
       },
       "test.yaml:7: error: address group 'a': the name is taken on line 5; rename one of them"},
      {"a group within itself",
       [](Policy& p) {
         p.address_groups.push_back({"a", {"b"}, "", 5});
         p.address_groups.push_back({"b", {"a", "10.0.0.1"}, "", 6});
         SecurityRule rule = at_line(rule_of("r"), 9);
         rule.match.source = {"a"};
         p.rules.push_back(rule);
       },
       "test.yaml:6: error: address group 'b': members: the group is a member of itself: a -> b -> "
       "a; take one of them out"},
      {"services within themselves",
       [](Policy& p) {
         p.service_groups.push_back({"s", {"s"}, 5});
         SecurityRule rule = at_line(rule_of("r"), 9);
         rule.match.service = {"s"};
         p.rules.push_back(rule);
       },
       "test.yaml:5: error: service group 's': members: the group is a member of itself: s -> s; "
       "take one of them out"},
      {"an object that no rule uses is wrong all the same",
       [](Policy& p) {
         p.services.push_back({"s", "tcp", "99999", "", 0, 5});
       },
       "test.yaml:5: error: service 's': port: expected ports from 0 to 65535 such as "
       "80,443,1024-2048, found '99999'"},
      {"a member that nobody has, of a group that no rule uses",
       [](Policy& p) {
         p.address_groups.push_back({"g", {"nobody"}, "", 6});
       },
       "test.yaml:6: error: address group 'g': members: no address, group or list is named "
       "'nobody'; define it or write an address"},
      {"an entry of a list that is no address",
       [](Policy& p) {
         p.external_lists.push_back({"l", "ip", "", {"10.0.0.300"}, 7});
       },
       "test.yaml:7: warning: external list 'l': '10.0.0.300' is no address, network or range and "
       "matches nothing; mend it"},
      {"a list whose entries the firewall alone has",
       [](Policy& p) {
         p.external_lists.push_back({"l", "ip", "https://lists.example/bad.txt", {}, 7});
       },
       "test.yaml:7: warning: external list 'l': the firewall fetches it from "
       "https://lists.example/bad.txt; here it has no entries and matches nothing; list them under "
       "`entries`"},
      {"an application that is written nearly as one that is known",
       [](Policy& p) {
         SecurityRule rule = at_line(rule_of("r"), 9);
         rule.application = {"fcebook"};
         p.rules.push_back(rule);
       },
       "test.yaml:9: note: rule 'r': application: no application is known here as 'fcebook' (did "
       "you mean 'facebook'?); it fits sessions that are logged with this name"},
      {"a list that comes with the firewall",
       [](Policy& p) {
         SecurityRule rule = at_line(rule_of("r"), 9);
         rule.match.destination = {"panw-known-ip-list"};
         p.rules.push_back(rule);
       },
       "test.yaml:9: warning: rule 'r': destination: the built-in panw-known-ip-list is the "
       "firewall's own list, which is not here, so it matches nothing; give an external list "
       "panw-known-ip-list with its networks"},
      {"an address that nobody has",
       [](Policy& p) {
         p.addresses.push_back({"dns-server", AddressKind::IpNetmask, "10.0.0.1", {}, {}, 5});
         SecurityRule rule = at_line(rule_of("r"), 9);
         rule.match.destination = {"dns-servr"};
         p.rules.push_back(rule);
       },
       "test.yaml:9: error: rule 'r': destination: no address, group or list is named 'dns-servr' "
       "(did you mean 'dns-server'?); define it or write an address"},
      {"a value that is no address",
       [](Policy& p) {
         p.addresses.push_back({"a", AddressKind::IpNetmask, "10.0.0.300", {}, {}, 5});
         SecurityRule rule = at_line(rule_of("r"), 9);
         rule.match.source = {"a"};
         p.rules.push_back(rule);
       },
       "test.yaml:5: error: address 'a': ip-netmask: expected an address, a network such as "
       "10.0.0.0/8 or a range such as 10.0.0.1-10.0.0.9, found '10.0.0.300'"},
      {"a name that only the firewall can look up",
       [](Policy& p) {
         p.addresses.push_back({"site", AddressKind::Fqdn, "www.example.com", {}, {}, 5});
         SecurityRule rule = at_line(rule_of("r"), 9);
         rule.match.source = {"site"};
         p.rules.push_back(rule);
       },
       "test.yaml:5: warning: address 'site': fqdn www.example.com: names are not looked up, so it "
       "matches no address; list what it stands for under `resolved`"},
      {"a rule that is never reached",
       [](Policy& p) {
         SecurityRule wide = at_line(rule_of("wide"), 8);
         wide.match.source = {"10.0.0.0/8"};
         SecurityRule narrow = at_line(rule_of("narrow", Action::Drop), 9);
         narrow.match.source = {"10.1.1.0/24"};
         narrow.match.from = {"trust"};
         narrow.application = {"ssh"};
         p.rules = {wide, narrow};
       },
       "test.yaml:9: warning: rule 'narrow': it is never reached: rule 'wide' (line 8) takes all "
       "that it would, with another action; move it up or narrow the other"},
      {"application-default beside services",
       [](Policy& p) {
         SecurityRule rule = at_line(rule_of("r"), 9);
         rule.match.service = {"application-default", "service-http"};
         p.rules.push_back(rule);
       },
       "test.yaml:9: error: rule 'r': service: application-default stands alone; take the other "
       "services out, or put them into a rule of their own"},
      {"an interface in two zones",
       [](Policy& p) { p.zones[0].interfaces = p.zones[1].interfaces = {"ethernet1/1"}; },
       "test.yaml:2: error: zone 'dmz': interfaces: ethernet1/1 is in the zone of line 1 too; an "
       "interface has one zone"},
      {"a host service that there is not",
       [](Policy& p) {
         p.management_profiles.push_back({"mgmt", {"htps"}, {}, 4});
       },
       "test.yaml:4: error: management profile 'mgmt': services: no host service is named 'htps' "
       "(did you mean 'https'?); they are ping, ssh, telnet, http, http-ocsp, https, snmp, "
       "response-pages, userid-service, userid-syslog-listener-ssl, userid-syslog-listener-udp"},
      {"a decryption profile that there is not",
       [](Policy& p) {
         DecryptionRule rule;
         rule.name = "d";
         rule.profile = "strict";
         rule.line = 6;
         p.decryption_rules.push_back(rule);
       },
       "test.yaml:6: error: decryption rule 'd': profile: none is named 'strict'; define it under "
       "decryption"},
  };
  for (const CheckCase& c : cases) {
    Policy policy = zones_for_test();
    c.change(policy);
    const auto problems = check_policy(policy);
    ASSERT_EQ(problems.size(), 1u)
        << c.behaviour << ": "
        << (problems.empty() ? "nothing" : to_line(problems[0], policy.source));
    EXPECT_EQ(to_line(problems[0], policy.source), c.expected) << c.behaviour;
  }
}

TEST(PolicyCheck, ARuleThatTakesSomethingOfItsOwnIsReached) {
  Policy policy = zones_for_test();
  SecurityRule first = rule_of("first");
  first.match.service = {"service-http"};
  SecurityRule second = rule_of("second");
  second.match.service = {"service-http", "service-https"};
  SecurityRule third = rule_of("third");
  third.application = {"ssh"};
  third.match.service = {"application-default"};
  policy.rules = {first, second, third};
  EXPECT_TRUE(check_policy(policy).empty());
}

TEST(PolicyCheck, DynamicGroupsFollowTheTags) {
  Policy policy = zones_for_test();
  policy.addresses.push_back({"a", AddressKind::IpNetmask, "10.0.0.1", {}, {"web"}, 5});
  policy.addresses.push_back({"b", AddressKind::IpNetmask, "10.0.0.2", {}, {"db"}, 6});
  policy.address_groups.push_back({"webs", {}, "'web' or 'app'", 7});
  SecurityRule rule = rule_of("r");
  rule.match.destination = {"webs"};
  policy.rules.push_back(rule);
  EXPECT_TRUE(check_policy(policy).empty());
  const auto compiled = CompiledPolicy::create(policy);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(
      compiled->lookup(query_of(*compiled, "trust", "dmz", "10.9.9.9", "10.0.0.1", 6, 1)).rule, 0u);
  EXPECT_NE(
      compiled->lookup(query_of(*compiled, "trust", "dmz", "10.9.9.9", "10.0.0.2", 6, 1)).rule, 0u);
}

}  // namespace
}  // namespace endreason
