// SPDX-License-Identifier: Apache-2.0
#include "appid/app_name.hpp"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

namespace endreason {
namespace {

struct NameCase {
  std::string_view behaviour, library, app;
};
constexpr auto kNameCases = std::to_array<NameCase>({
    {"plain web traffic is web-browsing", "HTTP", "web-browsing"},
    {"TLS is ssl", "TLS", "ssl"},
    {"DNS is dns-base", "DNS", "dns-base"},
    {"SSH is ssh", "SSH", "ssh"},
    {"NTP is ntp-base", "NTP", "ntp-base"},
    {"both spellings of a renamed protocol are known", "DCERPC", "msrpc-base"},
    {"the older spelling as well", "DCE_RPC", "msrpc-base"},
    {"letter case does not matter", "postgresql", "postgres"},
    {"the desktop protocol is ms-rdp", "RDP", "ms-rdp"},
});

TEST(AppName, LibraryNamesBecomeTheSpellingOfTheLog) {
  for (const NameCase& c : kNameCases) {
    const AppName* row = find_app_name(c.library);
    ASSERT_NE(row, nullptr) << c.behaviour;
    EXPECT_EQ(row->app, c.app) << c.behaviour;
  }
  EXPECT_EQ(find_app_name("no such protocol"), nullptr);
}

constexpr auto kDerivedCases = std::to_array<NameCase>({
    {"letters become lower case", "MapleStory", "maplestory"},
    {"an underscore becomes a dash", "World_of_Kung", "world-of-kung"},
    {"brackets become one dash and none at the end", "Sina(Weibo)", "sina-weibo"},
    {"a dot stays", "Z39.50", "z39.50"},
    {"nothing stays nothing", "", ""},
});

TEST(AppName, WithoutARowTheLibraryNameIsWrittenInTheSameManner) {
  for (const NameCase& c : kDerivedCases)
    EXPECT_EQ(derived_app_name(c.library), c.app) << c.behaviour;
}

// By find_app_name only the first of two rows would ever be read.
TEST(AppName, EveryLibraryNameStandsOnce) {
  for (const AppName& row : app_names()) EXPECT_EQ(find_app_name(row.library), &row) << row.library;
}

// What a log's app column and a custom application's name may hold.
TEST(AppName, EverySpellingIsOneThatALogCanHold) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  for (const AppName& row : app_names()) {
    EXPECT_TRUE(std::ranges::all_of(row.app, plain)) << row.app;
    EXPECT_LE(row.app.size(), 31U) << row.app;
  }
  for (const AppByPort& row : apps_by_port())
    EXPECT_NE(find_app_name(row.library), nullptr) << row.library;
}

}  // namespace
}  // namespace endreason
