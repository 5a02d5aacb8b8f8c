// SPDX-License-Identifier: Apache-2.0
// The database's tables, enumerations and views, as SQL. Made from the constant tables, so that it
// cannot say anything else than they do.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/stored_column.hpp"
#include "store/row_columns.hpp"

namespace endreason {

// Raised whenever tables change. A folder of the first version has no roll-ups, one of the second
// none in levels: they are made when it is opened for writing.
inline constexpr std::uint64_t kSchemaVersion = 3;
inline constexpr std::uint64_t kOldestSchemaVersion = 1;

// The statements that make an empty database ready, in order.
std::vector<std::string> schema_statements();

// What the view `traffic` is: a SELECT of rows r that takes a WHERE.
std::string traffic_select();

// The name of the database's type.
std::string type_name(const RowColumnInfo& column);
std::string type_name(const StoredColumn& column);

// The columns of a group, in the order of the log.
std::span<const Field> fields_of(StoredGroup group);

}  // namespace endreason
