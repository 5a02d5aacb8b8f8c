// SPDX-License-Identifier: Apache-2.0
// One character of UTF-8 at a time, strictly: no overlong forms, no surrogates, nothing above
// U+10FFFF. For log texts, which may hold any bytes. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace endreason {

struct Utf8Character {
  char32_t code{};
  std::uint8_t bytes{};  // 0: the text does not begin with a valid character
};

// The first character of a text that is not empty. After an invalid one the caller goes on one byte
// later.
constexpr Utf8Character first_utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xC2 || lead > 0xF4) return {};
  const std::uint8_t count = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < count) return {};
  char32_t code = lead & (0xFFu >> (count + 1));
  for (std::size_t i = 1; i < count; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[count] || code > 0x10FFFF || surrogate) return {};
  return {code, count};
}

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace endreason
