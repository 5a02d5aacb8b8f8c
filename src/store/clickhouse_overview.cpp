// SPDX-License-Identifier: Apache-2.0
// The overview's answer from ClickHouse: each part is one pass over the sums of whole days, and
// over the columns that it needs of the rows that are in none.
#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "model/stored_sql.hpp"
#include "store/clickhouse_store.hpp"
#include "store/overview_period.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr unsigned kFoundMax = 5, kScansMax = 3;
// A hundred targets, each tried a few times, is the mark of a sweep.
constexpr unsigned kScanTargets = 100, kScanTries = 4;
// Rows of subtype start count for no session, and their bytes are counted again at its end.
constexpr const char* kSums =
    "count() AS n, sum(sessions) AS s, ifNull(sumIf(bytes, sessions > 0), 0) AS b";
constexpr const char* kSumsOfSums = "sum(rows_n) AS n, sum(sessions_n) AS s, sum(bytes_n) AS b";
constexpr const char* kBlocked = "final_action = 'blocked'";
constexpr const char* kFailed = "final_action = 'allowed' AND outcome = 'failed'";
// By RankedBy.
constexpr const char* kColumns[] = {"rule", "app", "src", "dst"};
constexpr ClickhouseRollup kRankedRollups[] = {
    ClickhouseRollup::Rules, ClickhouseRollup::Applications, ClickhouseRollup::Sources,
    ClickhouseRollup::Destinations};

class Asker {
 public:
  Asker(ClickhouseStore& store, const OverviewQuestion& question, const QueryLimits& limits)
      : store_(store), question_(question), limits_(limits) {
    limits_.rows = UINT64_MAX;
  }

  Result<OverviewAnswer> answer() {
    const auto span = store_.span(limits_);
    if (!span) return tl::unexpected(span.error());
    set_period(out_, question_, span->first, span->last);
    now_ = {question_.scope.condition, out_.from, out_.to};
    first_ = span->first, last_ = span->last;
    rolled_ = question_.scope.condition.empty() && out_.step_seconds % 60 == 0;
    if (rolled_) days_ = store_.rolled_days_now();
    rolled_ = !days_.empty();
    if (auto counted = count(now_, out_.now, &out_.steps, out_.reasons); !counted)
      return tl::unexpected(counted.error());
    for (const auto part : {&Asker::rank_now, &Asker::find_servers, &Asker::find_rules,
                            &Asker::find_scans, &Asker::compare})
      if (auto done = (this->*part)(); !done) return tl::unexpected(done.error());
    return std::move(out_);
  }

 private:
  Result<Table> ask(const std::string& sql) { return store_.ask(sql, limits_); }

  // The groups of a roll-up, or, where there is none or a filter, rows; each with kSums of its
  // kind.
  std::string from(ClickhouseRollup rollup, const RowScope& scope, std::string_view more) const {
    if (!rolled_) return rows_of(scope, more);
    // A side beyond which there is nothing is no border, and no unit of a roll-up is cut by it.
    std::optional<std::int64_t> begin = scope.from;
    std::optional<std::int64_t> end = scope.to;
    if (first_ && begin && *begin <= *first_) begin.reset();
    if (last_ && end && *end > *last_) end.reset();
    return fmt::format("FROM ({}) WHERE {}",
                       rolled_source(rollup, store_.database(), days_, begin, end), more);
  }
  const char* sums() const { return rolled_ ? kSumsOfSums : kSums; }
  // What is different in a group.
  std::string different(std::string_view of_rows) const {
    return rolled_ ? "uniqExactIfMerge(peers)" : fmt::format("uniqExact({})", of_rows);
  }

  std::string rows_of(const RowScope& scope, std::string_view more) const {
    const std::string period = period_sql(SqlDialect::ClickHouse, scope.from, scope.to);
    return fmt::format("FROM {} WHERE {} AND {}{}", store_.table(), period, more,
                       scope.condition.empty() ? "" : " AND (" + scope.condition + ")");
  }

  Result<void> count(const RowScope& scope, OverviewTotals& totals,
                     std::vector<OverviewAnswer::Step>* steps, std::vector<RankedValue>& reasons) {
    const std::string step =
        steps == nullptr
            ? "toInt64(0)"
            : fmt::format("intDiv({}, toInt64({})) - ({})", rolled_ ? "since" : "time",
                          out_.step_seconds * kMicros, out_.first_step_seconds / out_.step_seconds);
    const auto table = ask(fmt::format(
        "SELECT {} AS step, toString(final_action), toString(decided_by), toString(outcome), "
        "toString(reason_code), {}, {}, {} {} GROUP BY step, final_action, decided_by, "
        "outcome, reason_code, allow, contradicts",
        step, rolled_ ? "allowed_by_action AS allow" : "action = 'allow' AS allow",
        rolled_ ? "contradicts" : "contradictions <> 0 AS contradicts", sums(),
        from(ClickhouseRollup::Verdicts, scope, "1")));
    if (!table) return tl::unexpected(table.error());
    OverviewCounts counts(totals, steps);
    for (const auto& row : table->rows)
      counts.add({signed_of(row[0]), std::string(text_of(row[1])), std::string(text_of(row[2])),
                  std::string(text_of(row[3])), std::string(text_of(row[4])),
                  number_of(row[5]) != 0, number_of(row[6]) != 0, sums_at(row, 7)});
    reasons = counts.reasons();
    return {};
  }

