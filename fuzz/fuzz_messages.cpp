// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a stream of syslog messages, octet-counted and by line. However the bytes are
// cut by the network, the same lines come out, none longer than allowed, and every line is whole.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sources/syslog_listener.hpp"

namespace {

constexpr std::size_t kLineMax = 200;  // short, so that lines that are too long are tried as well

struct Outcome {
  std::string lines;
  std::uint64_t cut = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome in_pieces(std::string_view bytes, std::size_t first, std::size_t step) {
  endreason::MessageCutter cutter(kLineMax);
  Outcome outcome;
  for (std::size_t count = first; !bytes.empty(); count = step) {
    count = std::clamp<std::size_t>(count, 1, bytes.size());
    cutter.add(bytes.substr(0, count), outcome.lines);
    bytes.remove_prefix(count);
  }
  cutter.finish(outcome.lines);
  outcome.cut = cutter.cut();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = in_pieces(bytes, size, size);
  if (whole.lines.size() > bytes.size() + 1) std::abort();
  if (!whole.lines.empty() && whole.lines.back() != '\n') std::abort();
  std::string_view rest = whole.lines;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end > kLineMax) std::abort();
    rest.remove_prefix(end + 1);
  }
  if (in_pieces(bytes, 1, 1) != whole) std::abort();
  const std::size_t step = size == 0 ? 1 : data[size - 1] + std::size_t{1};
  if (in_pieces(bytes, size / 2, step) != whole) std::abort();
  return 0;
}
