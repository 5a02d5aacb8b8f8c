// SPDX-License-Identifier: Apache-2.0
#include "base/timestamp.hpp"

#include <array>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <exception>

#include <date/tz.h>

#include "base/parse_number.hpp"

namespace endreason {

struct ZoneRules {
  const date::time_zone* zone;
};

namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

// Reads exactly `count` digits at text[pos]; -1 when they are not digits or not there.
int digits(std::string_view text, std::size_t pos, std::size_t count) {
  if (pos + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = pos; i < pos + count; ++i) {
    const unsigned d = static_cast<unsigned char>(text[i]) - unsigned{'0'};
    if (d > 9) return -1;
    value = value * 10 + static_cast<int>(d);
  }
  return value;
}

int days_in_month(int y, int m) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  return m == 2 && leap ? 29 : kDays[static_cast<std::size_t>(m - 1)];
}

std::optional<CivilTime> civil(int y, int mo, int d, int h, int mi, int s) {
  if (y < 0 || mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo)) return std::nullopt;
  // 60 is a leap second: the log has it, the epoch does not.
  if (h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60) return std::nullopt;
  const std::int64_t seconds = days_from_civil(y, mo, d) * kSecondsPerDay + h * 3600 + mi * 60 + s;
  return CivilTime{seconds * kMicrosPerSecond};
}

