// SPDX-License-Identifier: Apache-2.0
#include "query/filter_completion.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace endreason {
namespace {

using Words = std::vector<std::string>;

struct CompletionCase {
  std::string_view behaviour;
  std::string_view text;  // the cursor is at its end
  std::size_t begin;
  Words choices;
};

TEST(FilterCompletion, OffersWhatMayStandAtTheCursor) {
  const CompletionCase cases[] = {
      {"a field that has been begun", "( session_e", 2, {"session_end_reason"}},
      {"names of the filter bar too", "addr.", 0, {"addr.dst", "addr.src"}},
      {"the operators of the field",
       "( session_end_reason ",
       21,
       {"contains", "eq", "in", "neq", "notin"}},
      {"an operator that has been begun", "bytes g", 6, {"geq", "gt"}},
      {"the words of the vocabulary",
       "session_end_reason eq tcp-r",
       22,
       {"tcp-reuse", "tcp-rst-from-client", "tcp-rst-from-server"}},
      {"case is ignored", "final_action eq BL", 16, {"blocked"}},
      {"words within a list", "action in ( allow, d", 19, {"deny", "drop", "drop-icmp"}},
      {"flags", "flags has url", 10, {"url-denied"}},
      {"what joins comparisons", "( app eq ssl ) ", 15, {"and", "or"}},
      {"a field behind and", "( app eq 'a b' ) and fina", 21, {"final_action"}},
      {"a field behind not", "not outc", 4, {"outcome"}},
      {"nothing is known of addresses", "addr.src in ", 12, {}},
      {"nothing is known of an unknown field", "zzz ", 4, {}},
      {"nothing within an open quote", "rule eq 'My", 8, {}},
  };
  for (const auto& c : cases) {
    const auto completion = complete_filter(c.text, c.text.size());
    EXPECT_EQ(completion.begin, c.begin) << c.behaviour;
    EXPECT_EQ(completion.choices, c.choices) << c.behaviour;
  }
}

TEST(FilterCompletion, BytesBehindTheCursorAreNotLookedAt) {
  EXPECT_EQ(complete_filter("session_end_reason eq threat", 22).choices.size(), 18u);
  EXPECT_EQ(complete_filter("app", 100).begin, 0u);
}

}  // namespace
}  // namespace endreason
