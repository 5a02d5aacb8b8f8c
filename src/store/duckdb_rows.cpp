// SPDX-License-Identifier: Apache-2.0
// Rows as they were kept. A page in order of time is looked for from the end that it begins at, in
// windows that grow, by the columns that matter alone; then its rows are read, which have a hundred
// columns.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "store/duckdb_store.hpp"
#include "store/result_table.hpp"
#include "store/rollups.hpp"
#include "store/row_decoder.hpp"
#include "store/row_scope.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

using Order = RowsQuestion::Order;
using Id = std::uint64_t;

// Larger than that a page is not worth finding first.
constexpr std::uint64_t kPageMax = 2000;
// Each window is this much larger than the one before.
constexpr std::uint64_t kWindowGrowth = 4;
constexpr unsigned kWindowsMax = 8;
// Rows that the database reads at once, and how many such reads are cheaper than a scan.
constexpr Id kReadAtOnce = 2048;
constexpr std::size_t kReadsMax = 24;

std::string condition_of(const RowsQuestion& question) {
  std::string where = scope_sql(question.scope);
  if (question.id) where += fmt::format(" AND r.id = {}", *question.id);
  if (question.behind && question.order == Order::AsStored) {
    where += fmt::format(" AND r.id > {}", question.behind->id);
  } else if (question.behind) {
    where += fmt::format(
        " AND r.time {0}= make_timestamp({1}::BIGINT) AND (r.time {0} make_timestamp({1}::BIGINT) "
        "OR r.id {0} {2})",
        question.order == Order::NewestFirst ? "<" : ">", question.behind->time_micros,
        question.behind->id);
  }
  return where;
}

std::string_view order_of(const RowsQuestion& question) {
  return question.order == Order::AsStored      ? "r.id"
         : question.order == Order::NewestFirst ? "r.time DESC, r.id DESC"
                                                : "r.time, r.id";
}

std::string rest_of(const RowsQuestion& question) {
  std::string rest =
      fmt::format("WHERE {} ORDER BY {}", condition_of(question), order_of(question));
  if (question.most != UINT64_MAX) rest += fmt::format(" LIMIT {}", question.most);
  return rest;
}

// Periods that follow each other from where the order begins, together the whole scope.
Result<std::vector<RowScope>> windows_of(duckdb_connection connection, const RowsQuestion& question,
                                         std::uint64_t first_rows) {
  const bool newest = question.order == Order::NewestFirst;
  RowScope scope = question.scope;
  if (question.behind) {
    const std::int64_t at = question.behind->time_micros;
    if (newest) {
      scope.to = std::min(scope.to.value_or(INT64_MAX), at + 1);
    } else {
      scope.from = std::max(scope.from.value_or(INT64_MIN), at);
    }
  }
  std::string level = "0";
  std::uint64_t rows = 0, size = first_rows;
  for (unsigned i = 0; i < kWindowsMax; ++i, size *= kWindowGrowth)
    level += fmt::format(" + (c >= {})::INTEGER", rows += size);
  const RollupInfo& rollup = info(Rollup::Verdicts);
  const std::int64_t unit = rollup.unit_seconds * 1'000'000;
  RowScope units{{}, scope.from, scope.to};
  if (units.from) *units.from -= unit;
  std::string where = scope_sql(units);
  for (std::size_t at = 0; (at = where.find("r.time", at)) != std::string::npos;)
    where.replace(at, 6, "since");
  auto found = run_sql(
      connection,
      fmt::format("SELECT epoch_us({}(since)) AS border FROM (SELECT since, sum(sum(n)) OVER "
                  "(ORDER BY since {}) AS c FROM {} WHERE {} GROUP BY since) GROUP BY {} ORDER BY "
                  "border {}",
                  newest ? "min" : "max", newest ? "DESC" : "ASC", rollup.table, where, level,
                  newest ? "DESC" : "ASC"));
  if (!found) return tl::unexpected(found.error());
  auto borders = read_table(*found, kWindowsMax + 1);
  if (!borders) return tl::unexpected(borders.error());
  std::vector<RowScope> windows;
  RowScope rest = scope;
  for (const auto& row : borders->rows) {
    const std::int64_t border = signed_of(row[0]) + (newest ? 0 : unit);
    if ((rest.from && border <= *rest.from) || (rest.to && border >= *rest.to)) continue;
    windows.push_back(rest);
    (newest ? windows.back().from : windows.back().to) = border;
    (newest ? rest.to : rest.from) = border;
  }
  windows.push_back(rest);
  return windows;
}

// Conditions that read these rows: ranges of ids where they lie together, one scan where they do
// not.
std::vector<std::string> reads_of(const std::vector<Id>& ids, const RowsQuestion& question) {
  std::vector<Id> sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> reads;
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t end = first + 1;
    while (end < sorted.size() && sorted[end] - sorted[end - 1] < kReadAtOnce) ++end;
    const std::vector<Id> part(sorted.begin() + static_cast<std::ptrdiff_t>(first),
                               sorted.begin() + static_cast<std::ptrdiff_t>(end));
    reads.push_back(fmt::format("r.id BETWEEN {} AND {} AND r.id IN ({})", part.front(),
                                part.back(), fmt::join(part, ",")));
    first = end;
  }
  if (reads.size() <= kReadsMax) return reads;
  return {fmt::format("{} AND r.id BETWEEN {} AND {} AND r.id IN ({})", condition_of(question),
                      sorted.front(), sorted.back(), fmt::join(sorted, ","))};
}

