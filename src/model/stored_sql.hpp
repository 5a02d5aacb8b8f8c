// SPDX-License-Identifier: Apache-2.0
// What the SQL of the databases that keep rows has in common, and where they differ: room query
// writes filters by it, room store everything else. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace endreason {

enum class SqlDialect : std::uint8_t {
  DuckDb,      // rows in traffic_rows, called r, and the texts of groups in their tables
  ClickHouse,  // all of a row in traffic_rows; times as microseconds
};

// 'text', quoted, so that it can be nothing else. Bytes that are no UTF-8 are written as the
// database has them.
std::string sql_text(SqlDialect dialect, std::string_view text);

// since <= the row's own time < until, as instants; either may be missing. True when both are.
std::string period_sql(SqlDialect dialect, std::optional<std::int64_t> since,
                       std::optional<std::int64_t> until);

}  // namespace endreason
