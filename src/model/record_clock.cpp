// SPDX-License-Identifier: Apache-2.0
#include "model/record_clock.hpp"

#include <utility>

namespace endreason {
namespace {

constexpr std::int64_t kMicrosPerMinute = 60'000'000;

// Where a record's own time is looked for, the best first.
constexpr auto kOwnTimes = std::to_array<Field>(
    {Field::HighResTimestamp, Field::TimeGenerated, Field::ReceiveTime, Field::Start});

// Panorama writes the epoch, in some zone, where the sender (older than PAN-OS 10.0) has no
// high-resolution timestamp: the digits are 1969 or 1970.
bool is_epoch_placeholder(std::string_view high_res) {
  return high_res.starts_with("1969") || high_res.starts_with("1970");
}

// The high_res_timestamp with its offset; nothing when it is empty, a placeholder or no such time.
std::optional<ParsedTime> high_res_of(const TrafficRecord& record) {
  const std::string_view text = record.text(Field::HighResTimestamp);
  if (text.empty() || is_epoch_placeholder(text)) return std::nullopt;
  auto parsed = parse_time(text);
  if (parsed && !parsed->offset_minutes) parsed.reset();
  return parsed;
}

ZonedTime instant(const ParsedTime& parsed, std::int32_t offset_minutes) {
  ZonedTime time;
  time.utc_micros = parsed.civil.micros - std::int64_t{offset_minutes} * kMicrosPerMinute;
  time.offset_minutes = offset_minutes;
  time.fraction_digits = parsed.fraction_digits;
  return time;
}

// Device time is what nearly all columns hold; the other spellings go the long way.
std::optional<ParsedTime> parse_column(std::string_view text) {
  if (text.size() == 19)
    if (const auto civil = parse_device_time(text)) return ParsedTime{*civil, std::nullopt, 0};
  return parse_time(text);
}

}  // namespace

void RecordClock::set_default_zone(TimeZone zone) {
  default_zone_ = RememberedZone{std::move(zone), {}};
  default_given_ = true;
}

void RecordClock::set_zone_of_serial(std::string serial, TimeZone zone) {
  zones_.insert_or_assign(std::move(serial), RememberedZone{std::move(zone), {}});
}

std::int32_t RecordClock::RememberedZone::offset_minutes_at(CivilTime civil) const {
  if (span.contains(civil)) return span.offset_minutes;
  span = zone.offset_span(civil);
  if (span.contains(civil)) return span.offset_minutes;
  return zone.to_instant(civil).offset_minutes;
}

RecordClock::RecordZone RecordClock::zone_of(const TrafficRecord& record) const {
  if (const auto high_res = high_res_of(record)) return RecordZone(*high_res);
  if (!zones_.empty()) {
    const auto row = zones_.find(record.text(Field::Serial));
    if (row != zones_.end()) return RecordZone(ZoneBasis::SerialTable, &row->second);
  }
  return RecordZone(default_given_ ? ZoneBasis::Option : ZoneBasis::Assumed, &default_zone_);
}

std::optional<RecordClock::RecordTime> RecordClock::at(const TrafficRecord& record, Field column,
                                                       const RecordZone& zone) const {
  const std::string_view text = record.text(column);
  if (text.empty()) return std::nullopt;
  if (column == Field::HighResTimestamp && is_epoch_placeholder(text)) return std::nullopt;
  const auto parsed = parse_column(text);
  if (!parsed) return std::nullopt;
  if (parsed->offset_minutes)
    return RecordTime{instant(*parsed, *parsed->offset_minutes), column, ZoneBasis::InText};
  return RecordTime{instant(*parsed, zone.offset_minutes_at(parsed->civil)), column, zone.basis()};
}

std::optional<RecordClock::RecordTime> RecordClock::at(const TrafficRecord& record,
                                                       Field column) const {
  return at(record, column, zone_of(record));
}

std::optional<RecordClock::RecordTime> RecordClock::of(const TrafficRecord& record,
                                                       const RecordZone& zone) const {
  if (zone.high_res_)
    return RecordTime{instant(*zone.high_res_, zone.fixed_offset_minutes_), Field::HighResTimestamp,
                      ZoneBasis::InText};
  for (const Field column : kOwnTimes)
    if (auto time = at(record, column, zone)) return time;
  return std::nullopt;
}

std::optional<RecordClock::RecordTime> RecordClock::of(const TrafficRecord& record) const {
  return of(record, zone_of(record));
}

}  // namespace endreason
