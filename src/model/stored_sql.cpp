// SPDX-License-Identifier: Apache-2.0
#include "model/stored_sql.hpp"

#include <fmt/format.h>

#include "model/odd_texts.hpp"

namespace endreason {

std::string sql_text(SqlDialect dialect, std::string_view text) {
  std::string out = "'";
  for (const char c : as_utf8_text(text)) {
    // ClickHouse reads escapes in every literal, DuckDB in none.
    if (dialect == SqlDialect::ClickHouse && (c == '\\' || c == '\'')) {
      out += '\\';
    } else if (c == '\'') {
      out += '\'';
    }
    out += c;
  }
  return out + "'";
}

std::string period_sql(SqlDialect dialect, std::optional<std::int64_t> since,
                       std::optional<std::int64_t> until) {
  const bool duckdb = dialect == SqlDialect::DuckDb;
  const auto bound = [&](std::string_view op, std::int64_t micros) {
    return duckdb ? fmt::format("r.\"time\" {} make_timestamp({}::BIGINT)", op, micros)
                  : fmt::format("time {} {}", op, micros);
  };
  std::string sql;
  if (since) sql = bound(">=", *since);
  if (until) sql += (since ? " AND " : "") + bound("<", *until);
  return !sql.empty() ? sql : duckdb ? "TRUE" : "1";
}

}  // namespace endreason
