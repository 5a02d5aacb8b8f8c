// SPDX-License-Identifier: Apache-2.0
#include "ingest/seen_rows.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(SeenRows, ACopyIsKnownByFirewallVirtualSystemAndNumber) {
  SeenRows seen;
  EXPECT_TRUE(seen.of("013", "vsys1")->insert(7));
  EXPECT_FALSE(seen.of("013", "vsys1")->insert(7));
  EXPECT_TRUE(seen.of("013", "vsys2")->insert(7));
  EXPECT_TRUE(seen.of("014", "vsys1")->insert(7));
}

TEST(SeenRows, NumbersInOrderCostAboutABitEach) {
  SeenRows seen;
  constexpr std::uint64_t kFirst = 7'536'179'828'000'000'000, kCount = 2'000'000;
  for (std::uint64_t n = 0; n < kCount; ++n) EXPECT_TRUE(seen.of("013", "")->insert(kFirst + n));
  EXPECT_LE(seen.blocks(), kCount / 65'536 + 2);
  EXPECT_FALSE(seen.of("013", "")->insert(kFirst + kCount / 2));
}

// Numbers that jump, as nobody sends them but to do harm.
TEST(SeenRows, NumbersWithoutOrderAndFirewallsWithoutEndHaveABound) {
  SeenRows seen;
  for (std::uint64_t n = 1; n <= 100'000; ++n) EXPECT_TRUE(seen.of("013", "")->insert(n << 20));
  EXPECT_LE(seen.blocks(), 32'768u);
  EXPECT_FALSE(seen.of("013", "")->insert(std::uint64_t{100'000} << 20));
  std::size_t refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    SeqnoSet* const set = seen.of(std::to_string(i), "");
    refused += set == nullptr;
    if (set != nullptr) set->insert(1);
  }
  EXPECT_EQ(refused, 10'001 - SeenRows::kSetsMax);
  EXPECT_LE(seen.blocks(), 32'768u + SeenRows::kSetsMax);
}

}  // namespace
}  // namespace endreason
