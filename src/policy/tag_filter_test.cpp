// SPDX-License-Identifier: Apache-2.0
#include "policy/tag_filter.hpp"

#include <array>

#include <gtest/gtest.h>

namespace endreason {
namespace {

struct FilterCase {
  std::string_view behaviour;
  std::string_view filter;
  std::vector<std::string> tags;
  bool matches;
};

TEST(TagFilter, MatchesAsAFirewallWould) {
  const auto cases = std::to_array<FilterCase>({
      {"one tag", "'web'", {"web", "prod"}, true},
      {"a tag that is not there", "'db'", {"web"}, false},
      {"and needs both", "'web' and 'prod'", {"web"}, false},
      {"or needs one", "'web' or 'db'", {"db"}, true},
      {"and binds tighter than or", "'a' or 'b' and 'c'", {"a"}, true},
      {"brackets bind first", "('a' or 'b') and 'c'", {"a"}, false},
      {"words without quotes", "web and (prod or stage)", {"web", "stage"}, true},
      {"letter case of the operators", "'a' AND 'b' Or 'c'", {"c"}, true},
      {"a tag with blanks", "'web server'", {"web server"}, true},
      {"a tag that begins as an operator", "order", {"order"}, true},
  });
  for (const FilterCase& c : cases) {
    const auto filter = TagFilter::parse(c.filter);
    ASSERT_TRUE(filter) << c.behaviour << ": " << filter.error().message;
    EXPECT_EQ(filter->matches(c.tags), c.matches) << c.behaviour;
  }
}

TEST(TagFilter, WhatCannotBeReadIsShown) {
  for (const char* text : {"", "'a' and", "('a'", "'a", "'a' 'b'", ")", "and"})
    EXPECT_FALSE(TagFilter::parse(text)) << text;
  EXPECT_FALSE(TagFilter::parse(std::string(1000, '(') + "a"));
}

}  // namespace
}  // namespace endreason
