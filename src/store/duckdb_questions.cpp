// SPDX-License-Identifier: Apache-2.0
// The questions in DuckDB's SQL. Rows are grouped by the numbers of their groups first and by texts
// afterwards: a text may have several numbers.
#include <fmt/format.h>

#include "model/stored_column.hpp"
#include "store/duckdb_store.hpp"
#include "store/result_table.hpp"
#include "store/rollups.hpp"
#include "store/row_scope.hpp"
#include "store/schema.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

std::string literal(std::string_view text) {
  return sql_text(SqlDialect::DuckDb, text);
}

// What is asked for by code is always few rows.
template <class Row, class Make>
Result<std::vector<Row>> answer(Store& store, const std::string& sql, const QueryLimits& limits,
                                Make make) {
  const auto table = store.query(sql, limits);
  if (!table) return tl::unexpected(table.error());
  std::vector<Row> rows;
  rows.reserve(table->rows.size());
  for (const auto& row : table->rows) rows.push_back(make(row));
  return rows;
}

}  // namespace

namespace {

// How many rows, and the first and the last time of them, where roll-ups know it; the rest is
// counted. In one statement, so that it is one view of both.
std::string counts_sql(const RowScope& scope, const RollupState& rolled) {
  const ScopeParts parts = split_by_units(scope, info(Rollup::Verdicts), rolled);
  std::string sql = "SELECT 0::UBIGINT AS n, NULL::TIMESTAMP AS first, NULL::TIMESTAMP AS last";
  for (const ScopeParts::Units& units : parts.units)
    sql += fmt::format(
        " UNION ALL SELECT sum(n)::UBIGINT, min(first_time), max(last_time) FROM {} WHERE {}",
        units.table, units.condition);
  for (const std::string& rows : parts.rows)
    sql += " UNION ALL SELECT count(*), min(r.time), max(r.time) FROM traffic_rows r WHERE " + rows;
  return fmt::format(
      "SELECT coalesce(sum(n), 0)::UBIGINT, epoch_us(min(first)), "
      "epoch_us(max(last)) FROM ({})",
      sql);
}

}  // namespace

Result<Table> DuckdbStore::counts(const RowScope& scope, const QueryLimits& limits) {
  if (!has_rollups_ || !scope.condition.empty())
    return query(
        "SELECT count(*), epoch_us(min(time)), epoch_us(max(time)) FROM traffic_rows r "
        "WHERE " +
            scope_sql(scope),
        limits);
  auto connection = connect();
  if (!connection) return tl::unexpected(connection.error());
  const QueryWatch::Guard guard(watch_, connection->get(), limits.time);
  if (auto begun = run_plain(connection->get(), "BEGIN"); !begun)
    return tl::unexpected(begun.error());
  const auto rolled = read_rollup_state(connection->get());
  if (!rolled) return tl::unexpected(rolled.error());
  auto result = run_sql(connection->get(), counts_sql(scope, *rolled));
  if (!result) {
    if (guard.stopped()) return stopped_error(limits.time);
    return tl::unexpected(result.error());
  }
  return read_table(*result, 1);
}

Result<std::uint64_t> DuckdbStore::count(const RowScope& scope, const QueryLimits& limits) {
  const auto table = counts(scope, limits);
  if (!table) return tl::unexpected(table.error());
  return number_of(table->rows[0][0]);
}

Result<void> DuckdbStore::export_parquet(const RowScope& scope, const std::string& path,
                                         const QueryLimits& limits) {
  const auto table =
      query(fmt::format("COPY ({} WHERE {}) TO {} (FORMAT parquet, COMPRESSION zstd)",
                        traffic_select(), scope_sql(scope), literal(path)),
            limits);
  if (!table) return tl::unexpected(table.error());
  return {};
}

Result<StoredSpan> DuckdbStore::span(const QueryLimits& limits) {
  const auto table = counts({}, limits);
  if (!table) return tl::unexpected(table.error());
  const auto& row = table->rows[0];
  StoredSpan span{number_of(row[0]), std::nullopt, std::nullopt};
  if (is_null(row[1])) return span;
  span.first = signed_of(row[1]);
  span.last = signed_of(row[2]);
  return span;
}

namespace {

// What the rows are grouped by first, and its text afterwards.
struct GroupKey {
  std::string key;   // of traffic_rows r
  std::string join;  // the group's table, or nothing
  std::string text;  // of key k<i>, and of the joined table g<i>
};

GroupKey group_key(const GroupColumn& column, std::size_t i) {
  const std::string key = fmt::format("k{}", i);
  if (!column.field) return {fmt::format("r.{}", column.verdict), "", key + "::VARCHAR"};
  const StoredColumn& kept = stored(*column.field);
  const std::string_view field = info(*column.field).log_name;
  if (kept.as == StoredAs::Text) {
    const StoredGroupInfo& group = info(kept.group);
    return {fmt::format("r.{}", group.id),
            fmt::format(" JOIN {} g{} ON t.{} = g{}.id", group.table, i, key, i),
            fmt::format("g{}.\"{}\"", i, field)};
  }
  return {fmt::format("r.\"{}\"", field), "",
          kept.as == StoredAs::Address    ? fmt::format("address_text({})", key)
          : kept.as == StoredAs::Protocol ? fmt::format("protocol_text({})", key)
          : kept.as == StoredAs::Word     ? fmt::format("nullif({}::VARCHAR, 'absent')", key)
                                          : key + "::VARCHAR"};
}

std::string groups_sql(const std::vector<GroupColumn>& columns, const std::string& where,
                       std::uint64_t most) {
  std::string inner, keys, joins, texts, outer;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const GroupKey key = group_key(columns[i], i);
    inner += fmt::format("{} AS k{}, ", key.key, i);
    keys += fmt::format("{}k{}", i > 0 ? ", " : "", i);
    joins += key.join;
    texts += fmt::format("{} AS x{}, ", key.text, i);
    outer += fmt::format("{}x{}", i > 0 ? ", " : "", i);
  }
  return fmt::format(
      "SELECT {}sum(n)::UBIGINT AS n, sum(s)::UBIGINT AS s, sum(b)::UBIGINT AS b, "
      "sum(blocked)::UBIGINT, sum(failed)::UBIGINT FROM (SELECT {}count(*) AS n, sum(sessions) AS "
      "s, coalesce(sum(CASE WHEN sessions > 0 THEN bytes END), 0) AS b, "
      "coalesce(sum(CASE WHEN final_action = 'blocked' THEN sessions END), 0) AS blocked, "
      "coalesce(sum(CASE WHEN final_action = 'allowed' AND outcome = 'failed' THEN sessions END), "
      "0) AS failed FROM traffic_rows r WHERE {} GROUP BY {}) t{} GROUP BY {} ORDER BY s DESC, n "
      "DESC, {} LIMIT {}",
      texts, inner, where, keys, joins, outer, outer, most);
}

