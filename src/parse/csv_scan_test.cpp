// SPDX-License-Identifier: Apache-2.0
#include "parse/csv_scan.hpp"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace endreason {
namespace {

Chunk chunk_of(std::string_view text) {
  Chunk chunk(text.size());
  if (!text.empty()) std::memcpy(chunk.data(), text.data(), text.size());
  chunk.set_size(text.size());
  return chunk;
}

std::vector<std::string> cells_of(std::string_view text, LineScan* out = nullptr) {
  const Chunk chunk = chunk_of(text);
  std::array<std::uint32_t, kCellSlots> begins{}, ends{};
  const LineScan scan = scan_line_scalar(chunk.text().data(), chunk.padded(),
                                         {begins.data(), ends.data()}, kCellsMax);
  if (out != nullptr) *out = scan;
  std::vector<std::string> cells;
  for (std::uint32_t i = 0; i < std::min(scan.cells, kCellsMax); ++i)
    cells.emplace_back(chunk.text().substr(begins[i], ends[i] - begins[i]));
  return cells;
}

TEST(ScanLine, CommasOutsideQuotesEndCells) {
  using V = std::vector<std::string>;
  EXPECT_EQ(cells_of("a,b,,c"), (V{"a", "b", "", "c"}));
  EXPECT_EQ(cells_of("a,\"b,c\",d"), (V{"a", "\"b,c\"", "d"}));
  EXPECT_EQ(cells_of("a,\"say \"\"x,y\"\"\",d"), (V{"a", "\"say \"\"x,y\"\"\"", "d"}));
  EXPECT_EQ(cells_of("C:\\dir\\,b"), (V{"C:\\dir\\", "b"}))
      << "a backslash is an ordinary character";
  EXPECT_EQ(cells_of(""), (V{""}));
  EXPECT_EQ(cells_of("a,b\nc,d"), (V{"a", "b"})) << "a newline ends the line";
}

TEST(ScanLine, ANewlineInsideQuotesEndsTheLineAndSaysSo) {
  LineScan scan;
  cells_of("a,\"b\nc\",d", &scan);
  EXPECT_EQ(scan.length, 4u);
  EXPECT_TRUE(scan.quote_open);
}

TEST(ScanLine, AQuoteInMidCellIsSeenAsMisplaced) {
  LineScan scan;
  cells_of("a,o\"neil,b", &scan);
  EXPECT_TRUE(scan.quote_misplaced);
  cells_of("a,\"neil\",b", &scan);
  EXPECT_FALSE(scan.quote_misplaced);
}

TEST(ScanLineStrict, BracesProtectTheirCommasWhenTheyBalance) {
  std::array<std::uint32_t, kCellSlots> ends{};
  EXPECT_EQ(scan_line_strict("a,{b,c,{d,e}},f", ends.data(), kCellsMax, true).cells, 3u);
  EXPECT_EQ(scan_line_strict("a,{b,c}{d,e},f", ends.data(), kCellsMax, true).cells, 3u);
  EXPECT_EQ(scan_line_strict("a,{b,c},{d,e},f", ends.data(), kCellsMax, true).cells, 3u);
  EXPECT_EQ(scan_line_strict("a,{b,c}{d,e,f", ends.data(), kCellsMax, true).cells, 4u);
  EXPECT_EQ(scan_line_strict("a,{b,c,f", ends.data(), kCellsMax, true).cells, 4u);
  EXPECT_EQ(scan_line_strict("a,{b,c},f", ends.data(), kCellsMax, false).cells, 4u);
  EXPECT_EQ(scan_line_strict("a,o\"neil,b", ends.data(), kCellsMax, true).cells, 3u);
}

TEST(SurveyLines, StopsAtTheFirstLineThatIsNotPlain) {
  const Chunk chunk = chunk_of("1,a\n<14>b\n\n c\n{\"x\":1}\n1,d\n");
  const Survey survey = survey_lines_scalar(chunk.padded());
  EXPECT_EQ(survey.odd_line, 14u);
  EXPECT_EQ(survey.newlines, 4u);
}

// The vector kernels against the scalar one, on random bytes thick with the bytes that matter.
TEST(ScanKernels, AllAgreeWithTheScalarKernel) {
  std::mt19937_64 random(7);
  constexpr std::string_view kBytes = "ab,,,\"\n\\{1<9 ";
  for (const char* name : {"avx2", "avx512"}) {
    const ScanKernel kernel = scan_kernel(name);
    if (kernel.name.empty()) {
      std::cout << name << " is not on this machine: not compared\n";
      continue;
    }
    for (int round = 0; round < 3000; ++round) {
      std::string text(random() % 400, 'x');
      const unsigned density = static_cast<unsigned>(random() % 8);
      for (char& c : text)
        if (random() % 8 < density) c = kBytes[random() % kBytes.size()];
      const Chunk chunk = chunk_of(text);
      const auto wanted = static_cast<std::uint32_t>(1 + random() % kCellsMax);
      std::array<std::uint32_t, kCellSlots> expected{}, actual{}, begins{}, actual_begins{};
      const char* line = chunk.text().data();
      const LineScan a =
          scan_line_scalar(line, chunk.padded(), {begins.data(), expected.data()}, wanted);
      const LineScan b =
          kernel.scan_line(line, chunk.padded(), {actual_begins.data(), actual.data()}, wanted);
      ASSERT_EQ(a, b) << name << ": " << text;
      for (std::uint32_t i = 0; i < std::min(a.cells, wanted); ++i) {
        ASSERT_EQ(expected[i], actual[i]) << name << " cell " << i << ": " << text;
        ASSERT_EQ(begins[i], actual_begins[i]) << name << " cell " << i << ": " << text;
      }
      ASSERT_EQ(survey_lines_scalar(chunk.padded()), kernel.survey_lines(chunk.padded())) << text;
    }
  }
}

// Long stretches of lines that begin alike are skipped in a way of their own.
TEST(SurveyLines, AllKernelsFindTheOddLineFarBehind) {
  std::mt19937_64 random(11);
  for (const char* name : {"avx2", "avx512"}) {
    const ScanKernel kernel = scan_kernel(name);
    if (kernel.name.empty()) continue;
    for (int round = 0; round < 2000; ++round) {
      const std::string_view usual = round % 2 == 0 ? "1,x" : "<14>x";
      const std::string_view rare[] = {"<x", "<9", "x", "", " ", "\r", "{", "9", ":", "/"};
      std::string text;
      for (std::size_t lines = random() % 20; lines > 0; --lines) {
        text += random() % 16 == 0 ? rare[random() % std::size(rare)] : usual;
        text += std::string(random() % 400, 'y') + '\n';
      }
      text.resize(text.size() - std::min<std::size_t>(text.size(), random() % 5));
      const Chunk chunk = chunk_of(text);
      ASSERT_EQ(survey_lines_scalar(chunk.padded()), kernel.survey_lines(chunk.padded())) << text;
    }
  }
}

TEST(ScanKernels, AnUnknownNameIsRefused) {
  EXPECT_TRUE(scan_kernel("neon").name.empty());
  EXPECT_EQ(scan_kernel("scalar").name, "scalar");
  EXPECT_FALSE(scan_kernel("auto").name.empty());
}

}  // namespace
}  // namespace endreason