// Eight characters, digits where the shape has zeros and otherwise the same.
struct DigitPairs {
  std::uint64_t shape{}, separators{};
  consteval explicit DigitPairs(std::string_view text) {
    for (std::size_t i = 0; i < 8; ++i) {
      shape |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
      if (text[i] != '0') separators |= std::uint64_t{0xff} << (8 * i);
    }
  }
  // Byte i of `pairs` is the number that the digits at i and i + 1 make. False: they are not so.
  bool read(const char* text, std::uint64_t& pairs) const {
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    word ^= shape;
    if (((word + 0x7676'7676'7676'7676) | word) & 0x8080'8080'8080'8080) return false;
    if ((word & separators) != 0) return false;
    pairs = word * 10 + (word >> 8);
    return true;
  }
};

int month_by_name(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<int>(i) + 1;
  return 0;
}

// Optional fraction at pos; moves pos behind it. False when a dot has no digits.
bool read_fraction(std::string_view text, std::size_t& pos, ParsedTime& time) {
  if (pos >= text.size() || (text[pos] != '.' && text[pos] != ',')) return true;
  ++pos;
  std::int64_t micros = 0;
  std::size_t count = 0;
  while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
    if (count < 6) micros = micros * 10 + (text[pos] - '0');
    ++count;
    ++pos;
  }
  if (count == 0) return false;
  for (std::size_t i = count; i < 6; ++i) micros *= 10;
  time.civil.micros += micros;
  time.fraction_digits = count <= 3 ? 3 : 6;
  return true;
}

// "+02:00", "-0330", "+02", "Z" from pos to the end of the text.
std::optional<std::int32_t> read_offset(std::string_view text, std::size_t pos) {
  const std::string_view rest = text.substr(pos);
  if (rest == "Z" || rest == "z") return 0;
  if (rest.size() < 3 || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
  const int hours = digits(rest, 1, 2);
  int minutes = 0;
  if (rest.size() == 6 && rest[3] == ':') {
    minutes = digits(rest, 4, 2);
  } else if (rest.size() == 5) {
    minutes = digits(rest, 3, 2);
  } else if (rest.size() != 3) {
    return std::nullopt;
  }
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const int total = hours * 60 + minutes;
  return rest[0] == '-' ? -total : total;
}

std::optional<ParsedTime> parse_iso(std::string_view text) {
  // YYYY-MM-DD[T ]hh:mm:ss[.frac][offset], slashes as in device time allowed.
  const char separator = text[4];
  if ((separator != '-' && separator != '/') || text[7] != separator) return std::nullopt;
  if ((text[10] != 'T' && text[10] != ' ' && text[10] != 't') || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto base = civil(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2),
                          digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2));
  if (!base) return std::nullopt;
  ParsedTime time{*base, std::nullopt, 0};
  std::size_t pos = 19;
  if (!read_fraction(text, pos, time)) return std::nullopt;
  if (pos == text.size()) return time;
  time.offset_minutes = read_offset(text, pos);
  if (!time.offset_minutes) return std::nullopt;
  return time;
}

std::optional<ParsedTime> parse_cef(std::string_view text) {
  // "Jul 31 2022 12:46:24", the day padded or not, an optional fraction and zone behind.
  const int month = month_by_name(text.substr(0, 3));
  if (month == 0 || text[3] != ' ') return std::nullopt;
  std::size_t pos = 4;
  if (text[pos] == ' ') ++pos;
  const std::size_t width = pos + 1 < text.size() && text[pos + 1] == ' ' ? 1 : 2;
  const int day = digits(text, pos, width);
  pos += width;
  if (pos >= text.size() || text[pos] != ' ') return std::nullopt;
  const int year = digits(text, pos + 1, 4);
  pos += 5;
  if (pos + 9 > text.size() || text[pos] != ' ' || text[pos + 3] != ':' || text[pos + 6] != ':')
    return std::nullopt;
  const auto base = civil(year, month, day, digits(text, pos + 1, 2), digits(text, pos + 4, 2),
                          digits(text, pos + 7, 2));
  if (!base) return std::nullopt;
  ParsedTime time{*base, std::nullopt, 0};
  pos += 9;
  if (!read_fraction(text, pos, time)) return std::nullopt;
  if (pos == text.size()) return time;
  if (text.substr(pos) == " UTC" || text.substr(pos) == " GMT") {
    time.offset_minutes = 0;
    return time;
  }
  if (text[pos] == ' ') ++pos;
  time.offset_minutes = read_offset(text, pos);
  if (!time.offset_minutes) return std::nullopt;
  return time;
}

std::optional<ParsedTime> parse_epoch(std::string_view text) {
  std::uint64_t value = 0;
  if (!parse_decimal(text, value)) return std::nullopt;
  ParsedTime time;
  time.offset_minutes = 0;
  switch (text.size()) {
    case 10:
      time.civil.micros = static_cast<std::int64_t>(value) * kMicrosPerSecond;
      break;
    case 13:
      time.civil.micros = static_cast<std::int64_t>(value) * 1000;
      time.fraction_digits = 3;
      break;
    case 16:
      time.civil.micros = static_cast<std::int64_t>(value);
      time.fraction_digits = 6;
      break;
    default:
      return std::nullopt;
  }
  return time;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

}  // namespace

// Four columns of nearly every row: digits are read eight bytes at a time.
std::optional<CivilTime> parse_device_time(std::string_view text) {
  if (text.size() != 19 || text[10] != ' ') return std::nullopt;
  constexpr DigitPairs kDate("0000/00/"), kTime("00:00:00");
  std::uint64_t date = 0;
  std::uint64_t time = 0;
  if (!kDate.read(text.data(), date) || !kTime.read(text.data() + 11, time)) return std::nullopt;
  const auto pair = [](std::uint64_t pairs, unsigned i) {
    return static_cast<int>(pairs >> (8 * i) & 0xff);
  };
  return civil(pair(date, 0) * 100 + pair(date, 2), pair(date, 5), digits(text, 8, 2),
               pair(time, 0), pair(time, 3), pair(time, 6));
}

std::optional<ParsedTime> parse_time(std::string_view text) {
  if (text.size() < 10) return std::nullopt;
  if (text.size() == 10 || text.size() == 13 || text.size() == 16)
    if (auto epoch = parse_epoch(text)) return epoch;
  if (text.size() < 18) return std::nullopt;
  if (text[0] >= 'A' && text[0] <= 'Z') return parse_cef(text);
  if (text.size() < 19) return std::nullopt;
  return parse_iso(text);
}

void append_rfc3339(std::string& out, const ZonedTime& time) {
  const std::int64_t local =
      time.utc_micros + std::int64_t{time.offset_minutes} * 60 * kMicrosPerSecond;
  const std::int64_t seconds = floor_div(local, kMicrosPerSecond);
  const auto micros = static_cast<unsigned>(local - seconds * kMicrosPerSecond);
  const std::int64_t days = floor_div(seconds, kSecondsPerDay);
  const auto second_of_day = static_cast<unsigned>(seconds - days * kSecondsPerDay);
  const date::year_month_day ymd{date::sys_days{date::days{days}}};
  const auto two = [](char* p, unsigned v) {
    p[0] = static_cast<char>('0' + v / 10 % 10);
    p[1] = static_cast<char>('0' + v % 10);
  };
  char text[40];
  const auto year = static_cast<unsigned>(static_cast<int>(ymd.year()));
  two(text, year / 100);
  two(text + 2, year % 100);
  text[4] = '-';
  two(text + 5, static_cast<unsigned>(ymd.month()));
  text[7] = '-';
  two(text + 8, static_cast<unsigned>(ymd.day()));
  text[10] = 'T';
  two(text + 11, second_of_day / 3600);
  text[13] = ':';
  two(text + 14, second_of_day / 60 % 60);
  text[16] = ':';
  two(text + 17, second_of_day % 60);
  std::size_t n = 19;
  if (time.fraction_digits > 0) {
    text[n++] = '.';
    unsigned divisor = 100'000;
    for (std::uint8_t i = 0; i < time.fraction_digits; ++i, divisor /= 10)
      text[n++] = static_cast<char>('0' + micros / divisor % 10);
  }
  if (time.offset_minutes == 0) {
    text[n++] = 'Z';
  } else {
    const auto magnitude =
        static_cast<unsigned>(time.offset_minutes < 0 ? -time.offset_minutes : time.offset_minutes);
    text[n++] = time.offset_minutes < 0 ? '-' : '+';
    two(text + n, magnitude / 60);
    text[n + 2] = ':';
    two(text + n + 3, magnitude % 60);
    n += 5;
  }
  out.append(text, n);
}

TimeZone TimeZone::utc() {
  TimeZone zone;
  zone.name_ = "UTC";
  return zone;
}

Result<TimeZone> TimeZone::named(std::string_view name) {
  TimeZone zone;
  zone.name_ = std::string(name);
  if (name == "UTC" || name == "utc" || name == "Z") return zone;
  if (!name.empty() && (name[0] == '+' || name[0] == '-')) {
    if (auto offset = read_offset(name, 0)) {
      zone.fixed_offset_minutes_ = *offset;
      return zone;
    }
  } else {
    try {
      zone.rules_ = std::make_shared<const ZoneRules>(ZoneRules{date::locate_zone(zone.name_)});
      return zone;
    } catch (const std::exception&) {
      // Said below, in our words: the library's message is about its own database.
    }
  }
  return fail(Error::Code::Usage,
              "unknown time zone '" + zone.name_ +
                  "': use an IANA name such as Europe/Berlin, UTC, or an offset "
                  "such as +02:00");
}

ZonedTime TimeZone::to_instant(CivilTime civil_time) const {
  ZonedTime out;
  out.offset_minutes = fixed_offset_minutes_;
  if (rules_) {
    using std::chrono::microseconds;
    const date::local_time<microseconds> local{microseconds{civil_time.micros}};
    const date::local_info info = rules_->zone->get_info(local);
    out.offset_minutes = static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::minutes>(info.first.offset).count());
  }
  out.utc_micros = civil_time.micros - std::int64_t{out.offset_minutes} * 60 * kMicrosPerSecond;
  return out;
}

