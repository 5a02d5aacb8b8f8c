// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb_overview.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "store/leading_groups.hpp"
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
    for (const Rollup rollup : {Rollup::Rules, Rollup::Applications, Rollup::Sources})
      if (auto made = add_up(rollup, now, "now"); !made) return tl::unexpected(made.error());
    for (const auto part :
         {&Asker::add_up_destinations, &Asker::add_up_servers, &Asker::rank_now,
          &Asker::find_servers, &Asker::find_rules, &Asker::find_scans, &Asker::compare})
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
    std::string times =
        "SELECT min(time) AS first, max(time) AS last, count(*) AS fresh FROM traffic_rows r";
    if (rolled_) {
      const auto state = read_rollup_state(connection_);
      if (!state) return tl::unexpected(state.error());
      state_ = *state;
      times += fmt::format(
          " WHERE r.id >= {} UNION ALL SELECT min(first_time), max(last_time), 0 FROM {}",
          state_[0], info(Rollup::Verdicts).table);
    }
    const auto span = ask(fmt::format(
        "SELECT epoch_us(min(first)), epoch_us(max(last)), sum(fresh)::UBIGINT FROM ({})", times));
    if (!span) return tl::unexpected(span.error());
    if (rolled_ && state_[0] > 1 && number_of(span->rows[0][2]) == 0) end_ = state_[0];
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
    return split_by_units(scope, rollup, state_, step, end_);
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

  Result<void> add_up(Rollup which, const RowScope& scope, std::string_view period) {
    const RollupInfo& rollup = info(which);
    return make_sums(rollup, period, fmt::format("({})", source(rollup, scope)));
  }
  Result<void> make_sums(const RollupInfo& rollup, std::string_view period,
                         const std::string& groups) {
    return run(fmt::format("CREATE TEMP TABLE {}_{} AS SELECT {}, {} FROM {} GROUP BY ALL", period,
                           rollup.table, key_list(rollup), kSums, groups));
  }

  // The parts of a roll-up as tables: rows that are in no unit are added up into one. `other_keys`:
  // of the roll-up, where several of them are one group.
  Result<std::vector<LeadingPart>> gather(const RollupInfo& rollup, std::string_view other_keys) {
    const ScopeParts from = parts(rollup, period_);
    std::vector<LeadingPart> gathered;
    for (const ScopeParts::Units& units : from.units)
      gathered.push_back(
          {units.table, units.condition,
           fmt::format("(SELECT count(*) FROM (SELECT DISTINCT batch, time_bucket(INTERVAL '{} "
                       "microseconds', since){} FROM {} WHERE {}))",
                       unit_micros(rollup, units.level), other_keys,
                       table_of(info(Rollup::Verdicts), units.level), units.condition)});
    if (from.rows.empty()) return gathered;
    std::string sql;
    for (const std::string& rows : from.rows) add_select(sql, grouped_rows(rollup, rows));
    const std::string table = fmt::format("fresh_{}", rollup.table);
    if (auto made = run(fmt::format("CREATE TEMP TABLE {} AS {}", table, sql)); !made)
      return tl::unexpected(made.error());
    gathered.push_back(
        {table, "TRUE",
         other_keys.empty()
             ? std::to_string(from.rows.size())
             : fmt::format("{} * (SELECT count(*) FROM (SELECT DISTINCT {} FROM {}))",
                           from.rows.size(), other_keys.substr(2), table)});
    return gathered;
  }
  static std::string gathered_sql(const RollupInfo& rollup, const std::vector<LeadingPart>& parts,
                                  const std::string& condition) {
    std::string sql;
    for (const LeadingPart& part : parts)
      add_select(sql, fmt::format("SELECT {}, n, s, b FROM {} WHERE {} AND {}", key_list(rollup),
                                  part.table, part.condition, condition));
    return sql;
  }

  // There are so many of them that adding up all would cost too much.
  Result<void> add_up_destinations() {
    const RollupInfo& rollup = info(Rollup::Destinations);
    if (!rolled_) return add_up(Rollup::Destinations, period_, "now");
    const auto gathered = gather(rollup, ", final_action, outcome");
    if (!gathered) return tl::unexpected(gathered.error());
    std::string leading;
    for (const char* condition : {kBlocked, kFailed}) {
      const auto found =
          leading_destinations(connection_, *gathered, "dst",
                               fmt::format("{} AND dst IS NOT NULL", condition), kRankedMax);
      if (!found) return tl::unexpected(found.error());
      leading += fmt::format("{}({} AND {})", leading.empty() ? "" : " OR ", condition,
                             found->value_or("TRUE"));
    }
    return make_sums(rollup, "now",
                     fmt::format("({})", gathered_sql(rollup, *gathered, "(" + leading + ")")));
  }

  // Where nearly every row is a group of its own. When it cannot be told which lead, those that
  // lead in a batch are looked at: who leads in none can hardly lead in all of them.
  Result<void> add_up_servers() {
    const RollupInfo& rollup = info(Rollup::Servers);
    if (!rolled_) return add_up(Rollup::Servers, period_, "now");
    const auto gathered = gather(rollup, "");
    if (!gathered) return tl::unexpected(gathered.error());
    const auto leading =
        leading_destinations(connection_, *gathered, key_list(rollup), "TRUE", kFoundMax);
    if (!leading) return tl::unexpected(leading.error());
    std::string condition = "dst IN (SELECT dst FROM candidates)";
    if (*leading) {
      condition = **leading;
    } else if (auto chosen = choose_servers(); !chosen) {
      return chosen;
    }
    return make_sums(rollup, "now",
                     fmt::format("({})", gathered_sql(rollup, *gathered, condition)));
  }

  Result<void> choose_servers() {
    const RollupInfo& rollup = info(Rollup::Servers);
    return run(fmt::format(
        "CREATE TEMP TABLE candidates AS SELECT {0} FROM ({1}) GROUP BY ALL ORDER BY sum(s) DESC, "
        "{0} LIMIT {2}",
        key_list(rollup), source(rollup, period_, "leader"), kCandidatesMax));
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
  Result<void> find_servers() {
    const RollupInfo& rollup = info(Rollup::Servers);
    const auto table = ask(fmt::format(
        "SELECT {} AS name, dst::VARCHAR, address_text(dst), dport, protocol_text(proto), "
        "reason_code, n, s, b FROM (SELECT dst, dport, proto, reason_code, {} FROM now_{} GROUP BY "
        "ALL HAVING sum(s) > 1 ORDER BY s DESC, dst, dport, proto, reason_code LIMIT {}) ORDER BY "
        "s "
        "DESC, dst, dport, proto, reason_code",
        group_name(key_list(rollup)), kSums, rollup.table, kFoundMax));
    if (!table) return tl::unexpected(table.error());
    MemberSets sources;
    if (auto added = add_sources(sources, table->rows); !added) return added;
    for (const auto& row : table->rows) {
      OverviewAnswer::FailingServer server{
          text(row[2]), text(row[4]),    {},
          text(row[5]), sums_at(row, 6), sources.count(text(row[0]))};
      if (!is_null(row[3]) && number_of(row[3]) != 0) server.dport = number_of(row[3]);
      out_.failing_servers.push_back(std::move(server));
    }
    return {};
  }

  // Who tried to reach servers, by their names.
  Result<void> add_sources(MemberSets& sources, const std::vector<std::vector<Cell>>& servers) {
    std::string list;
    bool null = false;
    for (const auto& row : servers) {
      null = null || is_null(row[1]);
      if (!is_null(row[1]))
        list += fmt::format("{}{}::UHUGEINT", list.empty() ? "" : ", ", text(row[1]));
    }
    std::string wanted = list.empty() ? "FALSE" : fmt::format("dst IN ({})", list);
    if (null) wanted = fmt::format("({} OR dst IS NULL)", wanted);
    const RollupInfo& rollup = info(Rollup::Servers);
    const std::string name = group_name(key_list(rollup));
    const ScopeParts from = parts(rollup, period_);
    std::string sql;
    for (const ScopeParts::Units& units : from.units)
      add_select(sql, fmt::format("SELECT {}, {} FROM {} WHERE {} AND {}", name, rollup.set,
                                  units.table, units.condition, wanted));
    for (const std::string& rows : from.rows) {
      std::string keys;
      for (const RollupKey& key : rollup.keys)
        keys += fmt::format("{} AS {}, ", key.expression, key.name);
      add_select(sql,
                 fmt::format("SELECT {} AS k, list(DISTINCT member) FROM (SELECT {}{} AS member "
                             "FROM traffic_rows r WHERE {} AND {}) WHERE {} GROUP BY k",
                             name, keys, rollup.set_expression, rollup.rows, rows, wanted));
    }
    return sources.add(connection_, sql);
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
    constexpr std::size_t kAtOnce = 3 * kScansMax, kMost = 1000;
    if (auto made = bound_targets(); !made) return made;
    if (auto made = run(fmt::format(
            "CREATE TEMP TABLE scans AS SELECT * FROM (SELECT src, {} FROM now_source_sums GROUP "
            "BY "
            "src HAVING sum(n) >= {}) JOIN target_bounds USING (src) WHERE s <= {} * targets ORDER "
            "BY targets DESC, src LIMIT {}",
            kSums, kScanTargets, kScanTries, kMost));
        !made)
      return made;
    auto& found = out_.scanning_hosts;
    for (std::size_t first = 0; first < kMost; first += kAtOnce) {
      // Writing addresses as texts takes long.
      const auto candidates =
          ask(fmt::format("SELECT src::VARCHAR, n, s, b, targets, address_text(src) FROM (SELECT * "
                          "FROM scans ORDER "
                          "BY targets DESC, src LIMIT {} OFFSET {}) t ORDER BY targets DESC, t.src",
                          kAtOnce, first));
      if (!candidates) return tl::unexpected(candidates.error());
      if (candidates->rows.empty() ||
          (found.size() >= kScansMax &&
           found[kScansMax - 1].targets >= number_of(candidates->rows[0][4])))
        break;
      if (auto counted = count_targets(candidates->rows); !counted) return counted;
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
  std::uint64_t end_ = UINT64_MAX;  // no row has this id or a higher one
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
