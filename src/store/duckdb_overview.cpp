// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb_overview.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "store/member_sets.hpp"
#include "store/overview_period.hpp"
#include "store/result_table.hpp"
#include "store/rollups.hpp"
#include "store/row_scope.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr unsigned kCandidatesMax = 200;
constexpr unsigned kFoundMax = 5;
// A hundred targets, each tried a few times, is the mark of a sweep.
constexpr std::uint64_t kScanTargets = 100, kScanTries = 4;
constexpr std::size_t kScansMax = 3;
constexpr const char* kSums = "sum(n)::UBIGINT AS n, sum(s)::UBIGINT AS s, sum(b)::UBIGINT AS b";
constexpr const char* kBlocked = "final_action = 'blocked'";
constexpr const char* kFailed = "final_action = 'allowed' AND outcome = 'failed'";

std::string text(const Cell& cell) {
  return std::string(text_of(cell));
}

// What is ranked, in the temporary tables.
struct RankSource {
  std::string_view table, key, join;  // of texts: the table of the group, and its number
  std::string_view id;
};
constexpr RankSource kRankSources[] = {
    {"rule_sums", "rule", "rules", "rule_id"},
    {"application_sums", "app", "applications", "application_id"},
    {"source_sums", "src", "", ""},
    {"destination_sums", "dst", "", ""}};

class Asker {
 public:
  Asker(duckdb_connection connection, const OverviewQuestion& question, bool rolled_up)
      : connection_(connection),
        question_(question),
        rolled_(rolled_up && question.scope.condition.empty()) {}

  Result<OverviewAnswer> answer() {
    if (auto found = find_period(); !found) return tl::unexpected(found.error());
    const RowScope now = period_;
    if (auto counted = count(now, out_.now, &out_.steps, out_.reasons); !counted)
      return tl::unexpected(counted.error());
    if (auto chosen = choose_candidates(); !chosen) return tl::unexpected(chosen.error());
    for (const Rollup rollup : {Rollup::Rules, Rollup::Applications, Rollup::Sources,
                                Rollup::Destinations, Rollup::Servers})
      if (auto made = add_up(rollup, now, "now"); !made) return tl::unexpected(made.error());
    for (const auto part : {&Asker::rank_now, &Asker::find_servers, &Asker::find_rules,
                            &Asker::find_scans, &Asker::compare})
      if (auto done = (this->*part)(); !done) return tl::unexpected(done.error());
    return std::move(out_);
  }

 private:
  Result<Table> ask(const std::string& sql) {
    auto result = run_sql(connection_, sql);
    if (!result) return tl::unexpected(result.error());
    return read_table(*result, UINT64_MAX);
  }
  Result<void> run(const std::string& sql) { return run_plain(connection_, sql); }

  // --- which rows ----------------------------------------------------------------------------
  Result<void> find_period() {
    std::string times = "SELECT min(time) AS first, max(time) AS last FROM traffic_rows r";
    if (rolled_) {
      const auto state = read_rollup_state(connection_);
      if (!state) return tl::unexpected(state.error());
      state_ = *state;
      times +=
          fmt::format(" WHERE r.id >= {} UNION ALL SELECT min(first_time), max(last_time) FROM {}",
                      state_[0], info(Rollup::Verdicts).table);
    }
    const auto span =
        ask(fmt::format("SELECT epoch_us(min(first)), epoch_us(max(last)) FROM ({})", times));
    if (!span) return tl::unexpected(span.error());
    std::optional<std::int64_t> first, last;
    if (!is_null(span->rows[0][0])) {
      first = signed_of(span->rows[0][0]);
      last = signed_of(span->rows[0][1]);
    }
    set_period(out_, question_, first, last);
    period_ = {question_.scope.condition, out_.from, out_.to};
    // A side beyond which there is nothing is no border, and no unit of a roll-up is cut by it.
    if (!first || out_.from <= *first) period_.from.reset();
    if (!last || out_.to > *last) period_.to.reset();
    return {};
  }

  // `step`: of which units have to be whole parts.
  ScopeParts parts(const RollupInfo& rollup, const RowScope& scope, std::int64_t step = 0) const {
    if (!rolled_) return {{}, {scope_sql(scope)}};
    return split_by_units(scope, rollup, state_, step);
  }
  static void add_select(std::string& sql, const std::string& select) {
    sql += (sql.empty() ? "" : " UNION ALL ") + select;
  }

