// SPDX-License-Identifier: Apache-2.0
// RecordClock: the instants of a record. Device time has no zone; this says which zone it was read
// in and why, and never guesses in silence.
#pragma once

#include <cstdint>
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

  struct RecordTime {
    ZonedTime time;
    Field source;  // the column it was read from
    ZoneBasis basis;
  };
  // One time column; nothing when it is empty or no time ("9/16/19 10:00").
  std::optional<RecordTime> at(const TrafficRecord& record, Field column) const;
  // The record's own time: high_res_timestamp, else time_generated, receive_time, start. A
  // high_res_timestamp of 1969 or 1970 is what Panorama writes for senders older than 10.0: not a time.
  std::optional<RecordTime> of(const TrafficRecord& record) const;

 private:
  TimeZone default_zone_ = TimeZone::utc();
  bool default_given_ = false;
  std::unordered_map<std::string, TimeZone> zones_;
};

}  // namespace endreason
