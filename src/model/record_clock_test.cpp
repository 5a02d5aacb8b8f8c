// SPDX-License-Identifier: Apache-2.0
#include "model/record_clock.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace endreason {
namespace {

struct Cell {
  Field field;
  std::string_view text;
};

TrafficRecord record_of(const std::vector<Cell>& cells) {
  TrafficRecord record;
  record.reset("");
  for (const Cell& cell : cells) record.set_copy(cell.field, cell.text);
  return record;
}

std::string said(const std::optional<RecordClock::RecordTime>& time) {
  if (!time) return "none";
  std::string out;
  append_rfc3339(out, time->time);
  return out + " " + std::string(info(time->source).log_name) + " " +
         std::string(log_name(time->basis));
}

TimeZone zone(std::string_view name) {
  auto found = TimeZone::named(name);
  EXPECT_TRUE(found) << name;
  return *found;
}

struct OwnTimeCase {
  std::string_view behaviour;
  std::vector<Cell> cells;
  std::string_view expected;
};

TEST(RecordClock, TheStrongestTimeOfARecordIsItsTime) {
  const OwnTimeCase cases[] = {
      {"the high-resolution timestamp wins",
       {{Field::TimeGenerated, "2025/11/27 17:37:07"},
        {Field::HighResTimestamp, "2025-11-27T17:37:08.128+01:00"}},
       "2025-11-27T17:37:08.128+01:00 high_res_timestamp in-text"},
      {"an epoch placeholder is no time",
       {{Field::TimeGenerated, "2025/11/27 17:37:07"},
        {Field::HighResTimestamp, "1969-12-31T16:00:00.000-08:00"}},
       "2025-11-27T17:37:07-05:00 time_generated option"},
      {"without a generated time, the receive time",
       {{Field::ReceiveTime, "2025/07/27 17:37:07"}},
       "2025-07-27T17:37:07-04:00 receive_time option"},
      {"a generated time that is no time is passed over",
       {{Field::TimeGenerated, "9/16/19 10:00"}, {Field::Start, "2025/07/27 17:37:07"}},
       "2025-07-27T17:37:07-04:00 start option"},
      {"an offset in the text wins over the option",
       {{Field::TimeGenerated, "2020-10-12T21:28:42.000000Z"}},
       "2020-10-12T21:28:42.000000Z time_generated in-text"},
      {"a record without times has none", {{Field::Src, "10.0.0.1"}}, "none"},
  };
  RecordClock clock;
  clock.set_default_zone(zone("America/New_York"));
  for (const auto& c : cases)
    EXPECT_EQ(said(clock.of(record_of(c.cells))), c.expected) << c.behaviour;
}

TEST(RecordClock, ZoneLessTimesTakeTheZoneOfTheStrongestSource) {
  const std::vector<Cell> plain = {{Field::Serial, "001801000001"},
                                   {Field::Start, "2026/03/10 10:00:00"}};
  std::vector<Cell> high_res = plain;
  high_res.push_back({Field::HighResTimestamp, "2026-03-10T10:00:01.000+09:00"});
  RecordClock clock;
  EXPECT_EQ(said(clock.at(record_of(plain), Field::Start)),
            "2026-03-10T10:00:00Z start assumed-utc");
  clock.set_default_zone(zone("Europe/Berlin"));
  EXPECT_EQ(said(clock.at(record_of(plain), Field::Start)),
            "2026-03-10T10:00:00+01:00 start option");
  clock.set_zone_of_serial("001801000001", zone("-05:00"));
  EXPECT_EQ(said(clock.at(record_of(plain), Field::Start)),
            "2026-03-10T10:00:00-05:00 start serial-table");
  EXPECT_EQ(said(clock.at(record_of(high_res), Field::Start)),
            "2026-03-10T10:00:00+09:00 start high-res-timestamp");
}

TEST(RecordClock, RememberedOffsetsEndWhereClocksChange) {
  // Each minute of the two days around both changes of 2026, in a row and back: the remembered span
  // must never outlive its offset. The reference asks the zone anew each time.
  const TimeZone berlin = zone("Europe/Berlin");
  RecordClock clock;
  clock.set_default_zone(berlin);
  for (const int month : {3, 10}) {
    const std::int64_t first = days_from_civil(2026, month, month == 3 ? 28 : 24) * 86'400;
    for (std::int64_t minute = 0; minute < 4 * 1440; ++minute) {
      const std::int64_t at = minute % 2 == 0 ? minute : 4 * 1440 - minute;
      const CivilTime civil{(first + at * 60) * 1'000'000};
      ZonedTime as_utc;
      as_utc.utc_micros = civil.micros;
      std::string text;
      append_rfc3339(text, as_utc);
      text.pop_back();  // the Z
      const auto time = clock.at(record_of({{Field::Start, text}}), Field::Start);
      ASSERT_TRUE(time) << text;
      ASSERT_EQ(time->time, berlin.to_instant(civil)) << text;
    }
  }
}

TEST(RecordClock, ACopyAnswersAsTheOriginal) {
  RecordClock clock;
  clock.set_default_zone(zone("Asia/Kolkata"));
  const auto record = record_of({{Field::Start, "2026/03/10 10:00:00"}});
  ASSERT_EQ(said(clock.at(record, Field::Start)), "2026-03-10T10:00:00+05:30 start option");
  const RecordClock copy = clock;
  EXPECT_EQ(said(copy.at(record, Field::Start)), "2026-03-10T10:00:00+05:30 start option");
}

}  // namespace
}  // namespace endreason
