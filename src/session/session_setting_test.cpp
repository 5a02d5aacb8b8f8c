// SPDX-License-Identifier: Apache-2.0
#include "session/session_setting.hpp"

#include <set>

#include <gtest/gtest.h>

#include "session/version_profile.hpp"

namespace endreason {
namespace {

TEST(SessionSetting, EachIsReadAsItIsWritten) {
  const SessionSettings defaults;
  std::set<std::string_view> names;
  for (const SessionSettingInfo& row : session_settings()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    SessionSettings changed;
    // Another value than the default, and back.
    const std::uint64_t other = row.kind == SettingKind::Number ? row.max : 1 - row.get(defaults);
    row.set(changed, other);
    EXPECT_EQ(row.get(changed), other) << row.name;
    for (const SessionSettingInfo& untouched : session_settings())
      if (untouched.name != row.name)
        EXPECT_EQ(untouched.get(changed), untouched.get(defaults)) << row.name << untouched.name;
    SessionSettings again;
    ASSERT_TRUE(set_from_text(row, value_text(row, changed), again)) << row.name;
    EXPECT_EQ(row.get(again), other) << row.name;
  }
}

TEST(SessionSetting, AWrongValueNamesTheValuesThatThereAre) {
  SessionSettings settings;
  const auto message = [&](std::string_view name, std::string_view text) {
    const auto set = set_from_text(*find_session_setting(name), text, settings);
    return set ? std::string() : set.error().message;
  };
  EXPECT_EQ(message("accelerated-aging-threshold", "49"),
            "accelerated-aging-threshold: '49' is out of range (set 50 to 99)");
  EXPECT_EQ(message("sessions", "0"), "sessions: '0' is out of range (set 1 to 2147483648)");
  EXPECT_EQ(message("sessions", "many"), "sessions: 'many' is out of range (set 1 to 2147483648)");
  EXPECT_EQ(message("resource-limit-behavior", "pass"),
            "resource-limit-behavior: expected drop or bypass, found 'pass'");
  EXPECT_EQ(message("tcp-strict-rst", "1"), "tcp-strict-rst: expected yes or no, found '1'");
  EXPECT_EQ(find_session_setting("tcp-strict"), nullptr);
}

struct ReleaseCase {
  std::string_view name;
  bool half_closed_data_refreshes, no_refresh_discard;
};

TEST(VersionProfile, FactsHoldFromTheReleaseThatBroughtThem) {
  constexpr auto kCases = std::to_array<ReleaseCase>({
      {"panos-9.1", false, false},
      {"panos-10.1", false, false},
      {"panos-10.2.13", false, false},
      {"panos-10.2.14", true, false},
      {"panos-10.2.17", true, true},
      {"panos-10.2", true, true},
      {"panos-11.0", false, false},
      {"panos-11.1.6", false, false},
      {"panos-11.1.6-h21", false, true},
      {"panos-11.1.7", false, false},
      {"panos-11.1.8", true, false},
      {"panos-11.1.10-h6", true, false},
      {"panos-11.1.10-h7", true, true},
      {"panos-11.1", true, true},
      {"panos-11.2.7", true, false},
      {"panos-11.2.8", true, true},
      {"panos-12.1", true, true},
  });
  for (const ReleaseCase& c : kCases) {
    const auto profile = VersionProfile::named(c.name);
    ASSERT_TRUE(profile) << c.name;
    EXPECT_EQ(profile->name(), c.name);
    EXPECT_EQ(profile->has(VersionFact::HalfClosedDataRefreshes), c.half_closed_data_refreshes)
        << c.name;
    EXPECT_EQ(profile->has(VersionFact::NoRefreshDiscardSession), c.no_refresh_discard) << c.name;
  }
}

TEST(VersionProfile, TellsTheConfigVersionOfItsRows) {
  EXPECT_EQ(VersionProfile::named("panos-10.1")->config_version(), 2561);
  EXPECT_EQ(VersionProfile::named("panos-11.1.8")->config_version(), 2817);
  EXPECT_EQ(VersionProfile::standard().name(), "panos-11.1");
}

TEST(VersionProfile, UnknownReleasesAreRefused) {
  for (const std::string_view name :
       {"", "panos", "11.1", "panos-11", "panos-11.9", "panos-6.1", "panos-11.1.", "panos-11.1.x",
        "panos-11.1.8-h", "panos-11.1.300", "panos-11.1.8.1"})
    EXPECT_FALSE(VersionProfile::named(name)) << name;
  EXPECT_NE(VersionProfile::named("panos-11.9").error().message.find("panos-11.1, "),
            std::string::npos);
}

TEST(VersionProfile, ASettingThatTheReleaseDoesNotHaveIsRefused) {
  SessionSettings settings;
  settings.refresh_discard = false;
  EXPECT_TRUE(VersionProfile::standard().apply(settings));
  const auto refused = VersionProfile::named("panos-10.1")->apply(settings);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "no-refresh-discard-session: panos-10.1 does not have it (it came with 10.2.17, "
            "11.1.6-h21, 11.1.10-h7, 11.2.8); choose a later profile or leave it out");
}

}  // namespace
}  // namespace endreason
