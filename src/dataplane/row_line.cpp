// SPDX-License-Identifier: Apache-2.0
#include "dataplane/row_line.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <string>

#include "base/timestamp.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::uint32_t kNanosPerMilli = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

// Divides towards the past, so that the rest is never negative.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0);
}

// "00" to "99".
constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* put_two(char* to, std::uint32_t value) {
  std::memcpy(to, kPairs.data() + 2 * std::size_t{value}, 2);
  return to + 2;
}

// An octet's digits and a dot; always four bytes are copied.
struct OctetText {
  std::array<char, 4> text;
  std::uint8_t size;  // with the dot
};
constexpr auto kOctets = [] {
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

constexpr auto kQuoted = [] {
  std::array<bool, 256> quoted{};
  for (const char c : {',', '"', '\r', '\n'}) quoted[static_cast<unsigned char>(c)] = true;
  return quoted;
}();

// "10:00:00"
char* put_clock(char* to, std::uint32_t second_of_day) {
  to = put_two(to, second_of_day / 3600);
  *to++ = ':';
  to = put_two(to, second_of_day / 60 % 60);
  *to++ = ':';
  return put_two(to, second_of_day % 60);
}

unsigned digits_of(std::uint64_t value) {
  constexpr auto kPowers = [] {
    std::array<std::uint64_t, 20> powers{};
    std::uint64_t power = 1;
    for (auto& p : powers) {
      p = power;
      power *= 10;
    }
    return powers;
  }();
  // 1233 / 4096 is log10 of 2, near enough for 64 bits.
  const unsigned guess = static_cast<unsigned>(std::bit_width(value | 1)) * 1233 >> 12;
  return guess + (value >= kPowers[guess]);
}

}  // namespace

// Most texts are shorter than a call of memcpy is worth.
char* RowLine::copy_short(char* to, std::string_view text) {
  const char* const from = text.data();
  const std::size_t n = text.size();
  if (n > 32) {
    std::memcpy(to, from, n);
  } else if (n >= 16) {
    std::memcpy(to, from, 16);
    std::memcpy(to + n - 16, from + n - 16, 16);
  } else if (n >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + n - 8, from + n - 8, 8);
  } else if (n >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + n - 4, from + n - 4, 4);
  } else {
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
  }
  return to + n;
}

char* RowLine::put_number(char* to, std::uint64_t value) {
  if (value < 10) {
    *to = static_cast<char>('0' + value);
    return to + 1;
  }
  char* const end = to + digits_of(value);
  char* at = end;
  while (value >= 100) {
    at -= 2;
    put_two(at, static_cast<std::uint32_t>(value % 100));
    value /= 100;
  }
  if (value >= 10) {
    put_two(at - 2, static_cast<std::uint32_t>(value));
  } else {
    at[-1] = static_cast<char>('0' + value);
  }
  return end;
}

char* RowLine::put_hex(char* to, std::uint32_t value) {
  to[0] = '0';
  to[1] = 'x';
  return std::to_chars(to + 2, to + kCellBytes, value, 16).ptr;
}

char* RowLine::put_address(char* to, const IpAddress& address) {
  if (!address.is_v4()) return copy_short(to, to_string(address));
  for (std::size_t i = 12; i < 16; ++i) {
    const OctetText& octet = kOctets[address.bytes[i]];
    std::memcpy(to, octet.text.data(), octet.text.size());
    to += octet.size;
  }
  return to - 1;  // the last has no dot
}

bool RowLine::needs_quotes(std::string_view text) {
  bool any = false;
  for (const char c : text) any |= kQuoted[static_cast<unsigned char>(c)];
  return any;
}

// The date as RFC 3339 has it; rows of one day share it.
void RowLine::find_date(std::int64_t day) {
  if (day == day_) return;
  std::string text;
  append_rfc3339(text, {day * kSecondsPerDay * 1'000'000, 0, 0});
  text.copy(date_, sizeof date_);
  day_ = day;
}

char* RowLine::put_time(char* to, std::int64_t ns) {
  const std::int64_t second = floor_divide(ns, kNanosPerSecond);
  const std::int64_t day = floor_divide(second, kSecondsPerDay);
  find_date(day);
  std::memcpy(to, date_, sizeof date_);
  to[4] = to[7] = '/';
  to[10] = ' ';
  return put_clock(to + sizeof date_, static_cast<std::uint32_t>(second - day * kSecondsPerDay));
}

char* RowLine::put_high_resolution_time(char* to, std::int64_t ns) {
  const std::int64_t second = floor_divide(ns, kNanosPerSecond);
  const std::int64_t day = floor_divide(second, kSecondsPerDay);
  const auto milli = static_cast<std::uint32_t>(ns - second * kNanosPerSecond) / kNanosPerMilli;
  find_date(day);
  std::memcpy(to, date_, sizeof date_);
  char* at =
      put_clock(to + sizeof date_, static_cast<std::uint32_t>(second - day * kSecondsPerDay));
  *at++ = '.';
  *at++ = static_cast<char>('0' + milli / 100);
  at = put_two(at, milli % 100);
  std::memcpy(at, "+00:00", 6);
  return at + 6;
}

RowLine::Cells RowLine::begin(TrafficRecord& record, std::size_t text_bytes) {
  const std::size_t wanted = text_bytes + kFieldCount * kCellBytes;
  if (buffer_.size() < wanted) [[unlikely]]
    buffer_.resize(wanted * 2);
  record_ = &record;
  return Cells(*this, record);
}

std::string_view RowLine::finish(std::size_t last_column, bool plain, std::size_t columns) {
  char* const base = buffer_.data();
  const std::size_t rest = kFieldCount - 1 - last_column;
  std::memset(record_->begins() + last_column + 1, 0, rest * sizeof *record_->begins());
  std::memset(record_->ends() + last_column + 1, 0, rest * sizeof *record_->ends());
  record_->set_base(base, kFieldCount);
  if (!plain || columns == 0) return {};
  // Behind the last cell that is in the release's line there are only commas.
  std::size_t last = std::min(last_column, columns - 1);
  while (last > 0 && record_->ends()[last] == 0) --last;
  const std::size_t end = record_->ends()[last];
  const std::size_t commas = columns - 1 - last;
  if (last == last_column) std::memset(base + end, ',', commas);
  return {base, end + commas};
}

}  // namespace endreason
