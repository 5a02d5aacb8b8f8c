// SPDX-License-Identifier: Apache-2.0
// Accounting: what became of every line that was read. lines = blank + traffic + other + rejected,
// asserted whenever it is printed; partial records are part of traffic. One a thread, added up.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "model/panos_version.hpp"
#include "model/traffic_record.hpp"
#include "parse/read_status.hpp"

namespace endreason {

struct Accounting {
  std::uint64_t lines{}, blank{}, traffic{}, partial{}, other{}, rejected{};
  std::uint64_t matched{};  // traffic records that passed the filter and were written or counted
  std::map<std::string, std::uint64_t, std::less<>> by_type;  // other log types, and TRAFFIC
  std::array<std::uint64_t, kInputFormats.size()> by_format{};
  std::array<std::uint64_t, 256> by_version{};  // by PanosVersion
  std::array<std::uint64_t, kRejectReasons.size()> by_reject_reason{};

  void count(const ReadStatus& status, const TrafficRecord& record);
  // So many whole records of one format and release.
  void count_traffic(InputFormat format, PanosVersion version, std::uint64_t records);
  void add(const Accounting& other_part);
  bool balanced() const { return lines == blank + traffic + other + rejected; }
  // {"lines":..,"blank":..,...} on one line; keys in a fixed order.
  std::string to_json() const;
  // One sentence for standard error.
  std::string to_line() const;
};

}  // namespace endreason
