// SPDX-License-Identifier: Apache-2.0
#include "format/display_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "format/utf8.hpp"

namespace endreason {
namespace {

struct CodeRange {
  char32_t first, last;
};

// Characters that take no column of their own. Source: Unicode general categories Mn, Me, Cf; the
// blocks that names in logs can be expected to use.
constexpr auto kZeroWidth = std::to_array<CodeRange>({
    {0x0300, 0x036F},
    {0x0483, 0x0489},
    {0x0591, 0x05BD},
    {0x0610, 0x061A},
    {0x064B, 0x065F},
    {0x0E34, 0x0E3A},
    {0x0E47, 0x0E4E},
    {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},
    {0x200B, 0x200D},
    {0x20D0, 0x20FF},
    {0xFE00, 0xFE0F},
    {0xFE20, 0xFE2F},
    {0xFEFF, 0xFEFF},
    {0xE0100, 0xE01EF},
});
// Characters that take two. Source: Unicode East_Asian_Width W and F, by block.
constexpr auto kWide = std::to_array<CodeRange>({
    {0x1100, 0x115F},
    {0x2E80, 0x303E},
    {0x3041, 0x33FF},
    {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F},
    {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD},
});
// Marks that change the direction of what follows, with which a text can look like another one.
constexpr auto kDirectionMarks = std::to_array<CodeRange>({
    {0x061C, 0x061C},
    {0x200E, 0x200F},
    {0x2028, 0x202E},
    {0x2066, 0x2069},
});

template <std::size_t N>
bool in(const std::array<CodeRange, N>& ranges, char32_t code) {
  for (const CodeRange& range : ranges)
    if (code >= range.first && code <= range.last) return true;
  return false;
}

// C0, DEL and C1: the last ones are escape sequences of their own on some terminals.
bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

std::size_t width_of(char32_t code) {
  if (code < 0x300) return 1;
  if (in(kZeroWidth, code)) return 0;
  return in(kWide, code) ? 2 : 1;
}

void append_code(std::string& out, char32_t code) {
  constexpr char kHex[] = "0123456789abcdef";
  if (code == '\n') {
    out += "\\n";
  } else if (code == '\r') {
    out += "\\r";
  } else if (code == '\t') {
    out += "\\t";
  } else {
    out += code < 0x100 ? "\\x" : "\\u";
    for (int shift = code < 0x100 ? 4 : 12; shift >= 0; shift -= 4) out += kHex[code >> shift & 15];
  }
}

}  // namespace

void append_visible(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const Utf8Character c = first_utf8_character(text);
    if (c.bytes == 0) {
      out += kReplacementCharacter;
      text.remove_prefix(1);
      continue;
    }
    if (is_control(c.code) || in(kDirectionMarks, c.code)) {
      append_code(out, c.code);
    } else {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
}

std::string visible(std::string_view text) {
  std::string out;
  append_visible(out, text);
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Utf8Character c = first_utf8_character(text);
    width += c.bytes == 0 ? 1 : width_of(c.code);
    text.remove_prefix(c.bytes == 0 ? 1 : c.bytes);
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  if (width == 0) return out;
  std::size_t used = 0;
  while (!text.empty()) {
    const Utf8Character c = first_utf8_character(text);
    const std::size_t bytes = c.bytes == 0 ? 1 : c.bytes;
    const std::size_t columns = c.bytes == 0 ? 1 : width_of(c.code);
    if (used + columns > width - 1) break;
    out += text.substr(0, bytes);
    used += columns;
    text.remove_prefix(bytes);
  }
  out += "\u2026";
  return out;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t columns = display_width(word);
    if (used > 0 && used + 1 + columns > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) {
      lines.back() += ' ';
      ++used;
    }
    lines.back() += word;
    used += columns;
  }
  return lines;
}

void append_inked(std::string& out, std::string_view text, Ink ink, bool colour) {
  // Select Graphic Rendition, ECMA-48.
  constexpr std::array<std::string_view, 6> kCodes = {"", "1", "2", "31", "33", "32"};
  if (!colour || ink == Ink::None) {
    out += text;
    return;
  }
  out.append("\x1b[").append(kCodes[static_cast<std::size_t>(ink)]).append("m");
  out += text;
  out += "\x1b[0m";
}

}  // namespace endreason
