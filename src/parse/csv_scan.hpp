// SPDX-License-Identifier: Apache-2.0
// The CSV scanner: one line's end and the ends of its cells, in one pass over the bytes.
//
// Three kernels give the same answer: AVX-512 (VBMI2), AVX2, and scalar, which is the meaning of
// the other two and is held against them by fuzz/fuzz_csv_scanner.cpp. The kernel is chosen once,
// at run time. All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/chunk.hpp"
#include "model/key_columns.hpp"

namespace endreason {

// Cells whose ends a scan reports; a line with more has its count, not their places.
inline constexpr std::uint32_t kCellsMax = 192;
// Entries that `ends` must have room for: kernels store whole vectors behind the last cell.
inline constexpr std::uint32_t kCellSlots = kCellsMax + 64;

inline constexpr std::uint32_t kNoQuote = 0xffff'ffff;

struct LineScan {
  std::uint32_t length{};               // bytes before the newline, or to the end of the input
  std::uint32_t cells{};                // commas outside quotes, plus one
  std::uint32_t first_quote{kNoQuote};  // offset of the first quote; before it no cell is quoted
  bool quote_open{};                    // the line ended inside quotes
  bool quote_misplaced{};  // a quote opened in the middle of a cell: quotes may not mean quoting
  friend bool operator==(const LineScan&, const LineScan&) = default;
};

// Where cells begin and end, as offsets from the line; each has kCellSlots entries.
struct CellPlaces {
  std::uint32_t* begins;
  std::uint32_t* ends;
};

// Scans the line that starts at `line`, within `input` (which is padded). ends[i] becomes the
// offset of the byte behind cell i, for the first min(cells, wanted) cells, wanted <= kCellsMax,
// and begins[i] that of its first byte, but for cell 0, whose beginning the caller knows. A quote
// toggles quoting wherever it stands (a doubled quote toggles twice, so it changes nothing); a
// newline always ends the line, since a syslog record cannot hold one.
using ScanLine = LineScan (*)(const char* line, PaddedView input, CellPlaces cells,
                              std::uint32_t wanted);

LineScan scan_line_scalar(const char* line, PaddedView input, CellPlaces cells,
                          std::uint32_t wanted);
LineScan scan_line_avx2(const char* line, PaddedView input, CellPlaces cells, std::uint32_t wanted);
LineScan scan_line_avx512(const char* line, PaddedView input, CellPlaces cells,
                          std::uint32_t wanted);

// A second opinion for lines whose quotes are odd, scalar: a quote counts only at the start of a
// cell (RFC 4180), a brace there protects its commas up to its partner when `braces` is set
// (link_switches of PAN-OS 11.1 is written {a,b,c} without quotes). Unbalanced braces are ordinary
// characters.
LineScan scan_line_strict(std::string_view line, std::uint32_t* ends, std::uint32_t wanted,
                          bool braces);

// How far a stretch of input, which begins at the start of a line, goes on with lines of the plain
// kind: those whose first byte is what a log line starts with (a digit, "<" and a digit, a blank),
// or that are empty. The first line of another kind may open a document or a header row.
struct Survey {
  std::size_t odd_line{};    // offset of the first odd line; the size of the stretch when none is
  std::uint64_t newlines{};  // before odd_line
  friend bool operator==(const Survey&, const Survey&) = default;
};
using SurveyLines = Survey (*)(PaddedView stretch);
// The same of one line, two bytes of which can be read.
inline bool starts_plain(const char* line) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const char c = line[0];
  return is_digit(c) || (c == '<' && is_digit(line[1])) || c == ' ' || c == '\n' || c == '\r' ||
         c == '\t';
}
Survey survey_lines_scalar(PaddedView stretch);
Survey survey_lines_avx2(PaddedView stretch);
Survey survey_lines_avx512(PaddedView stretch);

struct ScanKernel {
  std::string_view name;  // "avx512", "avx2", "scalar"
  ScanLine scan_line;
  SurveyLines survey_lines;
  DecodeCommonColumns decode_common_columns;  // null: this kernel has no quick way
};
// The best kernel of this machine, or the one named by `wish` if this machine can run it; an
// unknown or unsupported wish gives a kernel with an empty name. An empty wish or "auto" is no
// wish.
ScanKernel scan_kernel(std::string_view wish = {});

}  // namespace endreason
