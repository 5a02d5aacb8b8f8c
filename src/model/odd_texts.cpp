// SPDX-License-Identifier: Apache-2.0
#include "model/odd_texts.hpp"

#include <cstdint>
#include <cstring>

namespace endreason {
namespace {

// How many bytes the character at the front has; 0 when it is none.
std::size_t character_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  const unsigned second = at(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
    return 0;
  return n;
}

constexpr char kHex[] = "0123456789abcdef";

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20) {
      out += "\\u00";
      out += kHex[u >> 4];
      out += kHex[u & 15];
    } else {
      out += c;
    }
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// A quoted text at the front of `rest`, which is moved behind it.
bool read_quoted(std::string_view& rest, std::string& out) {
  out.clear();
  if (rest.empty() || rest.front() != '"') return false;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return true;
    }
    if (rest[i] != '\\') {
      out += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] != 'u') {
      out += rest[++i];
    } else if (i + 5 < rest.size() && hex_value(rest[i + 4]) >= 0 && hex_value(rest[i + 5]) >= 0) {
      out += static_cast<char>(hex_value(rest[i + 4]) << 4 | hex_value(rest[i + 5]));
      i += 5;
    } else {
      return false;
    }
  }
  return false;
}

}  // namespace

bool is_utf8_text(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080;
  for (std::size_t i = 0; i < text.size();) {
    std::uint64_t word = 0;
    if (text.size() - i >= sizeof word) {
      std::memcpy(&word, text.data() + i, sizeof word);
      if ((word & kHighBits) == 0) [[likely]] {
        i += sizeof word;
        continue;
      }
    }
    if (static_cast<unsigned char>(text[i]) < 0x80) [[likely]] {
      ++i;
      continue;
    }
    const std::size_t n = character_bytes(text.substr(i));
    if (n == 0) return false;
    i += n;
  }
  return true;
}

// U+F780 to U+F7FF are the bytes 80 to FF: EF 9E 80 to EF 9F BF.
std::string as_utf8_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + 8);
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t n = character_bytes(bytes.substr(i));
    if (n > 0) {
      out.append(bytes, i, n);
      i += n;
      continue;
    }
    const auto u = static_cast<unsigned char>(bytes[i++]);
    out += '\xef';
    out += static_cast<char>(0x9c | u >> 6);
    out += static_cast<char>(0x80 | (u & 0x3f));
  }
  return out;
}

std::string as_bytes(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto second = i + 2 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0u;
    if (utf8[i] == '\xef' && (second == 0x9e || second == 0x9f)) {
      const auto third = static_cast<unsigned char>(utf8[i + 2]);
      out += static_cast<char>((second & 3) << 6 | (third & 0x3f));
      i += 2;
    } else {
      out += utf8[i];
    }
  }
  return out;
}

void append_odd(std::string& object, std::string_view name, std::string_view text) {
  object += object.empty() ? "{\"" : ",\"";
  append_escaped(object, name);
  object += "\":\"";
  append_escaped(object, text);
  object += '"';
}

bool read_odd(std::string_view object,
              const std::function<void(std::string_view, std::string_view)>& take) {
  if (object.size() < 2 || object.front() != '{' || object.back() != '}') return false;
  std::string_view rest = object.substr(1);
  std::string name;
  std::string text;
  while (true) {
    if (!read_quoted(rest, name) || rest.empty() || rest.front() != ':') return false;
    rest.remove_prefix(1);
    if (!read_quoted(rest, text) || rest.empty()) return false;
    take(name, text);
    if (rest == "}") return true;
    if (rest.front() != ',') return false;
    rest.remove_prefix(1);
  }
}

}  // namespace endreason
