// SPDX-License-Identifier: Apache-2.0
// LeefReader: one LEEF record (QRadar's Log Event Extended Format) 1.0 or 2.0, any delimiter, both
// generations of names -> TrafficRecord. Not thread-safe: it owns scratch that the record borrows.
#pragma once

#include <string_view>

#include "parse/key_names.hpp"
#include "parse/keyed_record.hpp"
#include "parse/read_status.hpp"

namespace endreason {

class LeefReader {
 public:
  explicit LeefReader(const KeyNames& names) : keyed_(names) {}
  // `text` begins with "LEEF:"; the record borrows from it and from this reader.
  ReadStatus read(std::string_view text, TrafficRecord& record);

 private:
  void read_delimited(std::string_view body, std::string_view delimiter);
  void read_blank_parted(std::string_view body);
  void put(std::string_view key, std::string_view value);

  KeyedRecord keyed_;
};

}  // namespace endreason
