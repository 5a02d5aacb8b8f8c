// SPDX-License-Identifier: Apache-2.0
#include "sources/zstd_source.hpp"

#include <gtest/gtest.h>

#include "sources/made_files.hpp"
#include "sources/memory_source.hpp"

namespace endreason {
namespace {

ReadBack unzstd(std::string_view stored, std::size_t step = 1 << 20,
                std::size_t buffer = 64 << 10) {
  ZstdSource source(std::make_unique<MemorySource>(stored, "made.zst", step));
  return read_back(source, buffer);
}

bool mentions(const ReadBack& back, std::string_view words) {
  return back.error.find(words) != std::string::npos;
}

// RFC 8878 section 3.1.2: magic number 0x184D2A5?, a length, and that many bytes to pass over.
std::string skippable_frame(std::string_view content) {
  std::string frame = "\x53\x2a\x4d\x18";
  for (int shift = 0; shift < 32; shift += 8)
    frame += static_cast<char>(content.size() >> shift & 0xff);
  return frame.append(content);
}

class Zstd : public ::testing::Test {
 protected:
  const MadeFiles files_;
  const std::string text_ = log_like_text(20'000);
};

TEST_F(Zstd, GivesBackWhatZstdPacked) {
  for (const std::string command : {"zstd -q -1 -c", "zstd -q -3 -c", "zstd -q -19 -c",
                                    "zstd -q --no-check -c", "zstd -q --long=25 -c"}) {
    const ReadBack back = unzstd(files_.made_by(command, text_));
    EXPECT_EQ(back.error, "") << command;
    EXPECT_TRUE(back.text == text_) << command;
  }
}

TEST_F(Zstd, BytesThatArriveOneByOneAndBuffersOfOneByteChangeNothing) {
  const std::string text = text_.substr(0, 100'000);
  const std::string packed = files_.made_by("zstd -q -c", text);
  EXPECT_TRUE(unzstd(packed, 1).text == text);
  EXPECT_TRUE(unzstd(packed, 7, 1).text == text);
  EXPECT_TRUE(unzstd(packed, 1 << 20, 3).text == text);
}

TEST_F(Zstd, FramesFollowEachOtherAndSkippableFramesArePassedOver) {
  const std::string one = files_.made_by("zstd -q -c", "first\n");
  const std::string two = files_.made_by("zstd -q -c", "second\n");
  const std::string packed =
      skippable_frame("index") + one + skippable_frame("") + two + skippable_frame("end");
  for (const std::size_t step : {std::size_t{1}, std::size_t{5}, std::size_t{1} << 20}) {
    const ReadBack back = unzstd(packed, step);
    EXPECT_EQ(back.error, "");
    EXPECT_EQ(back.text, "first\nsecond\n");
  }
}

TEST_F(Zstd, AWindowBeyondThePromisedMemoryIsRefusedWithTheRemedy) {
  const ReadBack back = unzstd(files_.made_by("zstd -q --long=27 -c", text_));
  EXPECT_TRUE(mentions(back, "32 MiB")) << back.error;
  EXPECT_TRUE(mentions(back, "`zstd -dc --long=31 FILE | endreason explain -`")) << back.error;
}

TEST_F(Zstd, SomethingElseBehindTheDataIsReportedWithItsByteAfterTheDataWasGiven) {
  const std::string packed = files_.made_by("zstd -q -c", text_);
  const ReadBack back = unzstd(packed + "garbage");
  EXPECT_TRUE(back.text == text_);
  EXPECT_TRUE(mentions(back, "byte " + std::to_string(packed.size()) + ",")) << back.error;
}

TEST_F(Zstd, AFileCutAnywhereGivesItsBeginningAndSaysWhereItEnds) {
  const std::string packed = files_.made_by("zstd -q -c", text_);
  for (std::size_t kept = 4; kept < packed.size(); kept += kept < 40 ? 1 : packed.size() / 23) {
    const ReadBack back = unzstd(std::string_view(packed).substr(0, kept));
    EXPECT_TRUE(mentions(back, "ends at byte " + std::to_string(kept) + ",")) << back.error;
    EXPECT_TRUE(text_.starts_with(back.text)) << kept;
  }
}

TEST_F(Zstd, DamageIsReportedAndTheErrorStays) {
  std::string packed = files_.made_by("zstd -q -c", text_);
  packed[packed.size() - 2] ^= 1;  // in the checksum
  ZstdSource source(std::make_unique<MemorySource>(packed, "made.zst"));
  const ReadBack back = read_back(source);
  EXPECT_TRUE(mentions(back, "checksum")) << back.error;
  EXPECT_EQ(read_back(source).error, back.error);
  for (std::size_t i = 0; i < 64; ++i) packed[packed.size() / 2 + i] = '\xff';
  EXPECT_NE(unzstd(packed).error, "");
}

TEST_F(Zstd, ProgressCountsStoredBytes) {
  const std::string packed = files_.made_by("zstd -q -c", text_);
  ZstdSource source(std::make_unique<MemorySource>(packed, "made.zst"));
  EXPECT_EQ(source.size_hint(), packed.size());
  read_back(source);
  EXPECT_EQ(source.position(), packed.size());
}

}  // namespace
}  // namespace endreason
