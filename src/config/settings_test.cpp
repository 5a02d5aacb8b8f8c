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
      {"an alias of no column", "aliases:\n  x: sorce_port\n", "no column is named 'sorce_port'"},
      {"a rule set that does not exist", "ruleset: mine\n",
       "expected standard or vendor, found 'mine'"},
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
