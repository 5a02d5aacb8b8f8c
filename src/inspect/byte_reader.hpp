// SPDX-License-Identifier: Apache-2.0
// ByteReader: numbers and vectors off the front of a message, as TLS and SSH write them. After a
// failure everything is empty and `good` false, so that a whole message may be read and asked once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace endreason::inspect {

struct ByteReader {
  std::span<const std::uint8_t> rest;
  bool good = true;

  std::span<const std::uint8_t> take(std::size_t n) {
    if (n > rest.size()) {
      good = false;
      rest = {};
      return {};
    }
    const auto out = rest.first(n);
    rest = rest.subspan(n);
    return out;
  }
  unsigned number(std::size_t bytes) {
    unsigned n = 0;
    for (const std::uint8_t b : take(bytes)) n = n << 8 | b;
    return n;
  }
  std::span<const std::uint8_t> vector(std::size_t length_bytes) {
    return take(number(length_bytes));
  }
};

}  // namespace endreason::inspect
