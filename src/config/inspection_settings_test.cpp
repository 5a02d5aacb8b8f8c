// SPDX-License-Identifier: Apache-2.0
#include "config/inspection_settings.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "config/settings.hpp"
#include "config/settings_yaml.hpp"

namespace endreason {
namespace {

// A folder with the files that a configuration names.
class InspectionSection : public testing::Test {
 protected:
  InspectionSection() {
    std::filesystem::create_directories(folder_ / "lists");
    for (const char* name : {"local.rules", "lists/bad.txt", "keys.log"})
      std::ofstream(folder_ / name) << "# empty\n";
  }
  ~InspectionSection() override { std::filesystem::remove_all(folder_); }

  Result<Settings> parse(std::string_view yaml) const {
    return parse_settings(std::string(yaml), file());
  }
  std::string file() const { return (folder_ / "p.yaml").string(); }
  std::string in_folder(std::string_view name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / "endreason-inspection-section";
};

TEST_F(InspectionSection, FilesAreThoseOfTheConfigurationsFolder) {
  const auto settings = parse(
      "inspection:\n  rules: local.rules\n  block-lists: {bad: lists/bad.txt}\n"
      "  key-log: keys.log\n  variables: {HOME_NET: '[10.0.0.0/8,192.0.2.0/24]'}\n"
      "  actions: [critical=block-ip:60, any=alert]\n  body-depth: 0\n  lenient: yes\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const InspectionSettings& s = settings->inspection;
  EXPECT_EQ(s.rules, std::vector<std::string>{in_folder("local.rules")});
  EXPECT_EQ(s.block_lists, std::vector<std::string>{"bad=" + in_folder("lists/bad.txt")});
  EXPECT_EQ(s.key_log, in_folder("keys.log"));
  EXPECT_EQ(s.variables, std::vector<std::string>{"HOME_NET=[10.0.0.0/8,192.0.2.0/24]"});
  EXPECT_EQ(s.actions, (std::vector<std::string>{"critical=block-ip:60", "any=alert"}));
  EXPECT_EQ(s.body_depth, 0u);
  EXPECT_TRUE(s.lenient);
}

TEST_F(InspectionSection, WhatIsShownReadsAsTheSame) {
  const auto settings = parse(
      "inspection:\n  rules: [local.rules]\n  block-lists: {bad: lists/bad.txt}\n"
      "  actions: [any=alert]\n  when-full: pass\n  memory: 64\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const std::string shown = settings_yaml(*settings, false);
  const auto again = parse(shown);
  ASSERT_TRUE(again) << again.error().message << "\n" << shown;
  EXPECT_EQ(settings_yaml(*again, false), shown);
  EXPECT_NE(settings_yaml(*settings, true).find("  stream-depth: 1048576\n"), std::string::npos);
}

struct WrongCase {
  std::string_view yaml, expected;
};
constexpr auto kWrong = std::to_array<WrongCase>({
    {"  rule: local.rules\n", ":2: unknown setting 'inspection.rule' (did you mean 'rules'?)"},
    {"  rules:\n    - local.rules\n    - missing.rules\n", ":4: inspection.rules[1]: the file '"},
    {"  rules: lists\n", ":2: inspection.rules: '"},
    {"  actions: [high=reset-bot]\n",
     ":2: inspection.actions[0]: expected one of alert, drop, reset-client, reset-server, "
     "reset-both, block-ip, found 'reset-bot' (did you mean 'reset-both'?)"},
    {"  actions: [hig=drop]\n", ":2: inspection.actions[0]: expected WHAT=ACTION"},
    {"  block-list-action: dorp\n", ":2: inspection.block-list-action: expected one of alert"},
    {"  when-full: allow\n", ":2: inspection.when-full: expected "},
    {"  memory: 0\n", ":2: inspection.memory: expected "},
    {"  body-depth: many\n", ":2: inspection.body-depth: expected "},
});

TEST_F(InspectionSection, MistakesNameLineSettingAndRemedy) {
  for (const WrongCase& c : kWrong) {
    const auto settings = parse("inspection:\n" + std::string(c.yaml));
    ASSERT_FALSE(settings) << c.yaml;
    const std::string expected = file() + std::string(c.expected);
    EXPECT_EQ(settings.error().message.substr(0, expected.size()), expected)
        << settings.error().message;
  }
}

}  // namespace
}  // namespace endreason
