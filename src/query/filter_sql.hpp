// SPDX-License-Identifier: Apache-2.0
// A filter as an SQL condition on the table traffic_rows, called r, and the tables of its groups
// (model/stored_column.hpp). It is true for the rows that FilterProgram accepts, and for no others;
// tests/filter_sql_test holds the two together. Pure functions; texts are quoted, so that a filter
// can say nothing but a condition.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "query/filter_ast.hpp"

namespace endreason {

// Never NULL where it matters: a row that lacks a column is accepted or not, as the filter says.
std::string filter_sql(const FilterNode& root);

// since <= the row's own time < until, as instants; either may be missing. "TRUE" when both are.
std::string period_sql(std::optional<std::int64_t> since, std::optional<std::int64_t> until);

// 'text' with its quotes doubled. Bytes that are no UTF-8 are written as the database has them.
std::string sql_text(std::string_view text);

// The column's text as the log had it; '' for a row that does not have it. For columns of a group
// it reads that group's table, which has to be joined under its own name.
std::string column_text_sql(Field field);

}  // namespace endreason
