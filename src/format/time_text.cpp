// SPDX-License-Identifier: Apache-2.0
#include "format/time_text.hpp"

#include <cstring>

namespace endreason {
namespace {

constexpr std::size_t kDeviceSize = 19;  // "2026/03/10 10:00:00"
constexpr std::size_t kMinuteSize = 16;  // its part up to the minute
constexpr std::size_t kSecondsAt = 17;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// ":SS" with SS from 00 to 59. Second 60 goes the long way.
bool has_plain_seconds(std::string_view device) {
  return device[16] == ':' && device[17] >= '0' && device[17] <= '5' && is_digit(device[18]);
}

// "2025-11-27T17:37:08.128+01:00", what a firewall writes, is RFC 3339 as it stands. The zone was
// read from it, so it is known to be a time.
bool is_rfc3339_already(std::string_view high_res) {
  return high_res.size() == 29 && high_res[4] == '-' && high_res[10] == 'T' &&
         high_res[19] == '.' && (high_res[23] == '+' || high_res[23] == '-') &&
         high_res[26] == ':' && high_res.substr(24) != "00:00";
}

}  // namespace

void TimeText::start(const TrafficRecord& record) {
  record_ = &record;
  RecordClock::RecordZone zone = clock_.zone_of(record);
  if (zone_ && !zone_->same_as(zone))
    for (Minute& minute : minutes_) minute.size = 0;
  zone_.emplace(zone);
}

std::optional<std::string_view> TimeText::device_time(std::string_view text) {
  const auto slot = static_cast<std::size_t>((text[15] & 15) | (text[14] & 7) << 4);
  Minute& minute = minutes_[slot];
  if (minute.size == 0 || std::memcmp(minute.device.data(), text.data(), kMinuteSize) != 0) {
    const auto civil = parse_device_time(text);
    if (!civil) return std::nullopt;
    ZonedTime time;
    time.offset_minutes = zone_->offset_minutes_at(*civil);
    time.utc_micros = civil->micros - std::int64_t{time.offset_minutes} * 60'000'000;
    text_.clear();
    append_rfc3339(text_, time);
    std::memcpy(minute.device.data(), text.data(), kMinuteSize);
    minute.size =
        static_cast<std::uint8_t>(text_.copy(minute.written.data(), minute.written.size()));
  }
  std::memcpy(minute.written.data() + kSecondsAt, text.data() + kSecondsAt, 2);
  return std::string_view(minute.written.data(), minute.size);
}

std::optional<std::string_view> TimeText::rfc3339(Field column) {
  const std::string_view text = record_->text(column);
  if (text.size() == kDeviceSize && has_plain_seconds(text))
    if (const auto written = device_time(text)) return written;
  if (text.empty()) return std::nullopt;
  if (column == Field::HighResTimestamp && zone_->basis() == ZoneBasis::HighRes &&
      is_rfc3339_already(text))
    return text;
  const auto time = at(column);
  if (!time) return std::nullopt;
  text_.clear();
  append_rfc3339(text_, time->time);
  return text_;
}

std::optional<TimeText::OwnTime> TimeText::own() {
  const auto time = own_instant();
  if (!time) return std::nullopt;
  const auto text = rfc3339(time->source);
  if (!text) return std::nullopt;
  return OwnTime{*text, time->source, time->basis};
}

std::optional<RecordClock::RecordTime> TimeText::own_instant() const {
  return clock_.of(*record_, *zone_);
}

std::optional<RecordClock::RecordTime> TimeText::at(Field column) const {
  return clock_.at(*record_, column, *zone_);
}

}  // namespace endreason
