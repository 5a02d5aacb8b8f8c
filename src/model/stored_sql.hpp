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

// Of an SQL value, as SQL: the text of an address (NULL for none), the text of a protocol's number,
// the number that a text is (NULL for none), and the text that the column `odd` keeps for a column
// of the log (NULL, or '' in ClickHouse, for none).
std::string address_text_sql(SqlDialect dialect, std::string_view value);
std::string protocol_text_sql(SqlDialect dialect, std::string_view value);
std::string number_text_sql(SqlDialect dialect, std::string_view value);
std::string odd_text_sql(SqlDialect dialect, std::string_view column);
// Whether `odd` keeps a text for it.
std::string has_odd_text_sql(SqlDialect dialect, std::string_view column);

}  // namespace endreason
