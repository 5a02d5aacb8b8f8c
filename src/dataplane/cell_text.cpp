// SPDX-License-Identifier: Apache-2.0
#include "dataplane/cell_text.hpp"

#include <string>

#include "base/timestamp.hpp"

namespace endreason {
namespace {

constexpr std::uint32_t kNanosPerMilli = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::size_t kDateBytes = 11;  // "2026-03-10T"

// Divides towards the past, so that the rest is never negative.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0);
}

char* put_two(char* to, std::uint32_t value) {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
  return to + 2;
}

// "10:00:00"
void put_clock(char* to, std::uint32_t second_of_day) {
  to = put_two(to, second_of_day / 3600);
  *to++ = ':';
  to = put_two(to, second_of_day / 60 % 60);
  *to++ = ':';
  put_two(to, second_of_day % 60);
}

}  // namespace

char* put_large_number(char* to, std::uint64_t value) {
  constexpr std::uint64_t kEightDigits = 100'000'000;
  to = put_number(to, value / kEightDigits);
  store_text(to, eight_digits(static_cast<std::uint32_t>(value % kEightDigits)) | kDigitZeros);
  return to + 8;
}

// Most texts are shorter than a call of memcpy is worth.
char* copy_text(char* to, std::string_view text) {
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

char* put_long_address(char* to, const IpAddress& address) {
  return copy_text(to, to_string(address));
}

void TimeText::make(std::int64_t ns) {
  const std::int64_t second = floor_divide(ns, static_cast<std::int64_t>(kNanosPerSecond));
  const std::int64_t day = floor_divide(second, kSecondsPerDay);
  if (day != day_) {
    std::string date;
    append_rfc3339(date, {day * kSecondsPerDay * 1'000'000, 0, 0});
    date.copy(text_.data(), kDateBytes);
    text_[4] = text_[7] = '/';
    text_[10] = ' ';
    day_ = day;
  }
  put_clock(text_.data() + kDateBytes, static_cast<std::uint32_t>(second - day * kSecondsPerDay));
  from_ns_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(second) * kNanosPerSecond);
}

char* TimeText::put_high_resolution(char* to, std::int64_t ns) {
  char* at = put(to, ns);
  to[4] = to[7] = '-';
  to[10] = 'T';
  const auto milli = static_cast<std::uint32_t>(since_second(ns)) / kNanosPerMilli;
  *at++ = '.';
  *at++ = static_cast<char>('0' + milli / 100);
  at = put_two(at, milli % 100);
  std::memcpy(at, "+00:00", 6);
  return at + 6;
}

}  // namespace endreason
