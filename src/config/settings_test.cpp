// SPDX-License-Identifier: Apache-2.0
#include "config/settings.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(Settings, EverySettingIsRead) {
  const auto settings = parse_settings(
      "tz: Europe/Berlin\n"
      "time-zones:\n  \"007200001056\": America/New_York\n"
      "ruleset: vendor\n"
      "timers:\n  timeout-tcp: 7200\n"
      "aliases:\n  my_source: src\n",
      "endreason.yaml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->zone->name(), "Europe/Berlin");
  ASSERT_EQ(settings->zones_by_serial.size(), 1u);
  EXPECT_EQ(settings->zones_by_serial[0].first, "007200001056");
  EXPECT_EQ(settings->ruleset, Ruleset::Vendor);
  EXPECT_EQ(settings->timers[SessionTimer::Tcp], 7200u);
  ASSERT_EQ(settings->aliases.size(), 1u);
  EXPECT_EQ(settings->aliases[0].second, Field::Src);
  EXPECT_TRUE(parse_settings("", "empty.yaml"));
}

TEST(Settings, SessionsAreSetByTheirSections) {
  const auto settings = parse_settings(R"(
profile: panos-10.2.17
zones:
  trust: {subnets: [10.0.0.0/8, 192.168.0.0/16]}
  dmz: {vlans: 20, interfaces: [eth1]}
timers: {timeout-udp: 60}
sessions:
  sessions: 5000
  resource-limit-behavior: bypass
  tcp-reject-non-syn: no
  oo-queue-per-session: 32
packets: {decap: yes, checksums: check}
applications:
  dns-base: {timeout-udp: 5}
  plant-control: {timeout-tcp: 86400, timeout-tcp-half-closed: 10}
user-applications:
  - {name: plant-control, protocol: tcp, port: 9000, pattern: HELLO, offset: 4}
  - {name: meter, host: "*.meters.example", pattern-hex: "16 03 fF", from: server}
)",
                                       "e.yaml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->profile->name(), "panos-10.2.17");
  EXPECT_EQ(settings->zones.size(), 3u);
  EXPECT_EQ(settings->zones.of_vlan(20), settings->zones.find("dmz"));
  EXPECT_EQ(settings->session.timeouts.configured(SessionTimer::Udp), 60u);
  EXPECT_EQ(settings->timers[SessionTimer::Udp], 60u);
  EXPECT_EQ(settings->session.capacity, 5000u);
  EXPECT_EQ(settings->session.full_pool, FullPool::Bypass);
  EXPECT_FALSE(settings->session.tcp.reject_non_syn);
  EXPECT_EQ(settings->session.tcp.segments_per_session, 32);
  EXPECT_TRUE(settings->decap);
  EXPECT_TRUE(settings->check_checksums);
  ASSERT_EQ(settings->application_timeouts.size(), 2u);
  EXPECT_EQ(settings->application_timeouts[1].timers[0].second, 86'400u);
  ASSERT_EQ(settings->user_applications.size(), 2u);
  EXPECT_EQ(settings->user_applications[0].offset, 4u);
  EXPECT_EQ(settings->user_applications[1].pattern, "\x16\x03\xff");
  EXPECT_FALSE(settings->user_applications[1].pattern_from_client);
}

struct MistakeCase {
  std::string_view behaviour, text, message;
};

TEST(Settings, AMistakeNamesFileLineSettingAndRemedy) {
  const MistakeCase cases[] = {
      {"an unknown setting names the nearest", "tz: UTC\nrulset: vendor\n",
       "e.yaml:2: unknown setting 'rulset' (did you mean 'ruleset'?)"},
      {"a zone that does not exist", "tz: Mars/Olympus\n", "e.yaml:1: tz: unknown time zone"},
      {"a timer out of range names the range", "timers:\n  timeout-tcphandshake: 61\n",
       "e.yaml:2: timers.timeout-tcphandshake: expected 1 to 60 seconds, found '61'"},
      {"an unknown timer", "timers:\n  timeout-tpc: 61\n", "(did you mean 'timeout-tcp'?)"},
      {"a timer that an application cannot have", "applications:\n  ssl: {timeout-icmp: 6}\n",
       "e.yaml:2: unknown setting 'applications.ssl.timeout-icmp' (did you mean 'timeout-tcp'?); "
       "the settings are timeout-default, "},
      {"an application that is not known", "applications:\n  dns-bass: {timeout-udp: 6}\n",
       "e.yaml:2: unknown application 'applications.dns-bass' (did you mean 'dns-base'?)"},
      {"a session setting out of its range", "sessions:\n  accelerated-aging-threshold: 49\n",
       "e.yaml:2: sessions.accelerated-aging-threshold: '49' is out of range (set 50 to 99)"},
      {"an unknown session setting", "sessions:\n  tcp-strict-rest: yes\n",
       "e.yaml:2: unknown setting 'sessions.tcp-strict-rest' (did you mean 'tcp-strict-rst'?)"},
      {"a zone's subnet that is none", "zones:\n  trust:\n    subnets:\n      - 10.0.0.0/33\n",
       "e.yaml:3: zones.trust.subnets: expected a block of addresses such as 10.0.0.0/8"},
      {"a VLAN out of range", "zones:\n  dmz: {vlans: [20, 4095]}\n",
       "e.yaml:2: zones.dmz.vlans[1]: expected 1 to 4094, found '4095'"},
      {"a VLAN of two zones", "zones:\n  a: {vlans: 20}\n  b: {vlans: 20}\n",
       "VLAN 20 belongs to zone a already"},
      {"a release that there is not", "profile: panos-11.9\n",
       "e.yaml:1: profile: unknown release 'panos-11.9'"},
      {"a user application without a condition", "user-applications:\n  - name: mine\n",
       "it has no condition; give a port, a host or a pattern"},
      {"a user application's port", "user-applications:\n  - {name: mine, port: 70000}\n",
       "e.yaml:2: user-applications[0].port: expected 1 to 65535, found '70000'"},
      {"an alias of no column", "aliases:\n  x: sorce_port\n", "no column is named 'sorce_port'"},
      {"a rule set that does not exist", "ruleset: mine\n",
       "e.yaml:1: ruleset: expected standard or vendor, found 'mine'"},
      {"text that is no YAML", "tz: [\n", "e.yaml:2: not YAML"},
      {"a list instead of settings", "- tz\n", "expected settings as `key: value`"},
  };
  for (const auto& c : cases) {
    const auto settings = parse_settings(std::string(c.text), "e.yaml");
    ASSERT_FALSE(settings) << c.behaviour;
    EXPECT_EQ(settings.error().code, Error::Code::Usage) << c.behaviour;
    EXPECT_NE(settings.error().message.find(c.message), std::string::npos)
        << c.behaviour << ": " << settings.error().message;
  }
}

}  // namespace
}  // namespace endreason
