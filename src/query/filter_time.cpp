// SPDX-License-Identifier: Apache-2.0
#include "query/filter_time.hpp"

#include <algorithm>
#include <array>

#include "base/parse_number.hpp"
#include "base/timestamp.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kSecond = 1'000'000;  // microseconds
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kWeek = 7 * kDay;

// What can be written back with four digits of a year.
constexpr std::int64_t kLastMicros = days_from_civil(9999, 12, 31) * kDay + kDay - 1;

bool in_bounds(std::int64_t micros) {
  return micros >= 0 && micros <= kLastMicros;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string spelling(const FilterTime& time) {
  const std::uint8_t digits = time.span_micros >= kSecond ? 0 : time.span_micros == 1 ? 6 : 3;
  std::string out;
  append_rfc3339(out, ZonedTime{time.micros, 0, digits});
  if (time.zoned) return out;
  out.pop_back();  // the Z: nobody said UTC
  out[4] = out[7] = '/';
  out[10] = ' ';
  if (time.span_micros == kDay) out.resize(10);
  if (time.span_micros == kMinute) out.resize(16);
  return out;
}

std::optional<SpelledTime> checked(const FilterTime& time) {
  if (!in_bounds(time.micros)) return std::nullopt;
  return SpelledTime{time, spelling(time)};
}

// A full time, or a day or a minute of device time: "2026/03/10", "2026/03/10 10:00".
std::optional<SpelledTime> read_absolute(std::string_view text) {
  if (const auto parsed = parse_time(text)) {
    FilterTime time;
    time.zoned = parsed->offset_minutes.has_value();
    time.micros = parsed->civil.micros - std::int64_t{parsed->offset_minutes.value_or(0)} * kMinute;
    time.span_micros = parsed->fraction_digits == 0   ? kSecond
                       : parsed->fraction_digits == 3 ? 1000
                                                      : 1;
    return checked(time);
  }
  const bool day = text.size() == 10;
  if (!day && text.size() != 16) return std::nullopt;
  const auto parsed = parse_time(std::string(text) + (day ? " 00:00:00" : ":00"));
  if (!parsed || parsed->offset_minutes) return std::nullopt;
  return checked(FilterTime{parsed->civil.micros, day ? kDay : kMinute, false});
}

std::int64_t unit_micros(std::string_view unit) {
  struct Unit {
    std::string_view name;
    std::int64_t micros;
  };
  constexpr auto kUnits = std::to_array<Unit>({
      {"s", kSecond},       {"sec", kSecond},     {"secs", kSecond}, {"second", kSecond},
      {"seconds", kSecond}, {"m", kMinute},       {"min", kMinute},  {"mins", kMinute},
      {"minute", kMinute},  {"minutes", kMinute}, {"h", kHour},      {"hr", kHour},
      {"hrs", kHour},       {"hour", kHour},      {"hours", kHour},  {"d", kDay},
      {"day", kDay},        {"days", kDay},       {"w", kWeek},      {"week", kWeek},
      {"weeks", kWeek},
  });
  for (const auto& row : kUnits)
    if (row.name == unit) return row.micros;
  return 0;
}

// "2h", "15-minutes", "hour": how long, or 0 when it is no duration.
std::int64_t duration_micros(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  std::uint64_t count = 1;
  if (digits > 6 || (digits > 0 && !parse_decimal(text.substr(0, digits), count))) return 0;
  std::string_view unit = text.substr(digits);
  if (digits > 0 && !unit.empty() && unit.front() == '-') unit.remove_prefix(1);
  return static_cast<std::int64_t>(count) * unit_micros(unit);
}

// "now", "now-2h", "-2h"; a duration before now, or nothing when it is none of these.
std::optional<std::int64_t> read_ago(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with("now")) {
    rest.remove_prefix(3);
    if (rest.empty()) return 0;
  }
  if (rest.empty() || rest.front() != '-') return std::nullopt;
  rest.remove_prefix(1);
  if (rest.empty() || rest.front() < '0' || rest.front() > '9') return std::nullopt;
  const std::int64_t micros = duration_micros(rest);
  if (micros == 0) return std::nullopt;
  return micros;
}

// From the first microsecond of a to the last of b.
std::optional<SpelledTime> joined(const SpelledTime& a, const SpelledTime& b) {
  const std::int64_t span = b.time.micros + b.time.span_micros - a.time.micros;
  if (a.time.zoned != b.time.zoned || span <= 0) return std::nullopt;
  return SpelledTime{FilterTime{a.time.micros, span, a.time.zoned}, a.text + "/" + b.text};
}

std::optional<SpelledTime> read_interval(std::string_view text) {
  // Device times have slashes of their own, so the one between the ends is found by trying.
  for (std::size_t slash = text.find('/'); slash != std::string_view::npos;
       slash = text.find('/', slash + 1)) {
    const auto first = read_absolute(text.substr(0, slash));
    if (!first) continue;
    const auto last = read_absolute(text.substr(slash + 1));
    if (last) return joined(*first, *last);
  }
  return std::nullopt;
}

std::variant<TimeProblem, SpelledTime> or_problem(std::optional<SpelledTime> read) {
  if (read) return *std::move(read);
  return TimeProblem::NotATime;
}

}  // namespace

std::variant<TimeProblem, SpelledTime> read_filter_time(
    std::string_view text, bool interval, std::optional<std::int64_t> now_utc_micros) {
  constexpr std::size_t kLongest = 80;  // two full times and a slash are 55
  if (text.size() > kLongest) return TimeProblem::NotATime;
  const std::string word = lower(text);
  if (const auto ago = read_ago(word)) {
    if (!now_utc_micros) return TimeProblem::NoNow;
    return or_problem(checked(FilterTime{*now_utc_micros - *ago, 1, true}));
  }
  if (interval && word.starts_with("last-")) {
    if (word.find("calendar") != std::string::npos) return TimeProblem::Calendar;
    const std::int64_t micros = duration_micros(std::string_view(word).substr(5));
    if (micros == 0) return TimeProblem::NotATime;
    if (!now_utc_micros) return TimeProblem::NoNow;
    const auto first = checked(FilterTime{*now_utc_micros - micros, 1, true});
    const auto last = checked(FilterTime{*now_utc_micros, 1, true});
    return or_problem(first && last ? joined(*first, *last) : std::nullopt);
  }
  if (auto read = read_absolute(text)) return *std::move(read);
  return or_problem(interval ? read_interval(text) : std::nullopt);
}

}  // namespace endreason
