// SPDX-License-Identifier: Apache-2.0
// The CSV export of the web interface: a header row of titles in any order, then rows by RFC 4180.
// export_layout(): header row -> layout; ExportRowReader: row + layout -> TrafficRecord.
// A layout is immutable and may be shared; a reader is not thread-safe and owns scratch.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/field.hpp"
#include "model/traffic_record.hpp"
#include "parse/key_names.hpp"
#include "parse/keyed_record.hpp"
#include "parse/read_status.hpp"

namespace endreason {

struct ExportLayout {
  struct Column {
    std::string title;
    std::optional<Field> field;  // none: kept as an extra under its title
    // The interface titles both the log type and the subtype "Type": the value tells which.
    bool type_by_value = false;
  };
  std::vector<Column> columns;
};

// The layout that a header row describes; nothing when the line is no header of a traffic log: it
// must title a source and a destination address, an action or a type, and hold no data.
std::optional<ExportLayout> export_layout(std::string_view header_line, const KeyNames& names);

class ExportRowReader {
 public:
  explicit ExportRowReader(const KeyNames& names) : keyed_(names) {}
  // The record borrows from the row, the layout and this reader. A row with fewer cells than titles
  // is partial; surplus cells are extras ("column_47").
  ReadStatus read(std::string_view row, const ExportLayout& layout, TrafficRecord& record);

 private:
  void put(const ExportLayout::Column& column, std::string_view value, TrafficRecord& record);

  KeyedRecord keyed_;
  std::string cell_;
};

}  // namespace endreason
