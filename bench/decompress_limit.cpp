// SPDX-License-Identifier: Apache-2.0
// Reads one stored file (plain, gzip, zstd) through our own sources and throws the bytes away: the
// speed that any reading of it can have at most. Prints seconds and GB/s of plain bytes.
#include <chrono>
#include <cstdio>
#include <vector>

#include "sources/input_list.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "decompress_limit FILE\n");
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  auto source = endreason::open_input({arguments[1], std::nullopt});
  if (!source) {
    std::fprintf(stderr, "%s\n", source.error().message.c_str());
    return 4;
  }
  std::vector<char> buffer(std::size_t{1} << 20);
  double bytes = 0;
  for (;;) {
    const auto got = (*source)->read(buffer);
    if (!got) {
      std::fprintf(stderr, "%s\n", got.error().message.c_str());
      return 4;
    }
    if (*got == 0) break;
    bytes += static_cast<double>(*got);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%.3f\t%.3f\n", took.count(), bytes / took.count() / 1e9);
  return 0;
}
