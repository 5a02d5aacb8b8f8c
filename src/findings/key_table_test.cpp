// SPDX-License-Identifier: Apache-2.0
#include "findings/key_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include <fmt/format.h>

namespace endreason {
namespace {

KeyBuilder key_of(std::string_view prefix, std::string_view rest = {}) {
  KeyBuilder key;
  key.name(prefix);
  if (!rest.empty()) {
    key.end_prefix();
    key.name(rest);
  }
  key.seal();
  return key;
}

bool add(KeyTable& table, const KeyBuilder& key, std::uint64_t sessions) {
  return table.add(key, table.hash(key), sessions, sessions * 10);
}

TEST(KeyTable, EqualKeysAreAddedUp) {
  KeyTable table(1 << 16, KeyHash(1));
  EXPECT_TRUE(add(table, key_of("a"), 2));
  EXPECT_TRUE(add(table, key_of("a"), 3));
  EXPECT_TRUE(add(table, key_of("b"), 1));
  std::map<std::string, std::uint64_t> seen;
  table.visit_all([&](const KeyCount& e) { seen[std::string(e.key.substr(1))] = e.sessions; });
  EXPECT_EQ(seen, (std::map<std::string, std::uint64_t>{{"a", 5}, {"b", 1}}));
}

TEST(KeyTable, AFullTableTakesNothingMoreAndIsGoodAgainOnceCleared) {
  KeyTable table(1, KeyHash(1));
  std::size_t taken = 0;
  while (add(table, key_of(fmt::format("key {}", taken)), 1)) ++taken;
  EXPECT_GT(taken, 100u);
  EXPECT_EQ(table.entries(), taken);
  EXPECT_TRUE(add(table, key_of("key 0"), 1)) << "a key that is there needs no room";
  table.clear();
  EXPECT_TRUE(table.empty());
  EXPECT_TRUE(add(table, key_of("new"), 1));
  EXPECT_EQ(table.entries(), 1u);
}

TEST(KeyTable, TheLongestKeyFitsIntoTheSmallestTable) {
  KeyTable table(1, KeyHash(1));
  KeyBuilder key;
  for (std::size_t i = 0; i < KeyBuilder::kBytesMax; ++i) key.byte(static_cast<std::uint8_t>(i));
  key.seal();
  EXPECT_TRUE(add(table, key, 1));
}

TEST(KeyTable, SortedMembersOfOnePrefixLieSideBySide) {
  KeyTable table(1 << 20, KeyHash(99));
  for (int i = 0; i < 3000; ++i)
    add(table, key_of(fmt::format("group {}", i % 7), fmt::format("member {}", i)), 1);
  table.sort();
  std::map<std::string, int> runs;
  std::string last;
  for (std::size_t i = 0; i < table.entries(); ++i) {
    const KeyCount entry = table.sorted(i);
    if (i > 0) {
      EXPECT_TRUE(sorts_before(table.sorted(i - 1), entry));
    }
    if (entry.prefix() != last) ++runs[last = std::string(entry.prefix())];
  }
  EXPECT_EQ(table.entries(), 3000u);
  EXPECT_EQ(runs.size(), 7u);
  for (const auto& [prefix, count] : runs) EXPECT_EQ(count, 1) << prefix;
}

TEST(KeyHash, AKeyHashesTheSameWithAndWithoutPadding) {
  const KeyHash hash(12345);
  KeyBuilder key;
  for (std::size_t size = 1; size < 100; ++size) {
    key.clear();
    for (std::size_t i = 0; i < size; ++i) key.byte(static_cast<std::uint8_t>(i * 7));
    key.seal();
    EXPECT_EQ(hash.padded(key.data(), size), hash.bare(key.data(), size)) << size;
  }
}

TEST(KeyHash, KeysThatDifferOnlyInTrailingZerosHashDifferently) {
  const KeyHash hash(5);
  const std::uint8_t zeros[32] = {};
  EXPECT_NE(hash.bare(zeros, 3), hash.bare(zeros, 4));
  EXPECT_NE(hash.bare(zeros, 16), hash.bare(zeros, 32));
}

}  // namespace
}  // namespace endreason
