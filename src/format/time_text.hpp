// SPDX-License-Identifier: Apache-2.0
// TimeText: the time columns of a record as RFC 3339, in the offset of the text or the record's
// zone. Remembers the minutes it has seen, since the times of a log lie close together. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/record_clock.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

class TimeText {
 public:
  explicit TimeText(const RecordClock& clock) : clock_(clock) {}
  TimeText(const TimeText&) = delete;
  TimeText& operator=(const TimeText&) = delete;

  // The record whose columns are asked for next.
  void start(const TrafficRecord& record);
  // The column as RFC 3339. Nothing when it is empty or no time. Dies with the next call.
  std::optional<std::string_view> rfc3339(Field column);

  // The record's own time, where it was read and in whose zone.
  struct OwnTime {
    std::string_view text;
    Field source;
    ZoneBasis basis;
  };
  std::optional<OwnTime> own();
  std::optional<RecordClock::RecordTime> own_instant() const;
  // The column as an instant.
  std::optional<RecordClock::RecordTime> at(Field column) const;

 private:
  // A minute of device time in the zone of the record before, and how it is written.
  struct Minute {
    std::array<char, 16> device{};   // "2026/03/10 10:00"
    std::array<char, 32> written{};  // "2026-03-10T10:00:SS+01:00"
    std::uint8_t size = 0;           // 0: nothing remembered
  };
  std::optional<std::string_view> device_time(std::string_view text);

  static constexpr std::size_t kMinutes = 128;  // by the two digits of the minute
  RecordClock clock_;
  const TrafficRecord* record_ = nullptr;
  std::optional<RecordClock::RecordZone> zone_;
  std::array<Minute, kMinutes> minutes_{};
  std::string text_;
};

}  // namespace endreason