  Result<std::vector<RankedValue>> rank(const RowScope& scope, RankedBy by,
                                        std::string_view condition, unsigned most) {
    const std::string column = kColumns[static_cast<std::size_t>(by)];
    const bool address = by == RankedBy::Src || by == RankedBy::Dst;
    const auto table = ask(fmt::format(
        "SELECT {} AS x, {} {} GROUP BY {} HAVING s > 0 ORDER BY s DESC, b DESC, {} LIMIT {}",
        address ? address_text_sql(SqlDialect::ClickHouse, column) : column, sums(),
        from(kRankedRollups[static_cast<std::size_t>(by)], scope,
             fmt::format(
                 "{} AND {}", condition,
                 address ? fmt::format("isNotNull({})", column) : fmt::format("{} <> ''", column))),
        column, column, most));
    if (!table) return tl::unexpected(table.error());
    std::vector<RankedValue> ranked;
    for (const auto& row : table->rows)
      ranked.push_back({std::string(text_of(row[0])), sums_at(row, 1), {}, {}});
    return ranked;
  }

  Result<void> rank_now() {
    return rank_all(out_, [this](RankedBy by, bool blocked, unsigned most) {
      return rank(now_, by, blocked ? kBlocked : kFailed, most);
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
    return rank_compared(out_, [&](RankedBy by, bool of_before, unsigned most) {
      return rank(of_before ? before : now_, by, "1", most);
    });
  }

  Result<void> find_servers() {
    const auto table = ask(fmt::format(
        "SELECT {}, dport, {}, toString(reason_code), {}, {} {} GROUP BY dst, dport, "
        "proto, reason_code HAVING s > 1 ORDER BY s DESC, dst, dport, proto, reason_code LIMIT {}",
        address_text_sql(SqlDialect::ClickHouse, "dst"),
        protocol_text_sql(SqlDialect::ClickHouse, "proto"), sums(), different("src"),
        // The roll-up has no others.
        from(ClickhouseRollup::Servers, now_,
             rolled_ ? "1" : fmt::format("{} AND sessions > 0", kFailed)),
        kFoundMax));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows) {
      OverviewAnswer::FailingServer server{std::string(text_of(row[0])),
                                           std::string(text_of(row[2])),
                                           {},
                                           std::string(text_of(row[3])),
                                           sums_at(row, 4),
                                           number_of(row[7])};
      if (!is_null(row[1]) && number_of(row[1]) != 0) server.dport = number_of(row[1]);
      out_.failing_servers.push_back(std::move(server));
    }
    return {};
  }

  Result<void> find_rules() {
    const auto table = ask(fmt::format(
        "SELECT rule, toString(reason_code), {} {} GROUP BY rule, reason_code HAVING s > 1 ORDER "
        "BY s DESC, rule, reason_code LIMIT {}",
        sums(), from(ClickhouseRollup::Rules, now_, fmt::format("{} AND rule <> ''", kBlocked)),
        kFoundMax));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows)
      out_.blocking_rules.push_back(
          {std::string(text_of(row[0])), std::string(text_of(row[1])), sums_at(row, 2)});
    return {};
  }

  Result<void> find_scans() {
    // NULL makes a tuple that is not counted, so what is missing is told by a value of its own.
    const auto table = ask(fmt::format(
        "SELECT {}, {}, {} AS targets {} GROUP BY src HAVING n >= {} AND targets >= {} AND s <= {} "
        "* targets ORDER BY targets DESC, src LIMIT {}",
        address_text_sql(SqlDialect::ClickHouse, "src"), sums(),
        different("ifNull(dst, toFixedString('', 16)), isNull(dst), ifNull(dport, 0), "
                  "isNull(dport), ifNull(proto, 0), isNull(proto)"),
        from(ClickhouseRollup::Sources, now_,
             rolled_ ? "1" : "(final_action = 'blocked' OR outcome = 'failed') AND sessions > 0"),
        kScanTargets, kScanTargets, kScanTries, kScansMax));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows)
      out_.scanning_hosts.push_back(
          {std::string(text_of(row[0])), sums_at(row, 1), number_of(row[4])});
    return {};
  }

  ClickhouseStore& store_;
  const OverviewQuestion& question_;
  QueryLimits limits_;
  RowScope now_;
  std::optional<std::int64_t> first_, last_;  // of all rows
  RolledDays days_;
  bool rolled_ = false;  // sums are read where there are some
  OverviewAnswer out_;
};

}  // namespace

Result<OverviewAnswer> ClickhouseStore::overview(const OverviewQuestion& question,
                                                 const QueryLimits& limits) {
  return Asker(*this, question, limits).answer();
}

}  // namespace endreason