Result<std::vector<Id>> ids_of(duckdb_connection connection, const std::string& sql) {
  auto result = run_sql(connection, sql);
  if (!result) return tl::unexpected(result.error());
  auto table = read_table(*result, UINT64_MAX);
  if (!table) return tl::unexpected(table.error());
  std::vector<Id> ids;
  for (const auto& row : table->rows) ids.push_back(number_of(row[0]));
  return ids;
}

// All in one query, the database would look at every column of all rows of the time.
Result<std::vector<Id>> find_rare(duckdb_connection connection, const RowsQuestion& question) {
  RowsQuestion only = question;
  only.scope.condition = question.rare;
  const auto some =
      ids_of(connection, "SELECT r.id FROM traffic_rows r WHERE " + condition_of(only));
  if (!some || some->empty()) return some;
  std::string rows;
  for (const std::string& read : reads_of(*some, only))
    rows += fmt::format("{}SELECT r.id, r.time FROM traffic_rows r WHERE {} AND {}",
                        rows.empty() ? "" : " UNION ALL ", read, condition_of(question));
  return ids_of(connection, fmt::format("SELECT r.id FROM ({}) r ORDER BY {} LIMIT {}", rows,
                                        order_of(question), question.most));
}

// `first_rows` of the first window; 0: there are no roll-ups to make windows from.
Result<std::vector<Id>> find_ids(duckdb_connection connection, const RowsQuestion& question,
                                 std::uint64_t first_rows) {
  if (question.id) return std::vector<Id>{*question.id};
  if (!question.rare.empty()) return find_rare(connection, question);
  std::vector<RowScope> windows{question.scope};
  if (first_rows > 0) {
    auto made = windows_of(connection, question, first_rows);
    if (!made) return tl::unexpected(made.error());
    windows = *std::move(made);
  }
  std::vector<Id> ids;
  RowsQuestion part = question;
  for (const RowScope& window : windows) {
    part.scope = window;
    part.most = question.most - ids.size();
    const auto more = ids_of(connection, "SELECT r.id FROM traffic_rows r " + rest_of(part));
    if (!more) return more;
    ids.insert(ids.end(), more->begin(), more->end());
    if (ids.size() >= question.most) break;
  }
  return ids;
}

}  // namespace

Result<void> DuckdbStore::read_page(duckdb_connection connection, const RowsQuestion& question,
                                    const std::function<bool(StoredRow&)>& take) {
  // Rows that are found are there when they are read.
  if (auto begun = run_plain(connection, "BEGIN"); !begun) return begun;
  const auto ids = find_ids(connection, question, has_rollups_ ? options_.window_rows : 0);
  if (!ids) return tl::unexpected(ids.error());
  std::vector<DuckResult> results;
  std::vector<DuckChunk> chunks;
  struct Place {
    std::size_t chunk, row;
  };
  std::unordered_map<Id, Place> places;
  RowDecoder decoder;
  for (const std::string& read : reads_of(*ids, question)) {
    auto result = run_sql(connection, fmt::format("SELECT {} FROM traffic_rows r WHERE {}",
                                                  RowDecoder::select_list(), read));
    if (!result) return tl::unexpected(result.error());
    results.push_back(*std::move(result));
    while (DuckChunk chunk{duckdb_fetch_chunk(*results.back().get())}) {
      if (auto learned = decoder.learn_groups(connection, chunk.get()); !learned) return learned;
      const auto* numbers = static_cast<const std::int64_t*>(duckdb_vector_get_data(
          duckdb_data_chunk_get_vector(chunk.get(), position_of(RowColumn::Id))));
      for (std::size_t i = 0; i < duckdb_data_chunk_get_size(chunk.get()); ++i)
        places[static_cast<Id>(numbers[i])] = {chunks.size(), i};
      chunks.push_back(std::move(chunk));
    }
  }
  static_cast<void>(run_plain(connection, "ROLLBACK"));
  StoredRow row;
  for (const Id id : *ids) {
    const auto found = places.find(id);
    if (found == places.end()) continue;
    decoder.read(chunks[found->second.chunk].get(), found->second.row, row);
    if (!take(row)) break;
  }
  return {};
}

Result<void> DuckdbStore::read_rows(const RowsQuestion& question, const QueryLimits& limits,
                                    const std::function<bool(StoredRow&)>& take) {
  auto connection = connect();
  if (!connection) return tl::unexpected(connection.error());
  const QueryWatch::Guard guard(watch_, connection->get(), limits.time);
  if (question.order != Order::AsStored && question.most <= kPageMax) {
    auto read = read_page(connection->get(), question, take);
    if (!read && guard.stopped()) return stopped_error(limits.time);
    return read;
  }
  auto result = run_sql(connection->get(), "SELECT " + RowDecoder::select_list() +
                                               " FROM traffic_rows r " + rest_of(question));
  if (!result) {
    if (guard.stopped()) return stopped_error(limits.time);
    return tl::unexpected(result.error());
  }
  auto lookups = connect();
  if (!lookups) return tl::unexpected(lookups.error());
  RowDecoder decoder;
  StoredRow row;
  while (true) {
    const DuckChunk part(duckdb_fetch_chunk(*result->get()));
    if (!part) {
      if (guard.stopped()) return stopped_error(limits.time);
      return check_fetched(*result);
    }
    if (auto learned = decoder.learn_groups(lookups->get(), part.get()); !learned) return learned;
    const std::size_t n = duckdb_data_chunk_get_size(part.get());
    for (std::size_t i = 0; i < n; ++i) {
      decoder.read(part.get(), i, row);
      if (!take(row)) return {};
    }
  }
}

}  // namespace endreason
