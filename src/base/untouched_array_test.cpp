// SPDX-License-Identifier: Apache-2.0
#include "base/untouched_array.hpp"

#include <numeric>
#include <utility>

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(UntouchedArray, GrowingKeepsTheRowsThatAreToBeKept) {
  UntouchedArray<int> rows(3);
  std::iota(rows.begin(), rows.end(), 7);
  rows.grow(1000, 2);
  ASSERT_EQ(rows.size(), 1000u);
  EXPECT_EQ(rows[0], 7);
  EXPECT_EQ(rows[1], 8);
  rows[999] = 1;  // is there
}

TEST(UntouchedArray, WhatIsMovedFromIsEmpty) {
  UntouchedArray<int> rows(3);
  rows[2] = 5;
  UntouchedArray<int> taken = std::move(rows);
  EXPECT_EQ(rows.size(), 0u);  // NOLINT(bugprone-use-after-move): that is what is asked
  EXPECT_EQ(taken[2], 5);
  rows = std::move(taken);
  EXPECT_EQ(rows[2], 5);
}

}  // namespace
}  // namespace endreason
