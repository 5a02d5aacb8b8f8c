// SPDX-License-Identifier: Apache-2.0
#include "model/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/parse_number.hpp"
#include "base/short_load.hpp"
#include "model/dotted_quad.hpp"

namespace endreason {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

#if defined(__SSE2__)
// Exactly a dotted quad, by masks: which of the bytes are digits, which are dots, how far apart.
// What parse_dotted_quad() takes, without reading the value that nobody asks for here.
bool is_dotted_quad(std::string_view text) {
  const std::size_t n = text.size();
  if (n < 7 || n > 15) return false;
  const __m128i bytes = load_up_to_16(text.data(), n);
  const unsigned within = (1u << n) - 1;
  const __m128i digit = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const auto digits = static_cast<unsigned>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)));
  const auto dots =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')))) & within;
  if (((digits | dots) & within) != within) return false;
  unsigned rest = dots | 1u << n;  // where the octets end; four of them
  unsigned begin = 0;
  for (int octet = 0; octet < 4; ++octet) {
    if (rest == 0) return false;
    const auto end = static_cast<unsigned>(__builtin_ctz(rest));
    rest &= rest - 1;
    const unsigned length = end - begin;
    if (length - 1 > 2) return false;
    if (length == 3) {
      const char* p = text.data() + begin;
      const unsigned value = static_cast<unsigned>(p[0] - '0') * 100 +
                             static_cast<unsigned>(p[1] - '0') * 10 +
                             static_cast<unsigned>(p[2] - '0');
      if (value > 255) return false;
    }
    begin = end + 1;
  }
  return rest == 0;
}
#else
bool is_dotted_quad(std::string_view) {
  return false;
}  // the long way decides
#endif

// RFC 4291 text without an embedded dotted quad: up to eight groups of up to four hexadecimal
// digits, one run of groups left out.
bool is_plain_ipv6(std::string_view text) {
  if (text.size() < 2 || text.size() > 39) return false;
  unsigned groups = 0, digits = 0;
  bool gap = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char l = static_cast<char>(c | 0x20);
    if ((c >= '0' && c <= '9') || (l >= 'a' && l <= 'f')) {
      if (++digits > 4) return false;
      continue;
    }
    if (c != ':') return false;
    const bool twice = i + 1 < text.size() && text[i + 1] == ':';
    if (digits == 0 && !(i == 0 && twice)) return false;
    groups += digits != 0;
    digits = 0;
    if (!twice) {
      if (i + 1 == text.size()) return false;  // a lone colon ends nothing
      continue;
    }
    if (gap) return false;
    gap = true;
    ++i;
  }
  groups += digits != 0;
  return gap ? groups <= 7 : groups == 8;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  IpAddress address;
  if (text.size() < 2 || text.size() > 45) return std::nullopt;
  if (text.find(':') == std::string_view::npos) {
    std::uint32_t quad = 0;
    if (!parse_dotted_quad(text, quad)) return std::nullopt;
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    for (std::size_t i = 0; i < 4; ++i)
      address.bytes[12 + i] = static_cast<std::uint8_t>(quad >> (24 - 8 * i));
    return address;
  }
  char buffer[46];
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  if (inet_pton(AF_INET6, buffer, address.bytes.data()) != 1) return std::nullopt;
  return address;
}

bool is_ip(std::string_view text) {
  return is_dotted_quad(text) || is_plain_ipv6(text) || parse_ip(text).has_value();
}

std::string to_string(const IpAddress& address) {
  char buffer[INET6_ADDRSTRLEN];
  if (address.is_v4()) {
    inet_ntop(AF_INET, address.bytes.data() + 12, buffer, sizeof buffer);
  } else {
    inet_ntop(AF_INET6, address.bytes.data(), buffer, sizeof buffer);
  }
  return buffer;
}

std::optional<IpRange> parse_ip_range(std::string_view text) {
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    const auto first = parse_ip(text.substr(0, dash));
    const auto last = parse_ip(text.substr(dash + 1));
    if (!first || !last || *last < *first || first->is_v4() != last->is_v4()) return std::nullopt;
    return IpRange{*first, *last};
  }
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpRange range{*address, *address};
  if (slash == std::string_view::npos) return range;
  std::uint64_t bits = 0;
  if (!parse_decimal(text.substr(slash + 1), bits)) return std::nullopt;
  if (bits > (address->is_v4() ? 32u : 128u)) return std::nullopt;
  if (address->is_v4()) bits += 96;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t kept = bits > i * 8 ? std::min<std::size_t>(8, bits - i * 8) : 0;
    const auto mask = static_cast<std::uint8_t>(0xff00u >> kept);
    range.first.bytes[i] = static_cast<std::uint8_t>(range.first.bytes[i] & mask);
    range.last.bytes[i] =
        static_cast<std::uint8_t>(range.last.bytes[i] | static_cast<std::uint8_t>(~mask));
  }
  return range;
}

}  // namespace endreason
