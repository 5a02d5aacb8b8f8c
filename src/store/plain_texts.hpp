// SPDX-License-Identifier: Apache-2.0
// Whether a text is the one that its value gives back, so that the value alone has to be kept. For
// hot paths. Room store only.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/stored_column.hpp"

namespace endreason {

// A dotted quad without leading zeros, which is the text that its value gives back.
inline bool plain_quad(std::string_view text, std::uint32_t& address) {
  std::uint32_t value = 0;
  std::uint32_t octet = 0;
  unsigned digits = 0;
  unsigned dots = 0;
  for (const char c : text) {
    const unsigned d = static_cast<unsigned char>(c) - unsigned{'0'};
    if (d <= 9) {
      if (digits > 0 && octet == 0) return false;
      octet = octet * 10 + d;
      if (++digits > 3) return false;
    } else {
      if (c != '.' || digits == 0 || octet > 255 || ++dots > 3) return false;
      value = value << 8 | octet;
      octet = 0;
      digits = 0;
    }
  }
  if (dots != 3 || digits == 0 || octet > 255) return false;
  address = value << 8 | octet;
  return true;
}

// Whether the database writes this number back as it was.
inline bool plain_number(std::string_view text, std::uint64_t value, StoredAs as) {
  // Decimal digits that make a number are written back the same unless there is a zero too much.
  if (as != StoredAs::Hex) return text.front() != '0' || text.size() == 1;
  char digits[24] = {'0', 'x'};
  const char* end = std::to_chars(digits + 2, digits + sizeof digits, value, 16).ptr;
  return text == std::string_view(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace endreason
