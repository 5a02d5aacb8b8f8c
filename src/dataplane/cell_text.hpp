// SPDX-License-Identifier: Apache-2.0
// Cells of a traffic log as text: each function writes to `to` and returns its end. Up to
// kCellSlack bytes behind the end may be written over, so that short texts are copied whole.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "model/ip_address.hpp"

namespace endreason {

inline constexpr std::size_t kCellSlack = 32;
// The longest number, address or time.
inline constexpr std::size_t kLongestCell = 64;

// Digits of numbers below 100,000,000 are made side by side, in one word, without a branch.
// Lowest byte: the first of the eight digits.
constexpr std::uint64_t eight_digits(std::uint32_t value) {
  const std::uint64_t halves = value / 10'000 | std::uint64_t{value % 10'000} << 32;
  const std::uint64_t hundreds = (halves * 10'486 >> 20) & 0x0000'007f'0000'007f;
  const std::uint64_t pairs = hundreds | (halves - hundreds * 100) << 16;
  const std::uint64_t tens = (pairs * 103 >> 10) & 0x000f'000f'000f'000f;
  return tens | (pairs - tens * 10) << 8;
}
static_assert(eight_digits(12'345'678) == 0x0807'0605'0403'0201);
static_assert(eight_digits(99'999'999) == 0x0909'0909'0909'0909);

inline constexpr std::uint64_t kDigitZeros = 0x3030'3030'3030'3030;

// A word whose lowest byte is the first character.
inline void store_text(char* to, std::uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  std::memcpy(to, &word, sizeof word);
}

char* put_large_number(char* to, std::uint64_t value);

[[gnu::always_inline]] inline char* put_number(char* to, std::uint64_t value) {
  if (value >= 100'000'000) [[unlikely]]
    return put_large_number(to, value);
  const std::uint64_t digits = eight_digits(static_cast<std::uint32_t>(value));
  // The last digit is written even when it is 0.
  const int zeros = std::countr_zero(digits | std::uint64_t{1} << 56) / 8;
  store_text(to, (digits | kDigitZeros) >> (8 * zeros));
  return to + 8 - zeros;
}

char* copy_text(char* to, std::string_view text);

// An octet's digits and a dot; always four bytes are copied.
struct OctetText {
  std::array<char, 4> text;
  std::uint8_t size;  // with the dot
};
inline constexpr auto kOctets = [] {
  std::array<OctetText, 256> octets{};
  for (unsigned value = 0; value < 256; ++value) {
    OctetText& octet = octets[value];
    if (value >= 100) octet.text[octet.size++] = static_cast<char>('0' + value / 100);
    if (value >= 10) octet.text[octet.size++] = static_cast<char>('0' + value / 10 % 10);
    octet.text[octet.size++] = static_cast<char>('0' + value % 10);
    octet.text[octet.size++] = '.';
  }
  return octets;
}();

char* put_long_address(char* to, const IpAddress& address);

[[gnu::always_inline]] inline char* put_address(char* to, const IpAddress& address) {
  if (!address.is_v4()) return put_long_address(to, address);
  for (std::size_t i = 12; i < 16; ++i) {
    const OctetText& octet = kOctets[address.bytes[i]];
    std::memcpy(to, octet.text.data(), octet.text.size());
    to += octet.size;
  }
  return to - 1;  // the last has no dot
}

// Times, UTC: the engine's device clock. Rows that follow each other are mostly of one second.
class TimeText {
 public:
  TimeText() { make(0); }
  // "2026/03/10 10:00:00"
  [[gnu::always_inline]] char* put(char* to, std::int64_t ns) {
    find(ns);
    std::memcpy(to, text_.data(), text_.size());
    return to + kBytes;
  }
  // "2026-03-10T10:00:00.000+00:00"
  char* put_high_resolution(char* to, std::int64_t ns);

 private:
  static constexpr std::size_t kBytes = 19;
  static constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

  // Unsigned: also of times at the ends of their type.
  std::uint64_t since_second(std::int64_t ns) const {
    return static_cast<std::uint64_t>(ns) - static_cast<std::uint64_t>(from_ns_);
  }
  [[gnu::always_inline]] void find(std::int64_t ns) {
    if (since_second(ns) >= kNanosPerSecond) [[unlikely]]
      make(ns);
  }
  void make(std::int64_t ns);

  std::int64_t from_ns_ = 0;      // of the second that stands in text_
  std::int64_t day_ = INT64_MIN;  // whose date does
  std::array<char, 24> text_{};
};

}  // namespace endreason