  // The groups of a roll-up in a scope: whole units from its table, the rest from rows.
  std::string source(const RollupInfo& rollup, const RowScope& scope,
                     std::string_view more = "TRUE") const {
    const ScopeParts from = parts(rollup, scope);
    std::string sql;
    for (const ScopeParts::Units& units : from.units)
      add_select(sql, fmt::format("SELECT {}, n, s, b FROM {} WHERE {} AND {}", key_list(rollup),
                                  units.table, units.condition, more));
    for (const std::string& rows : from.rows) add_select(sql, grouped_rows(rollup, rows));
    return sql;
  }

  // Where nearly every row is a group of its own, the sums of all would cost too much. What leads
  // in no batch can hardly lead in all of them.
  Result<void> choose_candidates() {
    if (!rolled_) return {};
    const RollupInfo& rollup = info(Rollup::Servers);
    return run(fmt::format(
        "CREATE TEMP TABLE candidates AS SELECT {0} FROM ({1}) GROUP BY ALL ORDER BY sum(s) DESC, "
        "{0} LIMIT {2}",
        key_list(rollup), source(rollup, period_, "leader"), kCandidatesMax));
  }

  Result<void> add_up(Rollup which, const RowScope& scope, std::string_view period) {
    const RollupInfo& rollup = info(which);
    std::string groups = fmt::format("({})", source(rollup, scope));
    // By one column, which costs an eighth of comparing all of them.
    if (rolled_ && rollup.leaders) groups += " WHERE dst IN (SELECT dst FROM candidates)";
    return run(fmt::format("CREATE TEMP TABLE {}_{} AS SELECT {}, {} FROM {} GROUP BY ALL", period,
                           rollup.table, key_list(rollup), kSums, groups));
  }

  // --- totals and steps ----------------------------------------------------------------------
  std::string verdicts_by_step(const RowScope& scope) const {
    const RollupInfo& rollup = info(Rollup::Verdicts);
    const std::int64_t step = out_.step_seconds * kMicros;
    const auto bucket = [&](std::string_view time) {
      return fmt::format("epoch_us({}) // {} - {} AS step", time, step,
                         out_.first_step_seconds / out_.step_seconds);
    };
    const auto rows = [&](const std::string& condition) {
      return fmt::format("SELECT {}, {}", bucket("r.time"),
                         grouped_rows(rollup, condition).substr(7));
    };
    const ScopeParts from = parts(rollup, scope, step);
    std::string sql;
    for (const ScopeParts::Units& units : from.units)
      add_select(sql, fmt::format("SELECT {}, {}, n, s, b FROM {} WHERE {}", bucket("since"),
                                  key_list(rollup), units.table, units.condition));
    for (const std::string& condition : from.rows) add_select(sql, rows(condition));
    return sql;
  }

  Result<void> count(const RowScope& scope, OverviewTotals& totals,
                     std::vector<OverviewAnswer::Step>* steps, std::vector<RankedValue>& reasons) {
    const RollupInfo& rollup = info(Rollup::Verdicts);
    const auto table = ask(fmt::format(
        "SELECT step, {}, {} FROM ({}) GROUP BY ALL ORDER BY ALL", key_list(rollup), kSums,
        steps != nullptr
            ? verdicts_by_step(scope)
            : fmt::format("SELECT 0::BIGINT AS step, * FROM ({})", source(rollup, scope))));
    if (!table) return tl::unexpected(table.error());
    OverviewCounts counts(totals, steps);
    for (const auto& row : table->rows)
      counts.add({signed_of(row[0]), text(row[1]), text(row[2]), text(row[3]), text(row[4]),
                  std::get<bool>(row[5]), std::get<bool>(row[6]), sums_at(row, 7)});
    reasons = counts.reasons();
    return {};
  }

  // --- rankings ------------------------------------------------------------------------------
  Result<std::vector<RankedValue>> rank(std::string_view period, RankedBy by,
                                        std::string_view condition, unsigned most) {
    const RankSource& source = kRankSources[static_cast<std::size_t>(by)];
    std::string sql;
    if (source.join.empty()) {
      sql = fmt::format(
          "SELECT address_text(k), n, s, b FROM (SELECT {0} AS k, {1} FROM {2}_{3} WHERE {4} AND "
          "{0} IS NOT NULL GROUP BY k HAVING sum(s) > 0 ORDER BY s DESC, b DESC, k LIMIT {5})",
          source.key, kSums, period, source.table, condition, most);
    } else {
      sql = fmt::format(
          "SELECT g.{0} AS k, {1} FROM (SELECT {2}, {1} FROM {3}_{4} WHERE {5} GROUP BY {2}) t "
          "JOIN {6} g ON t.{2} = g.id WHERE g.{0} <> '' GROUP BY k HAVING sum(s) > 0 "
          "ORDER BY s DESC, b DESC, k LIMIT {7}",
          source.key, kSums, source.id, period, source.table, condition, source.join, most);
    }
    const auto table = ask(sql);
    if (!table) return tl::unexpected(table.error());
    std::vector<RankedValue> ranked;
    for (const auto& row : table->rows) ranked.push_back({text(row[0]), sums_at(row, 1), {}, {}});
    return ranked;
  }

