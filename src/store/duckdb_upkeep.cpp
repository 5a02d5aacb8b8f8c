// SPDX-License-Identifier: Apache-2.0
// What DuckdbStore does beside taking rows: rolling up what was committed, and removing what is too
// old or too much. On a connection of its own, so that rows are taken and asked for meanwhile.
#include <fmt/format.h>

#include "store/duckdb_store.hpp"
#include "store/rollups.hpp"

namespace endreason {
namespace {

// All or nothing of it.
Result<std::uint64_t> run_together(duckdb_connection connection,
                                   const std::vector<std::string>& statements) {
  std::uint64_t changed_first = 0;
  if (auto begun = run_plain(connection, "BEGIN"); !begun) return tl::unexpected(begun.error());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    auto result = run_sql(connection, statements[i]);
    if (!result) {
      static_cast<void>(run_plain(connection, "ROLLBACK"));
      return tl::unexpected(result.error());
    }
    if (i == 0) changed_first = duckdb_rows_changed(result->get());
  }
  auto done = run_plain(connection, "COMMIT");
  if (!done) return tl::unexpected(done.error());
  return changed_first;
}

std::string time_sql(std::int64_t micros) {
  return fmt::format("make_timestamp({}::BIGINT)", micros);
}

// A time before which about that share of the rows lies, as far as they are rolled up; 0 when none
// are. Between the first and the last row of a unit they are taken to be spread evenly.
std::string cut_question(double share) {
  return fmt::format(
      "WITH units AS (SELECT since, sum(n)::DOUBLE AS n, epoch_us(min(first_time)) AS first, "
      "epoch_us(max(last_time)) AS last FROM {} GROUP BY since), "
      "sums AS (SELECT *, sum(n) OVER (ORDER BY since) AS until, sum(n) OVER () * {} AS wanted "
      "FROM units) "
      "SELECT coalesce(min(first + 1 + ((last - first) * (1 - (until - wanted) / n))::BIGINT), 0) "
      "FROM sums WHERE until >= wanted AND until - n < wanted",
      info(Rollup::Verdicts).table, share);
}

}  // namespace

Result<bool> DuckdbStore::maintain(bool idle) {
  const std::scoped_lock lock(keeper_mutex_);
  if (idle && checkpoint_wanted_ && run_plain(keeper_.get(), "CHECKPOINT"))
    checkpoint_wanted_ = false;
  const std::uint64_t behind = rows_behind();
  if (behind == 0 || (!idle && behind < kRollupRows)) return false;
  const std::uint64_t first = rolled_next_id_;
  const std::uint64_t end = std::min<std::uint64_t>(committed_next_id_, first + kRollupRows);
  std::vector<std::string> statements;
  for (const RollupInfo& rollup : kRollups)
    statements.push_back(
        insert_statement(rollup, fmt::format("r.id >= {} AND r.id < {}", first, end)));
  statements.push_back(fmt::format("UPDATE rollup_state SET next_id = {}", end));
  if (auto done = run_together(keeper_.get(), statements); !done)
    return tl::unexpected(done.error());
  rolled_next_id_ = end;
  return true;
}

// A unit that is cut is rolled up again from what is left of it.
Result<std::uint64_t> DuckdbStore::remove_before(std::int64_t micros) {
  const std::scoped_lock lock(keeper_mutex_);
  std::vector<std::string> statements{
      fmt::format("DELETE FROM traffic_rows WHERE time < {}", time_sql(micros))};
  for (const RollupInfo& rollup : kRollups) {
    const std::int64_t unit = rollup.unit_seconds * 1'000'000;
    const std::int64_t into = (micros % unit + unit) % unit;
    const std::int64_t whole = micros - into;
    statements.push_back(fmt::format("DELETE FROM {} WHERE since <{} {}", rollup.table,
                                     into == 0 ? "" : "=", time_sql(whole)));
    if (into != 0)
      statements.push_back(insert_statement(
          rollup, fmt::format("r.time >= {} AND r.time < {} AND r.id < {}", time_sql(micros),
                              time_sql(whole + unit), rolled_next_id_.load())));
  }
  auto removed = run_together(keeper_.get(), statements);
  if (removed && *removed > 0) checkpoint_wanted_ = true;
  return removed;
}

Result<std::uint64_t> DuckdbStore::remove_beyond(std::uint64_t bytes) {
  std::int64_t cut = 0;
  {
    const std::scoped_lock lock(keeper_mutex_);
    // What was removed last is given back first.
    if (checkpoint_wanted_) return 0;
    auto size = run_sql(keeper_.get(),
                        "SELECT sum(block_size * used_blocks)::BIGINT FROM pragma_database_size() "
                        "WHERE database_name = current_database()");
    if (!size) return tl::unexpected(size.error());
    const auto used = static_cast<double>(duckdb_value_int64(size->get(), 0, 0));
    if (used <= static_cast<double>(bytes)) return 0;
    // Down to nine tenths, so that it is not done all the time.
    const double share = 1 - 0.9 * static_cast<double>(bytes) / used;
    auto found = run_sql(keeper_.get(), cut_question(share));
    if (!found) return tl::unexpected(found.error());
    cut = duckdb_value_int64(found->get(), 0, 0);
    if (cut == 0) return 0;
  }
  return remove_before(cut);
}

}  // namespace endreason
