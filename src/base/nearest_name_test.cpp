// SPDX-License-Identifier: Apache-2.0
#include "base/nearest_name.hpp"

#include <array>

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(NearestNames, SlipsOfThePenFindTheirWord) {
  constexpr std::array<std::string_view, 4> kNames = {"action", "app", "session_end_reason", "src"};
  EXPECT_EQ(nearest_names("acton", kNames), std::vector<std::string>{"action"});
  EXPECT_EQ(nearest_names("session_end_raeson", kNames).front(), "session_end_reason");
  EXPECT_EQ(nearest_names("end_reason", kNames).front(), "session_end_reason");
  EXPECT_TRUE(nearest_names("zzzzzz", kNames).empty());
}

}  // namespace
}  // namespace endreason
