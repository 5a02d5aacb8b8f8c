// SPDX-License-Identifier: Apache-2.0
// RowLine: the line of a traffic log as PAN-OS writes it, made cell by cell in the order of the
// columns, straight into one buffer. A TrafficRecord's texts then are places in that line, and the
// line itself is what a log in PAN-OS's own format has: nothing is copied or formatted twice.
//
// Reused for every row; allocates only when it meets a longer text than before. One thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/field.hpp"
#include "model/ip_address.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

class RowLine {
 public:
  // Begins a line; `record`'s texts will be those set here. `columns`: of the release's line.
  void begin(TrafficRecord& record, std::size_t columns);

  // In the order of the columns; those that are passed over are empty. A word of ours, of at most
  // kCellBytes bytes, that needs no quotes:
  void set(Field field, std::string_view text);
  // A text that may hold anything: a name that somebody gave.
  void set_text(Field field, std::string_view text);
  void set_number(Field field, std::uint64_t value);
  void set_hex(Field field, std::uint32_t value);
  void set_address(Field field, const IpAddress& address);
  // "2026/03/10 10:00:00", UTC: the engine's device clock.
  void set_time(Field field, std::int64_t ns);
  // "2026-03-10T10:00:00.000+00:00"
  void set_high_resolution_time(Field field, std::int64_t ns);

  // The line up to the release's last column. Empty when a text would have to be quoted.
  std::string_view finish();

 private:
  // The longest cell that is not a text of someone else's, with its comma.
  static constexpr std::size_t kCellBytes = 64;

  void pass_to(std::size_t column);
  char* go_to(Field field);
  void end_cell(char* end);
  void need(std::size_t bytes);
  void find_date(std::int64_t day);

  std::vector<char> buffer_;
  TrafficRecord* record_ = nullptr;
  std::uint32_t used_ = 0;
  std::uint32_t line_end_ = 0;  // of the release's last column
  std::size_t columns_ = 0;
  std::size_t column_ = 0;        // in hand
  bool plain_ = true;             // nothing has to be quoted
  std::int64_t day_ = INT64_MIN;  // whose date stands in date_
  char date_[11] = {};            // "2026-03-10T"
};

}  // namespace endreason
