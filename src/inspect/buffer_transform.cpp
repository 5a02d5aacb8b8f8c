// SPDX-License-Identifier: Apache-2.0
#include "inspect/buffer_transform.hpp"

#include <algorithm>

namespace endreason::inspect {
namespace {

using Buffer = std::vector<std::uint8_t>;

bool space(std::uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
std::uint8_t lower(std::uint8_t c) {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c | 0x20) : c;
}
std::uint8_t upper(std::uint8_t c) {
  return c >= 'a' && c <= 'z' ? static_cast<std::uint8_t>(c & 0xdf) : c;
}
int hex_digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void url_decode(Buffer& bytes) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint8_t c = bytes[i];
    if (c == '+') {
      c = ' ';
    } else if (c == '%' && i + 2 < bytes.size()) {
      const int high = hex_digit(bytes[i + 1]), low = hex_digit(bytes[i + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<std::uint8_t>(high << 4 | low);
        i += 2;
      }
    }
    bytes[out++] = c;
  }
  bytes.resize(out);
}

void compress_whitespace(Buffer& bytes) {
  std::size_t out = 0;
  bool before = false;
  for (const std::uint8_t c : bytes) {
    const bool now = space(c);
    if (!now || !before) bytes[out++] = c;
    before = now;
  }
  bytes.resize(out);
}

// The names of header lines, up to their colon.
void header_lowercase(Buffer& bytes) {
  bool name = true;
  for (std::uint8_t& c : bytes) {
    if (c == ':') name = false;
    if (c == '\n') name = true;
    if (name) c = lower(c);
  }
}

// Header lines that begin with a colon, as HTTP/2 has them.
void strip_pseudo_headers(Buffer& bytes) {
  std::size_t out = 0;
  bool begin = true, drop = false;
  for (const std::uint8_t c : bytes) {
    if (begin) drop = c == ':';
    if (!drop) bytes[out++] = c;
    begin = c == '\n';
  }
  bytes.resize(out);
}

}  // namespace

void apply_transform(const RuleTransform& transform, Buffer& bytes) {
  switch (transform.kind) {
    case TransformKind::ToLowercase:
      std::transform(bytes.begin(), bytes.end(), bytes.begin(), lower);
      break;
    case TransformKind::ToUppercase:
      std::transform(bytes.begin(), bytes.end(), bytes.begin(), upper);
      break;
    case TransformKind::StripWhitespace:
      std::erase_if(bytes, space);
      break;
    case TransformKind::CompressWhitespace:
      compress_whitespace(bytes);
      break;
    case TransformKind::UrlDecode:
      url_decode(bytes);
      break;
    case TransformKind::DotPrefix:
      bytes.insert(bytes.begin(), '.');
      break;
    case TransformKind::HeaderLowercase:
      header_lowercase(bytes);
      break;
    case TransformKind::StripPseudoHeaders:
      strip_pseudo_headers(bytes);
      break;
    case TransformKind::XorKey:
      for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] ^= static_cast<std::uint8_t>(transform.key[i % transform.key.size()]);
      break;
  }
}

}  // namespace endreason::inspect
