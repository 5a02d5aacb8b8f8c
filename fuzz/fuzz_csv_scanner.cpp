// SPDX-License-Identifier: Apache-2.0
// Holds the vector kernels of the CSV scanner to the scalar one on arbitrary bytes.
// Input: first byte = cells wanted, the rest = the text.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "parse/csv_scan.hpp"

namespace {

using namespace endreason;

void demand(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint32_t wanted = 1 + data[0] % kCellsMax;
  Chunk chunk(size - 1);
  if (size > 1) std::memcpy(chunk.data(), data + 1, size - 1);
  chunk.set_size(size - 1);
  std::array<std::uint32_t, kCellSlots> expected{}, actual{}, begins{}, actual_begins{};
  for (const char* name : {"avx2", "avx512"}) {
    const ScanKernel kernel = scan_kernel(name);
    if (kernel.name.empty()) continue;
    demand(survey_lines_scalar(chunk.padded()) == kernel.survey_lines(chunk.padded()));
    // Line after line, as the reader does.
    const char* line = chunk.text().data();
    const char* end = line + chunk.size();
    while (line <= end) {
      const LineScan a =
          scan_line_scalar(line, chunk.padded(), {begins.data(), expected.data()}, wanted);
      const LineScan b =
          kernel.scan_line(line, chunk.padded(), {actual_begins.data(), actual.data()}, wanted);
      demand(a == b);
      const std::uint32_t n = a.cells < wanted ? a.cells : wanted;
      for (std::uint32_t i = 0; i < n; ++i) {
        demand(expected[i] == actual[i] && expected[i] <= a.length);
        demand(i == 0 || expected[i] > expected[i - 1]);
        demand(i == 0 ? begins[0] == 0 && actual_begins[0] == 0
                      : begins[i] == expected[i - 1] + 1 && actual_begins[i] == begins[i]);
      }
      line += a.length + 1;
    }
  }
  const std::string_view text = chunk.text();
  const LineScan strict = scan_line_strict(text, expected.data(), wanted, (data[0] & 1) != 0);
  const std::uint32_t n = strict.cells < wanted ? strict.cells : wanted;
  for (std::uint32_t i = 0; i < n; ++i) demand(expected[i] <= text.size());
  return 0;
}
