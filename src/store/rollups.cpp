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

std::vector<std::string> rollup_schema() {
  std::vector<std::string> statements;
  for (const RollupInfo& rollup : kRollups) {
    std::string columns = "since TIMESTAMP";
    for (const RollupKey& key : rollup.keys) columns += fmt::format(", {} {}", key.name, key.type);
    columns += ", n UBIGINT, s UBIGINT, b UBIGINT, first_time TIMESTAMP, last_time TIMESTAMP";
    if (!rollup.set.empty())
      columns += fmt::format(", set_size UINTEGER, {} UBIGINT[]", rollup.set);
    if (rollup.leaders) columns += ", leader BOOLEAN";
    statements.push_back(fmt::format("CREATE TABLE {} ({})", rollup.table, columns));
  }
  statements.emplace_back("CREATE TABLE rollup_state (next_id UBIGINT)");
  statements.emplace_back("INSERT INTO rollup_state VALUES (1)");
  return statements;
}

std::string insert_statement(const RollupInfo& rollup, std::string_view condition) {
  std::string sql = fmt::format(
      "SELECT time_bucket(INTERVAL '{} seconds', r.time) AS since, {}{}, min(r.time), max(r.time)",
      rollup.unit_seconds, key_expressions(rollup), kSums);
  if (!rollup.set.empty())
    sql += fmt::format(", len(list(DISTINCT {0}))::UINTEGER, list(DISTINCT {0})",
                       rollup.set_expression);
  sql += fmt::format(" FROM traffic_rows r WHERE {} AND {} GROUP BY ALL", rollup.rows, condition);
  if (rollup.leaders)
    sql =
        fmt::format("SELECT *, row_number() OVER (ORDER BY s DESC) <= {} FROM ({})", kLeaders, sql);
  return fmt::format("INSERT INTO {} {}", rollup.table, sql);
}

std::string grouped_rows(const RollupInfo& rollup, std::string_view condition) {
  return fmt::format("SELECT {}{} FROM traffic_rows r WHERE {} AND {} GROUP BY ALL",
                     key_expressions(rollup), kSums, rollup.rows, condition);
}

}  // namespace endreason
