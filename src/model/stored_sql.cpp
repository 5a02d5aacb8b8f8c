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

std::string address_text_sql(SqlDialect dialect, std::string_view value) {
  if (dialect == SqlDialect::DuckDb) return fmt::format("address_text({})", value);
  return fmt::format(
      "if(isNull({0}), NULL, if({0} >= unhex('00000000000000000000FFFF00000000') AND {0} <= "
      "unhex('00000000000000000000FFFFFFFFFFFF'), substring(IPv6NumToString(assumeNotNull({0})), "
      "8), arrayStringConcat(arrayMap(i -> "
      "replaceRegexpOne(lower(substring(hex(assumeNotNull({0})), i * 4 + 1, 4)), '^0{{1,3}}', ''), "
      "range(8)), ':')))",
      value);
}

std::string protocol_text_sql(SqlDialect dialect, std::string_view value) {
  if (dialect == SqlDialect::DuckDb) return fmt::format("protocol_text({})", value);
  return fmt::format(
      "multiIf({0} = 1, 'icmp', {0} = 6, 'tcp', {0} = 17, 'udp', {0} = 58, 'ipv6-icmp', {0} = 132, "
      "'sctp', toString({0}))",
      value);
}

std::string number_text_sql(SqlDialect dialect, std::string_view value) {
  if (dialect == SqlDialect::DuckDb) return fmt::format("number_text({})", value);
  // Digits that are too many wrap around there, so they are compared as text first.
  return fmt::format(
      "if(match({0}, '^[0-9]{{1,20}}$') AND (length({0}) < 20 OR {0} <= '18446744073709551615'), "
      "toNullable(toUInt64OrZero({0})), if(match({0}, '^0[xX][0-9a-fA-F]{{1,16}}$'), "
      "toNullable(reinterpretAsUInt64(reverse(unhex(substring(concat('0000000000000000', "
      "substring({0}, 3)), length({0}) - 1))))), NULL))",
      value);
}

std::string odd_text_sql(SqlDialect dialect, std::string_view column) {
  return dialect == SqlDialect::DuckDb ? fmt::format("odd_text(r.odd, '{}')", column)
                                       : fmt::format("visitParamExtractString(odd, '{}')", column);
}

std::string has_odd_text_sql(SqlDialect dialect, std::string_view column) {
  return dialect == SqlDialect::DuckDb ? odd_text_sql(dialect, column) + " IS NOT NULL"
                                       : fmt::format("visitParamHas(odd, '{}') = 1", column);
}

}  // namespace endreason
