// SPDX-License-Identifier: Apache-2.0
#include "appid/stream_order.hpp"

#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace endreason {
namespace {

class Stream {
 public:
  void add(std::uint32_t seq, std::string_view text, std::size_t whole = 0) {
    order.add(seq, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
              whole == 0 ? text.size() : whole, [this](std::span<const std::uint8_t> b, bool gap) {
                if (gap) read += '|';
                read.append(b.begin(), b.end());
              });
  }
  StreamOrder order;
  std::string read;
};

TEST(StreamOrder, EarlySegmentsWaitAndRepeatedBytesAreLeftOut) {
  for (const std::uint32_t start : {1000u, 0xffff'fffcu, 0x7fff'fffcu}) {
    Stream s;
    s.add(start, "abc");
    s.add(start + 6, "ghi");
    s.add(start + 3, "de");
    EXPECT_EQ(s.read, "abcde");
    s.add(start, "abc");
    s.add(start + 2, "cdef");
    EXPECT_EQ(s.read, "abcdefghi");
    s.add(start + 9, "");
    s.add(start + 9, "j");
    EXPECT_EQ(s.read, "abcdefghij");
  }
}

TEST(StreamOrder, ASnappedSegmentLeavesAGap) {
  Stream s;
  s.add(0, "abc", 5);
  s.add(5, "fg");
  EXPECT_EQ(s.read, "abc|fg");
}

TEST(StreamOrder, TooMuchThatWaitsGivesTheGapUp) {
  Stream s;
  s.add(0, "a");
  const std::string late(5000, 'x');
  for (std::uint32_t i = 0; i < 4; ++i) s.add(10 + i * 5000, late);
  EXPECT_EQ(s.read, "a|" + std::string(20'000, 'x'));
  s.add(20'010, "y");
  EXPECT_EQ(s.read.back(), 'y');
}

TEST(StreamOrder, AnyOrderGivesTheSameBytes) {
  std::mt19937 random(7);
  std::string text(3000, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::pair<std::size_t, std::size_t>> pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = std::min<std::size_t>(1 + random() % 200, text.size() - at);
      pieces.emplace_back(at, length);
      if (random() % 4 == 0) pieces.emplace_back(at, std::min(length + 20, text.size() - at));
      at += length;
    }
    std::shuffle(pieces.begin() + 1, pieces.end(), random);
    Stream s;
    for (const auto& [at, length] : pieces)
      s.add(static_cast<std::uint32_t>(0xffff'ff00u + at),
            std::string_view(text).substr(at, length));
    EXPECT_EQ(s.read, text);
  }
}

}  // namespace
}  // namespace endreason