std::string completion_sql(Field field, std::string_view prefix, const std::string& where) {
  const StoredColumn& column = stored(field);
  const std::string_view name = info(field).log_name;
  if (column.as == StoredAs::Text) {
    const StoredGroupInfo& group = info(column.group);
    return fmt::format(
        "SELECT g.\"{0}\" AS k FROM (SELECT {1}, count(*) AS n FROM traffic_rows r WHERE {2} GROUP "
        "BY {1}) t JOIN {3} g ON t.{1} = g.id WHERE g.\"{0}\" <> '' AND starts_with(lower(g.\"{0}\""
        "), lower({4})) GROUP BY k ORDER BY sum(n) DESC, k LIMIT 20",
        name, group.id, where, group.table, literal(prefix));
  }
  const std::string text =
      column.as == StoredAs::Address    ? fmt::format("address_text(\"{}\")", name)
      : column.as == StoredAs::Protocol ? fmt::format("protocol_text(\"{}\")", name)
                                        : fmt::format("\"{}\"::VARCHAR", name);
  return fmt::format(
      "SELECT k FROM (SELECT {} AS k, n FROM (SELECT \"{}\", count(*) AS n FROM traffic_rows r "
      "WHERE {} GROUP BY 1)) WHERE starts_with(k, {}) ORDER BY n DESC, k LIMIT 20",
      text, name, where, literal(prefix));
}

}  // namespace

Result<std::vector<GroupedRows>> DuckdbStore::groups(const RowScope& scope,
                                                     const std::vector<GroupColumn>& columns,
                                                     std::uint64_t most,
                                                     const QueryLimits& limits) {
  const std::size_t n = columns.size();
  return answer<GroupedRows>(*this, groups_sql(columns, scope_sql(scope), most), limits,
                             [n](const std::vector<Cell>& row) { return grouped_rows(row, n); });
}

Result<std::vector<std::string>> DuckdbStore::complete(const RowScope& scope, Field field,
                                                       std::string_view prefix,
                                                       const QueryLimits& limits) {
  return answer<std::string>(
      *this, completion_sql(field, prefix, scope_sql(scope)), limits,
      [](const std::vector<Cell>& row) { return std::string(text_of(row[0])); });
}

Result<std::vector<DeviceRows>> DuckdbStore::devices(const QueryLimits& limits) {
  return answer<DeviceRows>(
      *this,
      "SELECT d.serial, d.device_name, t.version, t.format, sum(n)::UBIGINT, sum(s)::UBIGINT, "
      "min(first), max(last), max(received) FROM (SELECT device_id, version, format, count(*) AS "
      "n, sum(sessions) AS s, epoch_us(min(time)) AS first, epoch_us(max(time)) AS last, "
      "epoch_us(max(received)) AS received FROM traffic_rows GROUP BY device_id, version, format) "
      "t JOIN devices d ON t.device_id = d.id GROUP BY ALL ORDER BY ALL",
      limits, [](const std::vector<Cell>& row) {
        return DeviceRows{std::string(text_of(row[0])),
                          std::string(text_of(row[1])),
                          std::string(text_of(row[3])),
                          static_cast<std::uint8_t>(number_of(row[2])),
                          number_of(row[4]),
                          number_of(row[5]),
                          signed_of(row[6]),
                          signed_of(row[7]),
                          signed_of(row[8])};
      });
}

// Of an even number of rows the later of the two in the middle.
Result<std::vector<DeviceLag>> DuckdbStore::device_lags(std::int64_t received_since,
                                                        const QueryLimits& limits) {
  return answer<DeviceLag>(
      *this,
      fmt::format("SELECT d.serial, count(*), -quantile_disc(epoch_us(time) - epoch_us(received), "
                  "0.5) FROM traffic_rows r JOIN devices d ON r.device_id = d.id WHERE received >= "
                  "make_timestamp({}::BIGINT) AND time_known GROUP BY d.serial ORDER BY d.serial",
                  received_since),
      limits, [](const std::vector<Cell>& row) {
        return DeviceLag{std::string(text_of(row[0])), number_of(row[1]), signed_of(row[2])};
      });
}

Result<std::vector<std::string>> DuckdbStore::senders() {
  return answer<std::string>(
      *this, "SELECT name FROM senders ORDER BY id", {},
      [](const std::vector<Cell>& row) { return std::string(text_of(row[0])); });
}

}  // namespace endreason
