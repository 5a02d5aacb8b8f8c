// SPDX-License-Identifier: Apache-2.0
#include "sources/peeked_source.hpp"

#include <array>

#include <gtest/gtest.h>

#include "sources/memory_source.hpp"

namespace endreason {
namespace {

std::string read_all(ByteSource& source) {
  std::string all;
  std::array<char, 5> piece{};
  for (auto got = source.read(piece); got && *got > 0; got = source.read(piece))
    all.append(piece.data(), *got);
  return all;
}

PeekedSource over(std::string_view bytes, std::size_t step) {
  return PeekedSource(std::make_unique<MemorySource>(bytes, "pipe", step));
}

TEST(PeekedSource, GivesEverythingThoughItWasLookedInto) {
  PeekedSource source = over("0123456789", 3);
  EXPECT_EQ(source.peek(4), "0123");
  EXPECT_EQ(source.peek(2), "0123") << "what is held stays";
  EXPECT_EQ(source.peek(6), "012345");
  EXPECT_EQ(read_all(source), "0123456789");
  EXPECT_EQ(source.name(), "pipe");
}

TEST(PeekedSource, AShortSourceIsShownWhole) {
  PeekedSource source = over("ab", 1);
  EXPECT_EQ(source.peek(24), "ab");
  EXPECT_EQ(read_all(source), "ab");
  PeekedSource nothing = over("", 1);
  EXPECT_EQ(nothing.peek(24), "");
  EXPECT_EQ(read_all(nothing), "");
}

TEST(PeekedSource, UnlookedItGivesWhatTheSourceGives) {
  PeekedSource source = over("0123456789", 4);
  EXPECT_EQ(read_all(source), "0123456789");
}

}  // namespace
}  // namespace endreason
