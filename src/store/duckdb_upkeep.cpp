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
  // As soon as there is enough for a level: batches of one size, however much is still to be done
  // below.
  for (std::size_t level = kRollupLevels.size(); level-- > 0;) {
    const auto made = roll_up(level, false);
    if (!made || *made) return made;
  }
  for (std::size_t level = 0; idle && level < kRollupLevels.size(); ++level) {
    const auto made = roll_up(level, true);
    if (!made || *made) return made;
  }
  return false;
}

Result<bool> DuckdbStore::roll_up(std::size_t level, bool idle) {
  const RollupLevel& kind = kRollupLevels[level];
  const std::uint64_t first = rolled_[level];
  const std::uint64_t behind =
      (level == 0 ? committed_next_id_.load() : rolled_[level - 1]) - first;
  const std::uint64_t wanted = (idle ? kind.least : kind.batches) * options_.rollup_rows;
  if (behind == 0 || behind < wanted) return false;
  const std::uint64_t end =
      level == 0 ? std::min(first + behind, first + options_.rollup_rows) : first + behind;
  std::vector<std::string> statements;
  for (const RollupInfo& rollup : kRollups)
    statements.push_back(
        level == 0
            ? insert_statement(rollup, fmt::format("r.id >= {} AND r.id < {}", first, end), first)
            : merge_statement(rollup, level,
                              fmt::format("t.batch >= {} AND t.batch < {}", first, end), first));
  statements.push_back(
      fmt::format("UPDATE rollup_state SET next_id = {} WHERE level = {}", end, level));
  if (auto done = run_together(keeper_.get(), statements); !done)
    return tl::unexpected(done.error());
  rolled_[level] = end;
  if (level == 0) rolled_next_id_ = end;
  return true;
}

// A unit that is cut is rolled up again from what is left of it in the level below, one batch for
// each level above that has some of it.
std::vector<std::string> DuckdbStore::cut_statements(const RollupInfo& rollup, std::size_t level,
                                                     std::int64_t micros) const {
  const std::int64_t unit = unit_micros(rollup, level);
  const std::int64_t into = (micros % unit + unit) % unit;
  const std::int64_t whole = micros - into;
  std::vector<std::string> statements{fmt::format("DELETE FROM {} WHERE since <{} {}",
                                                  table_of(rollup, level), into == 0 ? "" : "=",
                                                  time_sql(whole))};
  if (into == 0) return statements;
  std::uint64_t first = 1;
  for (std::size_t above = kTopLevel + 1; above-- > level;) {
    const std::uint64_t end = rolled_[above];
    if (first >= end) continue;
    const auto within = [&](std::string_view time, std::int64_t from, std::string_view id) {
      return fmt::format("{0} >= {1} AND {0} < {2} AND {3} >= {4} AND {3} < {5}", time,
                         time_sql(from), time_sql(whole + unit), id, first, end);
    };
    statements.push_back(
        level == 0 ? insert_statement(rollup, within("r.time", micros, "r.id"), first)
                   : merge_statement(rollup, level, within("t.since", whole, "t.batch"), first));
    first = end;
  }
  return statements;
}

Result<std::uint64_t> DuckdbStore::remove_before(std::int64_t micros) {
  const std::scoped_lock lock(keeper_mutex_);
  std::vector<std::string> statements{
      fmt::format("DELETE FROM traffic_rows WHERE time < {}", time_sql(micros))};
  for (const RollupInfo& rollup : kRollups)
    for (std::size_t level = 0; level < kRollupLevels.size(); ++level)
      for (std::string& statement : cut_statements(rollup, level, micros))
        statements.push_back(std::move(statement));
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
