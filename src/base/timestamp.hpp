// SPDX-License-Identifier: Apache-2.0
// Instants and civil times: reading the spellings that logs use, writing RFC 3339.
// No clock is read here: time is always an argument.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace endreason {

// A point on the wall of some clock, without a zone. Microseconds since 1970-01-01 00:00:00 there.
struct CivilTime {
  std::int64_t micros{};
  friend auto operator<=>(const CivilTime&, const CivilTime&) = default;
};

// A point in time, with the offset it was (or is to be) written with.
struct ZonedTime {
  std::int64_t utc_micros{};       // microseconds since the epoch, UTC
  std::int32_t offset_minutes{};   // east of UTC
  std::uint8_t fraction_digits{};  // 0, 3 or 6: how precisely the source gave it
  friend bool operator==(const ZonedTime&, const ZonedTime&) = default;
};

// Days since 1970-01-01 of a proleptic Gregorian date.
constexpr std::int64_t days_from_civil(int y, int m, int d) {
  y -= m <= 2;
  const int era = (y >= 0 ? y : y - 399) / 400;
  const int yoe = y - era * 400;
  const int doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  const int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return std::int64_t{era} * 146097 + doe - 719468;
}

// A time as a log writes it: civil, or with a zone.
struct ParsedTime {
  CivilTime civil;  // the digits as written
  std::optional<std::int32_t>
      offset_minutes;  // present when the text has Z, +hh:mm, or is an epoch
  std::uint8_t fraction_digits{};
};

// Reads, whole text only: "2026/03/10 10:00:00" (device time), ISO 8601 / RFC 3339 with or without
// fraction and offset, "Jul 31 2022 12:46:24" (CEF), and epoch seconds, milliseconds or
// microseconds of 10, 13 or 16 digits. Nothing else: a spelling that is ambiguous (9/16/19) is
// refused, not guessed.
std::optional<ParsedTime> parse_time(std::string_view text);

// The strict device form alone, "YYYY/MM/DD HH:MM:SS"; the fast way for CSV columns.
std::optional<CivilTime> parse_device_time(std::string_view text);

// Appends RFC 3339: "2026-03-10T10:00:00+01:00", fraction as given, "Z" for offset zero.
void append_rfc3339(std::string& out, const ZonedTime& time);

// A time zone by IANA name ("Europe/Berlin"), "UTC", or a fixed offset ("+02:00", "-0330").
// Immutable and safe to share between threads.
class TimeZone {
 public:
  static TimeZone utc();
  static Result<TimeZone> named(std::string_view name);
  std::string_view name() const { return name_; }
  // The instant at which a clock in this zone shows `civil`. In the hour that clocks repeat, the
  // earlier instant; in the hour that they skip, the instant as if they had not.
  ZonedTime to_instant(CivilTime civil) const;
  // Civil times from `first` up to but not including `end`, for all of which to_instant() uses one
  // offset. It holds `civil` unless that lies within a day of a change of clocks; then it is empty.
  // For callers that turn many times of one day into instants.
  struct OffsetSpan {
    CivilTime first, end;
    std::int32_t offset_minutes{};
    bool contains(CivilTime civil) const { return first <= civil && civil < end; }
  };
  OffsetSpan offset_span(CivilTime civil) const;
  // The same instant as seen from this zone.
  ZonedTime at(std::int64_t utc_micros) const;

 private:
  std::string name_;
  std::int32_t fixed_offset_minutes_ = 0;
  std::shared_ptr<const struct ZoneRules> rules_;  // null: fixed offset
};

}  // namespace endreason