  Result<void> rank_now() {
    return rank_all(out_, [this](RankedBy by, bool blocked, unsigned most) {
      return rank("now", by, blocked ? kBlocked : kFailed, most);
    });
  }

  Result<void> compare() {
    if (!question_.scope.from && !question_.scope.to) return {};  // there is nothing before all
    const RowScope before{question_.scope.condition, out_.from - (out_.to - out_.from), out_.from};
    OverviewTotals totals;
    if (auto counted = count(before, totals, nullptr, out_.reasons_before); !counted)
      return counted;
    if (totals.all.rows == 0) return {};
    out_.before = std::move(totals);
    for (const Rollup rollup : {Rollup::Rules, Rollup::Applications})
      if (auto made = add_up(rollup, before, "before"); !made) return made;
    return rank_compared(out_, [this](RankedBy by, bool of_before, unsigned most) {
      return rank(of_before ? "before" : "now", by, "TRUE", most);
    });
  }

  // --- what stands out -----------------------------------------------------------------------
  // Members of the sets of a roll-up, with the keys that they belong to, from its units and rows.
  std::string members(const RollupInfo& rollup, std::string_view condition) const {
    const ScopeParts from = parts(rollup, period_);
    std::string sql;
    for (const ScopeParts::Units& units : from.units)
      add_select(
          sql, fmt::format("SELECT {}, unnest({}) AS member FROM {} WHERE {} AND {}",
                           key_list(rollup), rollup.set, units.table, units.condition, condition));
    for (const std::string& rows : from.rows) {
      std::string keys;
      for (const RollupKey& key : rollup.keys)
        keys += fmt::format("{} AS {}, ", key.expression, key.name);
      add_select(sql, fmt::format("SELECT * FROM (SELECT {}{} AS member FROM traffic_rows r WHERE "
                                  "{} AND {}) WHERE {}",
                                  keys, rollup.set_expression, rollup.rows, rows, condition));
    }
    return sql;
  }

