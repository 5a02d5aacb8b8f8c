// SPDX-License-Identifier: Apache-2.0
#include "store/rollups.hpp"

#include <fmt/format.h>

namespace endreason {
namespace {

// Rows of subtype start count for no session, and their bytes are counted again at its end.
constexpr std::string_view kSums =
    "count(*) AS n, coalesce(sum(r.sessions), 0)::UBIGINT AS s, "
    "coalesce(sum(CASE WHEN r.sessions > 0 THEN r.bytes END), 0)::UBIGINT AS b";

std::string key_expressions(const RollupInfo& rollup) {
  std::string list;
  for (const RollupKey& key : rollup.keys)
    list += fmt::format("{} AS {}, ", key.expression, key.name);
  return list;
}

}  // namespace

std::string key_list(const RollupInfo& rollup) {
  std::string list;
  for (const RollupKey& key : rollup.keys)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", key.name);
  return list;
}

std::string create_statement(const RollupInfo& rollup) {
  std::string columns = "since TIMESTAMP";
  for (const RollupKey& key : rollup.keys) columns += fmt::format(", {} {}", key.name, key.type);
  columns += ", n UBIGINT, s UBIGINT, b UBIGINT, first_time TIMESTAMP, last_time TIMESTAMP";
  if (!rollup.set.empty()) columns += fmt::format(", set_size UINTEGER, {} UBIGINT[]", rollup.set);
  return fmt::format("CREATE TABLE {} ({}, merged BOOLEAN)", rollup.table, columns);
}

std::string insert_statement(const RollupInfo& rollup, std::string_view condition) {
  std::string sql = fmt::format(
      "INSERT INTO {} SELECT time_bucket(INTERVAL '{} seconds', r.time) AS since, {}{}, "
      "min(r.time), max(r.time)",
      rollup.table, rollup.unit_seconds, key_expressions(rollup), kSums);
  if (!rollup.set.empty())
    sql +=
        fmt::format(", count(DISTINCT {0})::UINTEGER, list(DISTINCT {0})", rollup.set_expression);
  return sql + fmt::format(", FALSE FROM traffic_rows r WHERE {} AND {} GROUP BY ALL", rollup.rows,
                           condition);
}

std::string grouped_rows(const RollupInfo& rollup, std::string_view condition) {
  return fmt::format("SELECT {}{} FROM traffic_rows r WHERE {} AND {} GROUP BY ALL",
                     key_expressions(rollup), kSums, rollup.rows, condition);
}

}  // namespace endreason
