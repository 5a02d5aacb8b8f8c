// SPDX-License-Identifier: Apache-2.0
#include "config/setting_node.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

SettingNode tree(const std::string& text) {
  auto root = parse_yaml(text, "e.yaml");
  EXPECT_TRUE(root) << root.error().message;
  return root ? *root : SettingNode{};
}

TEST(SettingNode, KnowsItsPathAndLine) {
  const SettingNode root = tree("rules:\n  - name: web\n    from: [trust, dmz]\n  - name: dns\n");
  const SettingNode& second = root.find("rules")->children()[1];
  EXPECT_EQ(second.path(), "rules[1]");
  EXPECT_EQ(second.find("name")->path(), "rules[1].name");
  EXPECT_EQ(second.find("name")->line(), 4u);
  EXPECT_EQ(second.find("nothing"), nullptr);
  EXPECT_EQ(root.children()[0].children()[0].find("from")->children()[1].path(),
            "rules[0].from[1]");
}

TEST(SettingNode, ReadsWhatIsThere) {
  const SettingNode root = tree(
      "port: 443\nlog: yes\nword: bypass\none: alpha\nmany: [alpha, beta]\nnothing:\nlist:\n  - "
      "a\n");
  EXPECT_EQ(root.find("port")->number(1, 65535).value(), 443u);
  EXPECT_TRUE(root.find("log")->yes_or_no().value());
  constexpr std::array<std::string_view, 2> kWords{"drop", "bypass"};
  EXPECT_EQ(root.find("word")->one_of(kWords).value(), 1u);
  EXPECT_EQ(root.find("one")->texts().value(), std::vector<std::string>{"alpha"});
  EXPECT_EQ(root.find("many")->texts().value().size(), 2u);
  EXPECT_TRUE(root.find("nothing")->texts().value().empty());
  EXPECT_EQ(root.find("list")->list("x").value().size(), 1u);
  EXPECT_TRUE(root.find("nothing")->pairs("a: b").value().empty());
}

struct Section {
  std::uint64_t size = 0;
};
constexpr auto kRows = std::to_array<SettingRow<Section>>({
    {"size",
     [](const SettingNode& node, Section& into) -> Result<void> {
       const auto size = node.number(1, 10, "rows");
       if (!size) return tl::unexpected(size.error());
       into.size = *size;
       return {};
     }},
    {"colour", [](const SettingNode&, Section&) -> Result<void> { return {}; }},
});

TEST(SettingNode, ASectionIsReadByItsTable) {
  Section section;
  ASSERT_TRUE(read_section(tree("size: 7\n"), kRows, section));
  EXPECT_EQ(section.size, 7u);
  const auto unknown = read_section(tree("size: 7\nsise: 8\n"), kRows, section);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            "e.yaml:2: unknown setting 'sise' (did you mean 'size'?); the settings are size and "
            "colour");
  EXPECT_EQ(read_section(tree("size: 11\n"), kRows, section).error().message,
            "e.yaml:1: size: expected 1 to 10 rows, found '11'");
  EXPECT_EQ(read_section(tree("[size]\n"), kRows, section).error().message,
            "e.yaml:1: expected pairs such as `key: value`, found a list");
}

TEST(SettingNode, WrongKindsOfValuesAreNamed) {
  const SettingNode root = tree("a: [1]\nb: {c: d}\nc: maybe\nd:\n");
  EXPECT_EQ(root.find("a")->number(0, 9).error().message,
            "e.yaml:1: a: expected 0 to 9, found a list");
  EXPECT_EQ(root.find("b")->text().error().message, "e.yaml:2: b: expected a text, found a map");
  EXPECT_EQ(root.find("c")->yes_or_no().error().message,
            "e.yaml:3: c: expected yes or no, found 'maybe'");
  EXPECT_EQ(root.find("d")->text().error().message, "e.yaml:4: d: expected a text, found nothing");
  EXPECT_FALSE(root.find("b")->texts());
  EXPECT_FALSE(root.find("b")->list("x"));
}

TEST(SettingNode, OddDocumentsAreErrors) {
  EXPECT_EQ(parse_yaml("a: 1\na: 2\n", "e.yaml").error().message,
            "e.yaml:2: a: set twice; which of them holds? Leave one out");
  EXPECT_FALSE(parse_yaml("? [a]\n: 1\n", "e.yaml"));
  EXPECT_FALSE(parse_yaml("a: &x [*x]\n", "e.yaml"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 8; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_FALSE(parse_yaml(bomb, "e.yaml")) << "a few lines that stand for a hundred million values";
}

}  // namespace
}  // namespace endreason