TimeZone::OffsetSpan TimeZone::offset_span(CivilTime civil_time) const {
  OffsetSpan span{{INT64_MIN}, {INT64_MAX}, fixed_offset_minutes_};
  if (!rules_) return span;
  using std::chrono::microseconds;
  const date::local_time<microseconds> local{microseconds{civil_time.micros}};
  const date::sys_info info = rules_->zone->get_info(local).first;
  // No offset is larger than a day, so a day off either end is clear of skipped and repeated hours.
  constexpr std::int64_t kMargin = kSecondsPerDay;
  const std::int64_t first = info.begin.time_since_epoch().count() + kMargin;
  const std::int64_t end = info.end.time_since_epoch().count() - kMargin;
  span.offset_minutes = static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::minutes>(info.offset).count());
  span.first.micros = (first + info.offset.count()) * kMicrosPerSecond;
  span.end.micros = (end + info.offset.count()) * kMicrosPerSecond;
  if (!span.contains(civil_time)) span.first = span.end = civil_time;
  return span;
}

ZonedTime TimeZone::at(std::int64_t utc_micros) const {
  ZonedTime out;
  out.utc_micros = utc_micros;
  out.offset_minutes = fixed_offset_minutes_;
  if (rules_) {
    using std::chrono::microseconds;
    const date::sys_time<microseconds> instant{microseconds{utc_micros}};
    const date::sys_info info = rules_->zone->get_info(instant);
    out.offset_minutes = static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::minutes>(info.offset).count());
  }
  return out;
}

}  // namespace endreason
