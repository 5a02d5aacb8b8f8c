// SPDX-License-Identifier: Apache-2.0
#include "sources/gzip_source.hpp"

#include <gtest/gtest.h>

#include "sources/made_files.hpp"
#include "sources/memory_source.hpp"

namespace endreason {
namespace {

ReadBack gunzip(std::string_view stored, std::size_t step = 1 << 20,
                std::size_t buffer = 64 << 10) {
  GzipSource source(std::make_unique<MemorySource>(stored, "made.gz", step));
  return read_back(source, buffer);
}

bool mentions(const ReadBack& back, std::string_view words) {
  return back.error.find(words) != std::string::npos;
}

class Gzip : public ::testing::Test {
 protected:
  const MadeFiles files_;
  const std::string text_ = log_like_text(20'000);
};

TEST_F(Gzip, GivesBackWhatGzipPacked) {
  for (const std::string command : {"gzip -1 -c", "gzip -6 -c", "gzip -9 -c"}) {
    const ReadBack back = gunzip(files_.made_by(command, text_));
    EXPECT_EQ(back.error, "") << command;
    EXPECT_TRUE(back.text == text_) << command;
  }
}

TEST_F(Gzip, BytesThatArriveOneByOneAndBuffersOfOneByteChangeNothing) {
  const std::string text = text_.substr(0, 100'000);
  // -N keeps the name of the file in the header, so the header is met in pieces too.
  const std::string path = files_.write("named.log", text);
  ASSERT_EQ(std::system(("gzip -kN " + path).c_str()), 0);
  const std::string packed = MadeFiles::bytes_of(path + ".gz");
  EXPECT_TRUE(gunzip(packed, 1).text == text);
  EXPECT_TRUE(gunzip(packed, 7, 1).text == text);
  EXPECT_TRUE(gunzip(packed, 1 << 20, 3).text == text);
}

// With an extra field, a name and a comment; and with a name alone.
TEST_F(Gzip, AHeaderMayArriveInPiecesOfAnySize) {
  const std::string plain = files_.made_by("gzip -nc", "the text\n");
  const std::string behind = plain.substr(10);  // what follows a header without optional fields
  const std::string fields =
      std::string("\x04\0extr", 6) + std::string("name.log\0", 9) + std::string("a comment\0", 10);
  const std::string full = std::string("\x1f\x8b\x08\x1c\1\2\3\4\0\3", 10) + fields + behind;
  const std::string named =
      std::string("\x1f\x8b\x08\x08\x9b\x3c\x2d\x6a\0\3", 10) + std::string("n\0", 2) + behind;
  for (const std::string& member : {full, named}) {
    for (std::size_t step = 1; step <= member.size(); ++step) {
      const ReadBack back = gunzip(plain + member + plain + member, step);
      EXPECT_EQ(back.error, "") << "in pieces of " << step;
      EXPECT_EQ(back.text, "the text\nthe text\nthe text\nthe text\n") << "in pieces of " << step;
    }
  }
}

TEST_F(Gzip, MembersFollowEachOther) {
  const std::string one = files_.made_by("gzip -c", "first\n");
  const std::string none = files_.made_by("gzip -c", "");
  const std::string two = files_.made_by("gzip -c", "second\n");
  for (const std::size_t step : {std::size_t{1}, std::size_t{5}, std::size_t{1} << 20}) {
    const ReadBack back = gunzip(one + none + two + one, step);
    EXPECT_EQ(back.error, "");
    EXPECT_EQ(back.text, "first\nsecond\nfirst\n");
  }
}

TEST_F(Gzip, ManySmallMembersAreAllRead) {
  const std::string one = files_.made_by("gzip -c", "0123456789\n");
  std::string packed;
  for (int i = 0; i < 5'000; ++i) packed += one;
  const ReadBack back = gunzip(packed, 1000, 777);
  EXPECT_EQ(back.error, "");
  EXPECT_EQ(back.text.size(), 5'000u * 11);
}

TEST_F(Gzip, ZeroPaddingAtTheEndIsNoError) {
  const ReadBack back = gunzip(files_.made_by("gzip -c", text_) + std::string(10'240, '\0'));
  EXPECT_EQ(back.error, "");
  EXPECT_TRUE(back.text == text_);
}

TEST_F(Gzip, SomethingElseBehindTheDataIsReportedWithItsByteAfterTheDataWasGiven) {
  const std::string packed = files_.made_by("gzip -c", text_);
  for (const std::string garbage : {"garbage", "\x1fgarbage", "\x1f"}) {
    const ReadBack back = gunzip(packed + garbage);
    EXPECT_TRUE(back.text == text_) << garbage;
    EXPECT_NE(back.error, "") << garbage;
  }
  EXPECT_TRUE(mentions(gunzip(packed + "garbage"), "byte " + std::to_string(packed.size()) + ","));
  EXPECT_TRUE(mentions(gunzip(packed + std::string(8, '\0') + "x"),
                       "byte " + std::to_string(packed.size() + 8) + ","));
}

TEST_F(Gzip, AFileCutAnywhereGivesItsBeginningAndSaysWhereItEnds) {
  const std::string packed = files_.made_by("gzip -c", text_);
  for (std::size_t kept = 3; kept < packed.size(); kept += kept < 40 ? 1 : packed.size() / 23) {
    const ReadBack back = gunzip(std::string_view(packed).substr(0, kept));
    EXPECT_TRUE(mentions(back, "ends at byte " + std::to_string(kept) + ",")) << back.error;
    EXPECT_TRUE(text_.starts_with(back.text)) << kept;
  }
  // Only the trailer is missing: every plain byte is there.
  EXPECT_TRUE(gunzip(std::string_view(packed).substr(0, packed.size() - 8)).text == text_);
}

TEST_F(Gzip, AWrongChecksumIsReported) {
  std::string packed = files_.made_by("gzip -c", text_);
  packed[packed.size() - 6] ^= 1;
  const ReadBack back = gunzip(packed);
  EXPECT_TRUE(back.text == text_);
  EXPECT_TRUE(mentions(back, "checksum")) << back.error;
}

TEST_F(Gzip, DamageInTheMiddleIsReportedAndTheErrorStays) {
  std::string packed = files_.made_by("gzip -c", text_);
  for (std::size_t i = 0; i < 64; ++i) packed[packed.size() / 2 + i] = '\xff';
  GzipSource source(std::make_unique<MemorySource>(packed, "made.gz"));
  const ReadBack back = read_back(source);
  EXPECT_NE(back.error, "");
  EXPECT_LT(back.text.size(), text_.size());
  EXPECT_EQ(read_back(source).error, back.error);
}

TEST_F(Gzip, ProgressCountsStoredBytes) {
  const std::string packed = files_.made_by("gzip -c", text_);
  GzipSource source(std::make_unique<MemorySource>(packed, "made.gz"));
  EXPECT_EQ(source.size_hint(), packed.size());
  EXPECT_EQ(source.position(), 0u);
  read_back(source);
  EXPECT_EQ(source.position(), packed.size());
}

}  // namespace
}  // namespace endreason
