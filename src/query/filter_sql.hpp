// SPDX-License-Identifier: Apache-2.0
// A filter as an SQL condition on the table traffic_rows, in the dialect of the database
// (model/stored_sql.hpp). It is true for the rows that FilterProgram accepts, and for no others;
// the tests stored_filter_test and store_suite_test hold them together. Pure functions; texts are
// quoted, so that a filter can say nothing but a condition.
#pragma once

#include <string>

#include "model/stored_sql.hpp"
#include "query/filter_ast.hpp"

namespace endreason {

// Never NULL where it matters: a row that lacks a column is accepted or not, as the filter says.
std::string filter_sql(const FilterNode& root, SqlDialect dialect);

}  // namespace endreason
