// SPDX-License-Identifier: Apache-2.0
// Numbers from text, for hot paths: no locale, no allocation, no errno.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace endreason {

// The whole of `text` as a decimal number. False (and value untouched) when empty, not all digits,
// or above 2^64-1.
inline bool parse_decimal(std::string_view text, std::uint64_t& value) {
  if (text.empty() || text.size() > 20) return false;
  std::uint64_t v = 0;
  if (text.size() < 20) {
    for (char c : text) {
      const unsigned d = static_cast<unsigned char>(c) - unsigned{'0'};
      if (d > 9) return false;
      v = v * 10 + d;
    }
    value = v;
    return true;
  }
  for (char c : text) {
    const unsigned d = static_cast<unsigned char>(c) - unsigned{'0'};
    if (d > 9) return false;
    if (v > (UINT64_MAX - d) / 10) return false;
    v = v * 10 + d;
  }
  value = v;
  return true;
}

// "0x1b", "0X1B", or a decimal number (some exports write flags so).
inline bool parse_hex_or_decimal(std::string_view text, std::uint64_t& value) {
  if (text.size() < 3 || text[0] != '0' || (text[1] | 0x20) != 'x')
    return parse_decimal(text, value);
  if (text.size() > 18) return false;
  std::uint64_t v = 0;
  for (std::size_t i = 2; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    unsigned d = c - unsigned{'0'};
    if (d > 9) {
      d = (c | 0x20u) - unsigned{'a'};
      if (d > 5) return false;
      d += 10;
    }
    v = v << 4 | d;
  }
  value = v;
  return true;
}

}  // namespace endreason
