// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a stored file: recognised, decompressed, and read to the end, once in large
// pieces and once in small ones. Both must end alike, and give the same bytes when they end well.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sources/compression.hpp"
#include "sources/memory_source.hpp"

namespace {

constexpr std::size_t kPlainBytesMax = std::size_t{4} << 20;  // a bomb need not be read whole

struct Outcome {
  std::string text;
  bool failed = false;
  bool cut = false;  // reading was given up at kPlainBytesMax
};

Outcome read_all(std::string_view stored, std::size_t step, std::size_t buffer_bytes) {
  Outcome outcome;
  auto source =
      endreason::decompressed(std::make_unique<endreason::MemorySource>(stored, "fuzzed", step));
  if (!source) {
    outcome.failed = true;
    return outcome;
  }
  std::vector<char> buffer(buffer_bytes);
  for (;;) {
    const auto got = (*source)->read(buffer);
    if (!got) {
      outcome.failed = true;
      if ((*source)->read(buffer)) std::abort();  // an error must stay
      return outcome;
    }
    if (*got > buffer.size()) std::abort();
    if (*got == 0) return outcome;
    outcome.text.append(buffer.data(), *got);
    if (outcome.text.size() > kPlainBytesMax) {
      outcome.cut = true;
      return outcome;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The sizes of the pieces come out of the bytes themselves, so that any stored file is a seed.
  const std::size_t step = data[size - 1] + std::size_t{1};
  const std::size_t buffer_bytes = data[size / 2] * std::size_t{37} + 1;
  const std::string_view stored(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read_all(stored, stored.size() + 1, std::size_t{1} << 16);
  const Outcome pieces = read_all(stored, step, buffer_bytes);
  if (whole.cut || pieces.cut) return 0;
  if (whole.failed != pieces.failed) std::abort();
  if (!whole.failed && whole.text != pieces.text) std::abort();
  return 0;
}
