// SPDX-License-Identifier: Apache-2.0
#include "sources/compression.hpp"

#include <gtest/gtest.h>

#include "sources/made_files.hpp"
#include "sources/memory_source.hpp"

namespace endreason {
namespace {

using namespace std::string_view_literals;

struct MagicCase {
  std::string_view behaviour;
  std::string_view bytes;
  Compression expected;
};
constexpr auto kMagicCases = std::to_array<MagicCase>({
    {"nothing is plain", ""sv, Compression::None},
    {"a traffic log line is plain", "1,2026"sv, Compression::None},
    {"a syslog priority is plain", "<14>Ma"sv, Compression::None},
    {"gzip", "\x1f\x8b\x08\x00\x00\x00"sv, Compression::Gzip},
    {"the first two bytes of gzip are not enough", "\x1f\x8b"sv, Compression::None},
    {"gzip with a method other than deflate is not gzip", "\x1f\x8b\x07\x00"sv, Compression::None},
    {"zstd", "\x28\xb5\x2f\xfd\x04\x00"sv, Compression::Zstd},
    {"a zstd skippable frame, lowest number", "\x50\x2a\x4d\x18\x00\x00"sv, Compression::Zstd},
    {"a zstd skippable frame, highest number", "\x5f\x2a\x4d\x18\x00\x00"sv, Compression::Zstd},
    {"text that begins like a skippable frame is plain", "PALO.A"sv, Compression::None},
    {"xz",
     "\xfd"
     "7zXZ\0"sv,
     Compression::Xz},
    {"bzip2", "BZh91A"sv, Compression::Bzip2},
    {"BZh0 is no block size of bzip2", "BZh01A"sv, Compression::None},
    {"zip", "PK\x03\x04\x14\x00"sv, Compression::Zip},
    {"lz4", "\x04\x22\x4d\x18\x64\x40"sv, Compression::Lz4},
});

TEST(Compression, IsToldByTheFirstBytes) {
  for (const MagicCase& c : kMagicCases)
    EXPECT_EQ(recognise_compression(c.bytes), c.expected) << c.behaviour;
}

TEST(Compression, APipeIsWaitedForOnlyWhileAMagicNumberIsPossible) {
  for (const MagicCase& c : kMagicCases) {
    if (c.expected == Compression::None) continue;
    std::size_t needed = 0;
    while (may_become_magic(c.bytes.substr(0, needed))) ++needed;
    EXPECT_EQ(recognise_compression(c.bytes.substr(0, needed)), c.expected) << c.behaviour;
  }
  EXPECT_FALSE(may_become_magic("1"));
  EXPECT_FALSE(may_become_magic("<"));
  EXPECT_FALSE(may_become_magic("PA"));
  EXPECT_FALSE(may_become_magic("\x1f\x8b\x07"sv));
}

TEST(Compression, UnreadableKindsNameTheCommandThatHelps) {
  auto source =
      decompressed(std::make_unique<MemorySource>("\xfd"
                                                  "7zXZ\0\0\0"sv,
                                                  "old.xz"));
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Error::Code::Io);
  EXPECT_NE(source.error().message.find("old.xz"), std::string::npos);
  EXPECT_NE(source.error().message.find("`xz -dc FILE | endreason explain -`"), std::string::npos);
}

TEST(Compression, PlainBytesPassUnchanged) {
  auto source = decompressed(std::make_unique<MemorySource>("ab\ncd\n", "x", 2));
  ASSERT_TRUE(source);
  EXPECT_EQ(read_back(**source).text, "ab\ncd\n");
}

}  // namespace
}  // namespace endreason
