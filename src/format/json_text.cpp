// SPDX-License-Identifier: Apache-2.0
#include "format/json_text.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "format/padded_load.hpp"
#include "format/utf8.hpp"

namespace endreason {
namespace {

// 2^53: above it not every integer is a double.
constexpr std::string_view kLargestExact = "9007199254740992";

bool stands_as_it_is(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

char* write_escape(char* out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  *out++ = '\\';
  switch (c) {
    case '"':
      *out++ = '"';
      break;
    case '\\':
      *out++ = '\\';
      break;
    case '\n':
      *out++ = 'n';
      break;
    case '\r':
      *out++ = 'r';
      break;
    case '\t':
      *out++ = 't';
      break;
    default:
      out[0] = 'u';
      out[1] = out[2] = '0';
      out[3] = kHex[c >> 4];
      out[4] = kHex[c & 15];
      out += 5;
  }
  return out;
}

// One character that cannot be copied as a byte: moves `text` behind it.
char* write_special(char* out, std::string_view& text) {
  const auto c = static_cast<unsigned char>(text[0]);
  if (c < 0x80) {
    text.remove_prefix(1);
    return write_escape(out, c);
  }
  const Utf8Character character = first_utf8_character(text);
  if (character.bytes == 0) {
    std::memcpy(out, kReplacementCharacter.data(), kReplacementCharacter.size());
    text.remove_prefix(1);
    return out + kReplacementCharacter.size();
  }
  std::memcpy(out, text.data(), character.bytes);
  text.remove_prefix(character.bytes);
  return out + character.bytes;
}

}  // namespace

char* write_json_text_scalar(char* out, std::string_view text) {
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    if (stands_as_it_is(c)) {
      *out++ = text[0];
      text.remove_prefix(1);
    } else {
      out = write_special(out, text);
    }
  }
  return out;
}

#if defined(__SSE2__)
char* write_json_text(char* out, std::string_view text) {
  while (!text.empty()) {
    const __m128i bytes = load_16(text.data(), text.size());
    unsigned special = special_bytes(bytes);
    const std::size_t here = text.size() < 16 ? text.size() : 16;
    special &= (1u << here) - 1;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    if (special == 0) {
      out += here;
      text.remove_prefix(here);
      continue;
    }
    const auto plain = static_cast<std::size_t>(std::countr_zero(special));
    out += plain;
    text.remove_prefix(plain);
    out = write_special(out, text);
  }
  return out;
}
#else
char* write_json_text(char* out, std::string_view text) {
  return write_json_text_scalar(out, text);
}
#endif

bool is_json_number(std::string_view text) {
  if (text.empty() || text.size() > kLargestExact.size()) return false;
  if (text[0] == '0') return text.size() == 1;
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return text.size() < kLargestExact.size() || text <= kLargestExact;
}

void append_json_string(std::string& out, std::string_view text) {
  // Nearly all texts of a log are short: composed on the stack, so that the string grows by what is
  // written and no more.
  constexpr std::size_t kShort = 128;
  if (text.size() <= kShort) {
    char quoted[json_room(kShort) + 1];
    quoted[0] = '"';
    char* end = write_json_text(quoted + 1, text);
    *end++ = '"';
    out.append(quoted, end);
    return;
  }
  const std::size_t old_size = out.size();
  out.resize(old_size + json_room(text.size()) + 1);
  char* const begin = out.data() + old_size;
  *begin = '"';
  char* end = write_json_text(begin + 1, text);
  *end++ = '"';
  out.resize(old_size + static_cast<std::size_t>(end - begin));
}

}  // namespace endreason
