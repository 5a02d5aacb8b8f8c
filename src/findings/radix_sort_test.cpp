// SPDX-License-Identifier: Apache-2.0
#include "findings/radix_sort.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "findings/row_buffer.hpp"

namespace endreason {
namespace {

constexpr auto kDigits = std::to_array<RadixDigit>({{0, 11}, {11, 11}, {22, 11}, {33, 11}});

TEST(RadixSort, SortsAsTheLibraryDoes) {
  std::mt19937_64 random(6);
  for (const std::size_t size : {0u, 1u, 2u, 1000u, 5000u}) {
    std::vector<std::uint64_t> numbers(size), scratch(size);
    for (std::uint64_t& number : numbers) number = random() % (std::uint64_t{1} << 44);
    std::vector<std::uint64_t> expected = numbers;
    std::sort(expected.begin(), expected.end());
    const std::uint64_t* sorted = radix_sort(numbers.data(), scratch.data(), size, kDigits,
                                             [](std::uint64_t key) { return key; });
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), sorted)) << size;
  }
}

TEST(RowBuffer, RowsOfOneKeyStayInTheirOrder) {
  struct Row {
    std::uint64_t key, number;
  };
  RowBuffer<Row> rows(3000);
  for (std::uint64_t i = 0; i < 3000; ++i) rows.push({i * 7919 % 64, i});
  rows.sort(kDigits, [](const Row& row) { return row.key; });
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Row& a = rows.begin()[i - 1];
    const Row& b = rows.begin()[i];
    EXPECT_TRUE(a.key < b.key || (a.key == b.key && a.number < b.number)) << i;
  }
}

TEST(RowBuffer, KeepsItsRowsWhenTheLimitIsRaised) {
  RowBuffer<std::uint64_t> rows(10);
  for (std::uint64_t i = 0; i < 10; ++i) rows.push(i);
  EXPECT_EQ(rows.room(), 0u);
  rows.raise_limit(100'000);
  for (std::uint64_t i = 10; i < 100'010; ++i) rows.push(i);
  EXPECT_EQ(rows.room(), 0u);
  for (std::uint64_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows.begin()[i], i);
}

}  // namespace
}  // namespace endreason
