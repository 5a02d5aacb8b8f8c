// SPDX-License-Identifier: Apache-2.0
#include "store/lz4_blocks.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <lz4.h>

namespace endreason {
namespace {

std::uint32_t u32_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// As a server undoes it, by the numbers in the heads alone.
std::string plain(const std::string& blocks) {
  std::string out;
  for (std::size_t at = 0; at < blocks.size();) {
    EXPECT_EQ(blocks.substr(at, 16), std::string(16, '\0'));
    EXPECT_EQ(blocks.at(at + 16), '\x82');
    const std::uint32_t compressed = u32_at(blocks, at + 17);
    const std::uint32_t size = u32_at(blocks, at + 21);
    std::string piece(size, '\0');
    EXPECT_EQ(LZ4_decompress_safe(blocks.data() + at + 25, piece.data(),
                                  static_cast<int>(compressed - 9), static_cast<int>(size)),
              static_cast<int>(size));
    out += piece;
    at += 16 + compressed;
  }
  return out;
}

TEST(Lz4Blocks, AreUndoneByTheirHeads) {
  std::string bytes;
  while (bytes.size() < 3'000'000) bytes += "rule " + std::to_string(bytes.size() % 977) + ";";
  const std::string_view all = bytes;
  const std::vector<std::vector<std::string_view>> bodies = {
      {},
      {""},
      {"a"},
      {all},
      {"head", all.substr(0, 1'000'000), "", "b", all.substr(7, 70'000), all},
      std::vector<std::string_view>(100, all.substr(0, 60'000))};
  for (const auto& pieces : bodies) {
    std::string whole;
    for (const std::string_view piece : pieces) whole += piece;
    const auto blocks = lz4_blocks(pieces);
    ASSERT_TRUE(blocks) << blocks.error().message;
    EXPECT_EQ(plain(*blocks), whole);
    EXPECT_EQ(*blocks, *lz4_blocks(pieces));
    if (whole.size() > 1000) EXPECT_LT(blocks->size(), whole.size() / 2);
  }
}

}  // namespace
}  // namespace endreason
