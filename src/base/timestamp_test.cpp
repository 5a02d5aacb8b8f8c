// SPDX-License-Identifier: Apache-2.0
#include "base/timestamp.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

std::string text_of(std::string_view in, const TimeZone& zone = TimeZone::utc()) {
  const auto parsed = parse_time(in);
  if (!parsed) return "none";
  ZonedTime time;
  if (parsed->offset_minutes) {
    time.offset_minutes = *parsed->offset_minutes;
    time.utc_micros = parsed->civil.micros - std::int64_t{time.offset_minutes} * 60'000'000;
  } else {
    time = zone.to_instant(parsed->civil);
  }
  time.fraction_digits = parsed->fraction_digits;
  std::string out;
  append_rfc3339(out, time);
  return out;
}

struct TimeCase {
  std::string_view behaviour, in, out;
};

TEST(ParseTime, ReadsTheSpellingsOfEveryFormat) {
  const TimeCase cases[] = {
      {"device time", "2026/03/10 10:00:00", "2026-03-10T10:00:00Z"},
      {"high resolution with offset", "2025-11-27T17:37:08.128+01:00",
       "2025-11-27T17:37:08.128+01:00"},
      {"logging service", "2020-10-12T21:28:42.000000Z", "2020-10-12T21:28:42.000000Z"},
      {"CEF", "Jul 31 2022 12:46:24", "2022-07-31T12:46:24Z"},
      {"CEF with zone", "Sep 02 2026 01:02:03 UTC", "2026-09-02T01:02:03Z"},
      {"epoch seconds", "1600607038", "2020-09-20T13:03:58Z"},
      {"epoch microseconds", "1600607038000001", "2020-09-20T13:03:58.000001Z"},
      {"before 1970", "1969-12-31T16:00:00.000-08:00", "1969-12-31T16:00:00.000-08:00"},
      {"a leap day", "2024/02/29 00:00:00", "2024-02-29T00:00:00Z"},
      {"no such day", "2023/02/29 00:00:00", "none"},
      {"mangled by a spreadsheet", "9/16/19 10:00", "none"},
      {"hour 24", "2023/02/28 24:00:00", "none"},
      {"trailing text", "2026/03/10 10:00:00x", "none"},
      {"too short to be a time", "90", "none"},
  };
  for (const auto& c : cases) EXPECT_EQ(text_of(c.in), c.out) << c.behaviour;
}

TEST(ParseTime, TakesDeviceTimeOnlyWhereEveryCharacterFits) {
  const std::string text = "2026/03/10 21:46:59";
  ASSERT_TRUE(parse_device_time(text));
  EXPECT_EQ(parse_device_time(text)->micros, 1'773'179'219'000'000);
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int c = 0; c < 256; ++c) {
      std::string other = text;
      other[i] = static_cast<char>(c);
      const bool digit = c >= '0' && c <= '9' && text[i] >= '0' && text[i] <= '9';
      if (!digit && other != text) EXPECT_FALSE(parse_device_time(other)) << other;
    }
  for (const char* other : {"2026/13/10 00:00:00", "2026/03/10 00:60:00", "2026/00/10 00:00:00",
                            "2026/03/32 00:00:00", "2026/03/10 00:00:61", "2026/03/10 24:00:00"})
    EXPECT_FALSE(parse_device_time(other)) << other;
}

TEST(TimeZone, DeviceTimeIsReadInItsZone) {
  const auto berlin = TimeZone::named("Europe/Berlin");
  ASSERT_TRUE(berlin) << berlin.error().message;
  EXPECT_EQ(text_of("2026/01/10 10:00:00", *berlin), "2026-01-10T10:00:00+01:00");
  EXPECT_EQ(text_of("2026/07/10 10:00:00", *berlin), "2026-07-10T10:00:00+02:00");
  const auto fixed = TimeZone::named("-03:30");
  ASSERT_TRUE(fixed);
  EXPECT_EQ(text_of("2026/07/10 10:00:00", *fixed), "2026-07-10T10:00:00-03:30");
  EXPECT_EQ(text_of("2026-07-10T10:00:00Z", *berlin), "2026-07-10T10:00:00Z")
      << "an offset in the text wins";
}

TEST(TimeZone, AnUnknownNameIsAnErrorThatSaysWhatToWrite) {
  const auto zone = TimeZone::named("Mars/Olympus");
  ASSERT_FALSE(zone);
  EXPECT_NE(zone.error().message.find("Europe/Berlin"), std::string::npos);
}

}  // namespace
}  // namespace endreason
