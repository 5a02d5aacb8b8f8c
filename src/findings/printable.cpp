// SPDX-License-Identifier: Apache-2.0
#include "findings/printable.hpp"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace endreason {
namespace {

struct Character {
  std::uint32_t code;
  std::uint8_t size;  // bytes
  bool valid;
};

// The UTF-8 character at the front of a text that is not empty; an invalid byte stands alone.
Character front_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const std::uint8_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {first, 1, false};
  std::uint32_t code = first & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0u) != 0x80) return {first, 1, false};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) return {first, 1, false};
  return {code, size, true};
}

struct Span {
  std::uint32_t first, last;
};
// Controls, and the format characters of Unicode that change how their neighbours are shown.
constexpr auto kUnsafe = std::to_array<Span>({
    {0x0000, 0x001f},
    {0x007f, 0x009f},
    {0x00ad, 0x00ad},  // soft hyphen
    {0x061c, 0x061c},  // Arabic letter mark
    {0x200b, 0x200f},  // zero width, directional marks
    {0x2028, 0x202e},  // line separators, directional overrides
    {0x2060, 0x206f},  // word joiner, isolates
    {0xfeff, 0xfeff},  // byte order mark
    {0xfff9, 0xfffb},
    {0xe0000, 0xe007f},  // tags
});
// East Asian wide and emoji: two cells each. Source: Unicode EastAsianWidth, in coarse blocks.
constexpr auto kWide = std::to_array<Span>({
    {0x1100, 0x115f},
    {0x2e80, 0xa4cf},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0xffe0, 0xffe6},
    {0x1f300, 0x1faff},
    {0x20000, 0x3fffd},
});

template <std::size_t N>
constexpr bool within(const std::array<Span, N>& spans, std::uint32_t code) {
  for (const Span& span : spans)
    if (code >= span.first && code <= span.last) return true;
  return false;
}

bool is_safe(const Character& c) {
  return c.valid && !within(kUnsafe, c.code);
}

// One character as it is shown, and the cells it takes.
std::size_t append_shown(std::string_view text, const Character& c, std::string& out) {
  if (is_safe(c)) {
    out.append(text.substr(0, c.size));
    return within(kWide, c.code) ? 2 : 1;
  }
  const std::size_t before = out.size();
  if (c.code < 0x100)
    out += fmt::format("\\x{:02x}", c.code);
  else
    out += fmt::format("\\u{:04x}", c.code);
  return out.size() - before;
}

}  // namespace

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const Character c = front_character(text);
    if (!is_safe(c)) return false;
    text.remove_prefix(c.size);
  }
  return true;
}

std::size_t append_printable(std::string_view text, std::size_t columns, std::string& out) {
  std::size_t used = 0;
  std::size_t fits_bytes = out.size();  // where an ellipsis could still follow
  std::size_t fits_cells = 0;
  while (!text.empty()) {
    if (used + 1 <= columns) {
      fits_bytes = out.size();
      fits_cells = used;
    }
    const Character c = front_character(text);
    used += append_shown(text, c, out);
    if (used > columns) {
      out.resize(fits_bytes);
      if (columns == 0) return 0;
      out += "…";
      return fits_cells + 1;
    }
    text.remove_prefix(c.size);
  }
  return used;
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const Character c = front_character(text);
    if (!c.valid) {
      out += "\\ufffd";
    } else if (c.code == '"' || c.code == '\\') {
      out += '\\';
      out += static_cast<char>(c.code);
    } else if (is_safe(c)) {
      out.append(text.substr(0, c.size));
    } else if (c.code < 0x10000) {
      out += fmt::format("\\u{:04x}", c.code);
    } else {
      const std::uint32_t rest = c.code - 0x10000;
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
    }
    text.remove_prefix(c.size);
  }
  out += '"';
}

}  // namespace endreason
