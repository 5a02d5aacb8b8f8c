// SPDX-License-Identifier: Apache-2.0
#include "parse/csv_scan.hpp"

#include <algorithm>

namespace endreason {

LineScan scan_line_scalar(const char* line, PaddedView input, CellPlaces places,
                          std::uint32_t wanted) {
  LineScan scan;
  bool quoted = false;
  bool cell_start = true;  // the byte before was a comma outside quotes, a quote, or nothing
  std::uint32_t cells = 0;
  const char* p = line;
  for (; p != input.end() && *p != '\n'; ++p) {
    const char c = *p;
    if (c == '"') {
      if (scan.first_quote == kNoQuote) scan.first_quote = static_cast<std::uint32_t>(p - line);
      if (!quoted && !cell_start) scan.quote_misplaced = true;
      quoted = !quoted;
      cell_start = true;  // a closing quote may be followed by an opening one: a doubled quote
      continue;
    }
    if (c == ',' && !quoted) {
      if (cells < wanted) places.ends[cells] = static_cast<std::uint32_t>(p - line);
      ++cells;
      if (cells < wanted) places.begins[cells] = static_cast<std::uint32_t>(p - line) + 1;
      cell_start = true;
      continue;
    }
    cell_start = false;
  }
  scan.length = static_cast<std::uint32_t>(p - line);
  if (cells < wanted) places.ends[cells] = scan.length;
  scan.cells = cells + 1;
  scan.quote_open = quoted;
  return scan;
}

// Behind the group of braces that opens at line[i] and those that follow it ("{..}{..}",
// "{..},{..}": link_switches has up to four entries); i itself when it does not close.
static std::size_t behind_braces(std::string_view line, std::size_t i) {
  std::size_t depth = 0;
  std::size_t end = i;
  for (std::size_t p = i; p < line.size(); ++p) {
    if (line[p] == '{') ++depth;
    if (line[p] != '}' || --depth > 0) continue;
    end = p + 1;
    const bool comma = end + 1 < line.size() && line[end] == ',' && line[end + 1] == '{';
    if (comma) ++p;
    if (!comma && (end == line.size() || line[end] != '{')) break;
  }
  return end;
}

LineScan scan_line_strict(std::string_view line, std::uint32_t* ends, std::uint32_t wanted,
                          bool braces) {
  LineScan scan;
  std::uint32_t cells = 0;
  std::size_t i = 0;
  for (;;) {
    // At the start of a cell.
    if (i < line.size() && line[i] == '"') {
      if (scan.first_quote == kNoQuote) scan.first_quote = static_cast<std::uint32_t>(i);
      std::size_t close = i + 1;
      for (; close < line.size(); ++close) {
        if (line[close] != '"') continue;
        if (close + 1 < line.size() && line[close + 1] == '"') {
          ++close;
          continue;
        }
        break;
      }
      if (close >= line.size()) {
        scan.quote_open = true;
        i = line.size();
      } else {
        i = close + 1;
      }
    } else if (braces && i < line.size() && line[i] == '{') {
      i = behind_braces(line, i);
    }
    i = std::min(line.find(',', i), line.size());
    if (cells < wanted) ends[cells] = static_cast<std::uint32_t>(i);
    ++cells;
    if (i == line.size()) break;
    ++i;
  }
  scan.length = static_cast<std::uint32_t>(line.size());
  scan.cells = cells;
  return scan;
}

Survey survey_lines_scalar(PaddedView stretch) {
  Survey survey;
  const std::string_view text = stretch.text();
  survey.odd_line = text.size();
  bool line_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // Behind the last byte stands padding, so a lone "<" there is odd; it is looked at more
    // closely.
    if (line_start && !starts_plain(stretch.begin() + i)) {
      survey.odd_line = i;
      return survey;
    }
    line_start = text[i] == '\n';
    if (line_start) ++survey.newlines;
  }
  return survey;
}

ScanKernel scan_kernel(std::string_view wish) {
  constexpr ScanKernel kScalar{"scalar", scan_line_scalar, survey_lines_scalar, nullptr};
#if defined(__x86_64__)
  constexpr ScanKernel kAvx2{"avx2", scan_line_avx2, survey_lines_avx2, nullptr};
  constexpr ScanKernel kAvx512{"avx512", scan_line_avx512, survey_lines_avx512,
                               decode_common_columns_avx512};
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
                    __builtin_cpu_supports("bmi");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
                      __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2");
  const bool any = wish.empty() || wish == "auto";
  if (avx512 && (any || wish == kAvx512.name)) return kAvx512;
  if (avx2 && (any || wish == kAvx2.name)) return kAvx2;
  if (any || wish == kScalar.name) return kScalar;
#else
  if (wish.empty() || wish == "auto" || wish == kScalar.name) return kScalar;
#endif
  return {};
}

}  // namespace endreason
