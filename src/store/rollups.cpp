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

std::string insert_into(const RollupInfo& rollup, std::size_t level, const std::string& select) {
  const std::string table = table_of(rollup, level);
  if (!rollup.leaders) return fmt::format("INSERT INTO {} {}", table, select);
  return fmt::format("INSERT INTO {} SELECT *, row_number() OVER (ORDER BY s DESC) <= {} FROM ({})",
                     table, kLeaders, select);
}

}  // namespace

std::string key_list(const RollupInfo& rollup) {
  std::string list;
  for (const RollupKey& key : rollup.keys)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", key.name);
  return list;
}

std::string table_of(const RollupInfo& rollup, std::size_t level) {
  return fmt::format("{}{}", rollup.table, kRollupLevels[level].suffix);
}

std::int64_t unit_micros(const RollupInfo& rollup, std::size_t level) {
  const std::int64_t seconds = kRollupLevels[level].unit_seconds;
  return (seconds != 0 ? seconds : rollup.unit_seconds) * 1'000'000;
}

std::vector<std::string> rollup_schema() {
  std::vector<std::string> statements;
  for (const RollupInfo& rollup : kRollups) {
    std::string columns = "batch UBIGINT, since TIMESTAMP";
    for (const RollupKey& key : rollup.keys) columns += fmt::format(", {} {}", key.name, key.type);
    columns += ", n UBIGINT, s UBIGINT, b UBIGINT, first_time TIMESTAMP, last_time TIMESTAMP";
    if (!rollup.set.empty())
      columns += fmt::format(", set_size UINTEGER, {} UBIGINT[]", rollup.set);
    if (rollup.leaders) columns += ", leader BOOLEAN";
    for (std::size_t level = 0; level < kRollupLevels.size(); ++level)
      statements.push_back(fmt::format("CREATE TABLE {} ({})", table_of(rollup, level), columns));
  }
  statements.emplace_back("CREATE TABLE rollup_state (level UTINYINT, next_id UBIGINT)");
  for (std::size_t level = 0; level < kRollupLevels.size(); ++level)
    statements.push_back(fmt::format("INSERT INTO rollup_state VALUES ({}, 1)", level));
  return statements;
}

std::vector<std::string> drop_rollups() {
  std::vector<std::string> statements{"DROP TABLE IF EXISTS rollup_state"};
  for (const RollupInfo& rollup : kRollups)
    for (std::size_t level = 0; level < kRollupLevels.size(); ++level)
      statements.push_back(fmt::format("DROP TABLE IF EXISTS {}", table_of(rollup, level)));
  return statements;
}

std::string insert_statement(const RollupInfo& rollup, std::string_view condition,
                             std::uint64_t batch) {
  std::string sql = fmt::format(
      "SELECT {}, time_bucket(INTERVAL '{} seconds', r.time) AS since, {}{}, min(r.time), "
      "max(r.time)",
      batch, rollup.unit_seconds, key_expressions(rollup), kSums);
  if (!rollup.set.empty())
    sql += fmt::format(", len(list(DISTINCT {0}))::UINTEGER, list(DISTINCT {0})",
                       rollup.set_expression);
  sql += fmt::format(" FROM traffic_rows r WHERE {} AND {} GROUP BY ALL", rollup.rows, condition);
  return insert_into(rollup, 0, sql);
}

std::string merge_statement(const RollupInfo& rollup, std::size_t level, std::string_view condition,
                            std::uint64_t batch) {
  std::string sql = fmt::format(
      "SELECT {}, time_bucket(INTERVAL '{} seconds', t.since) AS since, {}, sum(n)::UBIGINT AS n, "
      "sum(s)::UBIGINT AS s, sum(b)::UBIGINT AS b, min(first_time), max(last_time)",
      batch, kRollupLevels[level].unit_seconds, key_list(rollup));
  if (!rollup.set.empty())
    sql += fmt::format(", list_sort(list_distinct(flatten(list({})))) AS members", rollup.set);
  sql += fmt::format(" FROM {} t WHERE {} GROUP BY ALL", table_of(rollup, level - 1), condition);
  if (!rollup.set.empty())
    sql = fmt::format("SELECT * EXCLUDE (members), len(members)::UINTEGER, members FROM ({})", sql);
  return insert_into(rollup, level, sql);
}

std::string grouped_rows(const RollupInfo& rollup, std::string_view condition) {
  return fmt::format("SELECT {}{} FROM traffic_rows r WHERE {} AND {} GROUP BY ALL",
                     key_expressions(rollup), kSums, rollup.rows, condition);
}

}  // namespace endreason
