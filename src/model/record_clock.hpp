// SPDX-License-Identifier: Apache-2.0
// RecordClock: the instants of a record. Device time has no zone; this says which zone it was read
// in and why, and never guesses in silence.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/timestamp.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

// Where the zone of an instant came from, the strongest first.
enum class ZoneBasis : std::uint8_t {
  InText,       // the column itself has an offset
  HighRes,      // the record's high_res_timestamp has one, so its other times are in it too
  SerialTable,  // the configuration names a zone for this serial
  Option,       // --tz or the configuration's default
  Assumed,      // nothing said: UTC, and the output says "assumed"
};
struct ZoneBasisInfo {
  ZoneBasis value;
  std::string_view log_name;
};
inline constexpr auto kZoneBases = std::to_array<ZoneBasisInfo>({
    {ZoneBasis::InText, "in-text"},
    {ZoneBasis::HighRes, "high-res-timestamp"},
    {ZoneBasis::SerialTable, "serial-table"},
    {ZoneBasis::Option, "option"},
    {ZoneBasis::Assumed, "assumed-utc"},
});
static_assert(rows_in_enum_order(kZoneBases));
constexpr std::string_view log_name(ZoneBasis v) {
  return kZoneBases[static_cast<std::size_t>(v)].log_name;
}

// Not thread-safe (it remembers the last zone lookup): give each thread its own copy.
class RecordClock {
 public:
  void set_default_zone(TimeZone zone);
  void set_zone_of_serial(std::string serial, TimeZone zone);
  // Whether a zone was set for some record or for all.
  bool zone_given() const { return default_given_ || !zones_.empty(); }

  struct RecordTime {
    ZonedTime time;
    Field source;  // the column it was read from
    ZoneBasis basis;
  };
  // One time column; nothing when it is empty or no time ("9/16/19 10:00").
  std::optional<RecordTime> at(const TrafficRecord& record, Field column) const;
  // The record's own time: high_res_timestamp, else time_generated, receive_time, start. A
  // high_res_timestamp of 1969 or 1970 is what Panorama writes for senders older than 10.0: not a
  // time.
  std::optional<RecordTime> of(const TrafficRecord& record) const;

  // The zone that a record's zone-less times are in. Whoever reads several columns of one record
  // asks for it once. Dies with the clock, and with the next set_...() call.
  class RecordZone;
  RecordZone zone_of(const TrafficRecord& record) const;
  std::optional<RecordTime> of(const TrafficRecord& record, const RecordZone& zone) const;
  std::optional<RecordTime> at(const TrafficRecord& record, Field column,
                               const RecordZone& zone) const;

 private:
  // A zone and the last span of civil times for which its offset is known.
  struct RememberedZone {
    TimeZone zone = TimeZone::utc();
    mutable TimeZone::OffsetSpan span{};
    std::int32_t offset_minutes_at(CivilTime civil) const;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  RememberedZone default_zone_;
  bool default_given_ = false;
  std::unordered_map<std::string, RememberedZone, TextHash, std::equal_to<>> zones_;
};

class RecordClock::RecordZone {
 public:
  ZoneBasis basis() const { return basis_; }
  // The offset of a clock of this zone at an instant.
  std::int32_t offset_minutes_of(std::int64_t utc_micros) const {
    return zone_ != nullptr ? zone_->zone.at(utc_micros).offset_minutes : fixed_offset_minutes_;
  }
  // True when both give every civil time the same offset because they are the same zone; the answer
  // for two zones of one clock. False may also mean that nobody looked.
  bool same_as(const RecordZone& other) const {
    return zone_ == other.zone_ && fixed_offset_minutes_ == other.fixed_offset_minutes_;
  }
  // The offset, in minutes east of UTC, of a clock of this zone that shows `civil`.
  std::int32_t offset_minutes_at(CivilTime civil) const {
    return zone_ != nullptr ? zone_->offset_minutes_at(civil) : fixed_offset_minutes_;
  }

 private:
  friend class RecordClock;
  explicit RecordZone(const ParsedTime& high_res)
      : basis_(ZoneBasis::HighRes),
        fixed_offset_minutes_(*high_res.offset_minutes),
        high_res_(high_res) {}
  RecordZone(ZoneBasis basis, const RememberedZone* zone) : basis_(basis), zone_(zone) {}

  ZoneBasis basis_;
  std::int32_t fixed_offset_minutes_ = 0;
  const RememberedZone* zone_ = nullptr;  // null: the offset is fixed
  std::optional<ParsedTime> high_res_;    // of basis HighRes: the high_res_timestamp itself
};

}  // namespace endreason
