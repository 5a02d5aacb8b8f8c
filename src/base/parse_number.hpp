// SPDX-License-Identifier: Apache-2.0
// Numbers from text, for hot paths: no locale, no allocation, no errno.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/short_load.hpp"

namespace endreason {

// Eight decimal digits, the first in the lowest byte, as their number; false when one is no digit.
// Each step joins neighbours: digits to pairs, pairs to fours, fours to eight.
inline bool eight_digits(std::uint64_t word, std::uint64_t& value) {
  const std::uint64_t digits = word ^ 0x3030'3030'3030'3030;
  if (((digits + 0x7676'7676'7676'7676) | digits) & 0x8080'8080'8080'8080) return false;
  std::uint64_t v = digits * 10 + (digits >> 8);
  v = (((v & 0x0000'00ff'0000'00ff) * 0x000f'4240'0000'0064) +
       (((v >> 16) & 0x0000'00ff'0000'00ff) * 0x0000'2710'0000'0001)) >>
      32;
  value = v & 0xffff'ffff;
  return true;
}

// The whole of `text` as a decimal number. False (and value untouched) when empty, not all digits,
// or above 2^64-1.
inline bool parse_decimal(std::string_view text, std::uint64_t& value) {
  const std::size_t n = text.size();
  if (n - 1 < 8) [[likely]] {
    // Most counters: moved up against the end of a word whose front is filled with zeros.
    const std::uint64_t word = load_up_to_8(text.data(), n);
    const std::uint64_t filled =
        n == 8 ? word : word << (64 - n * 8) | 0x3030'3030'3030'3030 >> (n * 8);
    return eight_digits(filled, value);
  }
  if (n == 0 || n > 20) return false;
  std::uint64_t v = 0;
  for (const char c : text) {
    const unsigned d = static_cast<unsigned char>(c) - unsigned{'0'};
    if (d > 9) return false;
    if (n == 20 && v > (UINT64_MAX - d) / 10) return false;
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
