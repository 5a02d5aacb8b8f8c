// SPDX-License-Identifier: Apache-2.0
// A table of cells as text: aligned for people, CSV, or a JSON object a row. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.hpp"

namespace endreason {

enum class TableFormat : std::uint8_t { Json, Table, Csv, Ndjson };
// Json for an empty name; nothing for one that is none of json, table, csv, ndjson.
std::optional<TableFormat> table_format(std::string_view name);

// Table, Csv and Ndjson.
std::string table_text(const std::vector<std::string>& names,
                       const std::vector<std::vector<Cell>>& rows, TableFormat format);

}  // namespace endreason