  Result<void> find_servers() {
    if (auto made = run(fmt::format(
            "CREATE TEMP TABLE failing AS SELECT dst, dport, proto, reason_code, {} FROM "
            "now_server_sums GROUP BY ALL HAVING sum(s) > 1 ORDER BY s DESC, dst, dport, "
            "proto, reason_code LIMIT {}",
            kSums, kFoundMax));
        !made)
      return made;
    const std::string condition = "(dst IN (SELECT dst FROM failing) OR dst IS NULL)";
    const auto table = ask(fmt::format(
        "SELECT address_text(dst), dport, protocol_text(proto), reason_code, n, s, b, sources FROM "
        "(SELECT f.*, count(DISTINCT m.member) AS sources FROM failing f JOIN ({}) m ON m.dst IS "
        "NOT DISTINCT FROM f.dst AND m.dport IS NOT DISTINCT FROM f.dport AND m.proto IS NOT "
        "DISTINCT FROM f.proto AND m.reason_code = f.reason_code GROUP BY ALL) ORDER BY s DESC, "
        "dst, dport, proto, reason_code",
        members(info(Rollup::Servers), condition)));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows) {
      OverviewAnswer::FailingServer server{text(row[0]), text(row[2]),    {},
                                           text(row[3]), sums_at(row, 4), number_of(row[7])};
      if (!is_null(row[1]) && number_of(row[1]) != 0) server.dport = number_of(row[1]);
      out_.failing_servers.push_back(std::move(server));
    }
    return {};
  }

  Result<void> find_rules() {
    const auto table = ask(fmt::format(
        "SELECT g.rule AS k, reason_code, {} FROM now_rule_sums t JOIN rules g ON t.rule_id = g.id "
        "WHERE {} AND g.rule <> '' GROUP BY k, reason_code HAVING sum(s) > 1 ORDER BY s DESC, k, "
        "reason_code LIMIT {}",
        kSums, kBlocked, kFoundMax));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows)
      out_.blocking_rules.push_back({text(row[0]), text(row[1]), sums_at(row, 2)});
    return {};
  }

  // Sets of parts of the period give no more than an upper bound for the whole; those with the
  // highest are counted until no other can come before them.
  Result<void> find_scans() {
    constexpr std::size_t kAtOnce = kScansMax + 1;
    if (auto made = bound_targets(); !made) return made;
    const auto candidates = ask(fmt::format(
        "SELECT src::VARCHAR, n, s, b, targets, address_text(src) FROM (SELECT src, {} FROM "
        "now_source_sums GROUP BY "
        "src HAVING sum(n) >= {}) JOIN target_bounds USING (src) WHERE s <= {} * targets ORDER BY "
        "targets DESC, src LIMIT 1000",
        kSums, kScanTargets, kScanTries));
    if (!candidates) return tl::unexpected(candidates.error());
    auto& found = out_.scanning_hosts;
    for (std::size_t first = 0; first < candidates->rows.size(); first += kAtOnce) {
      const std::size_t end = std::min(first + kAtOnce, candidates->rows.size());
      if (found.size() >= kScansMax &&
          found[kScansMax - 1].targets >= number_of(candidates->rows[first][4]))
        break;
      if (auto counted = count_targets(std::span(candidates->rows).subspan(first, end - first));
          !counted)
        return counted;
      std::stable_sort(found.begin(), found.end(),
                       [](const auto& a, const auto& b) { return a.targets > b.targets; });
    }
    if (found.size() > kScansMax) found.resize(kScansMax);
    return {};
  }

  // How many targets sources have at most.
  Result<void> bound_targets() {
    const RollupInfo& rollup = info(Rollup::Sources);
    const ScopeParts from = parts(rollup, period_);
    std::string bounds;
    for (const ScopeParts::Units& units : from.units)
      add_select(bounds, fmt::format("SELECT src, set_size AS targets FROM {} WHERE {}",
                                     units.table, units.condition));
    for (const std::string& rows : from.rows)
      add_select(bounds, fmt::format("SELECT r.src, count(DISTINCT {}) AS targets FROM "
                                     "traffic_rows r WHERE {} AND {} GROUP BY r.src",
                                     rollup.set_expression, rollup.rows, rows));
    return run(
        fmt::format("CREATE TEMP TABLE target_bounds AS SELECT src, sum(targets)::UBIGINT AS "
                    "targets FROM ({}) GROUP BY src HAVING targets >= {}",
                    bounds, kScanTargets));
  }

  Result<void> count_targets(std::span<const std::vector<Cell>> candidates) {
    const RollupInfo& rollup = info(Rollup::Sources);
    const ScopeParts from = parts(rollup, period_);
    std::string list;
    for (const auto& row : candidates)
      list += fmt::format("{}{}::UHUGEINT", list.empty() ? "" : ", ", text(row[0]));
    std::string sql;
    for (const ScopeParts::Units& units : from.units)
      add_select(sql, fmt::format("SELECT src::VARCHAR, {} FROM {} WHERE {} AND src IN ({})",
                                  rollup.set, units.table, units.condition, list));
    for (const std::string& rows : from.rows)
      add_select(sql, fmt::format("SELECT r.src::VARCHAR, list(DISTINCT {}) FROM traffic_rows r "
                                  "WHERE {} AND {} AND r.src IN ({}) GROUP BY r.src",
                                  rollup.set_expression, rollup.rows, rows, list));
    MemberSets targets;
    if (auto added = targets.add(connection_, sql); !added) return added;
    for (const auto& row : candidates) {
      const std::uint64_t count = targets.count(text(row[0]));
      const RowSums tried = sums_at(row, 1);
      if (count >= kScanTargets && tried.sessions <= kScanTries * count)
        out_.scanning_hosts.push_back({text(row[5]), tried, count});
    }
    return {};
  }

  duckdb_connection connection_;
  const OverviewQuestion& question_;
  bool rolled_;
  RollupState state_{};
  RowScope period_;
  OverviewAnswer out_;
};

}  // namespace

Result<OverviewAnswer> answer_overview(duckdb_connection connection,
                                       const OverviewQuestion& question, bool rolled_up) {
  // One view of the rows for all parts; what was made for it goes with it.
  if (auto begun = run_plain(connection, "BEGIN"); !begun) return tl::unexpected(begun.error());
  auto answer = Asker(connection, question, rolled_up).answer();
  static_cast<void>(run_plain(connection, "ROLLBACK"));
  return answer;
}

}  // namespace endreason
