// SPDX-License-Identifier: Apache-2.0
// The overview's answer from ClickHouse: each part is one pass over the columns that it needs.
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
constexpr unsigned kRankedMax = 10, kComparedMax = 200, kFoundMax = 5, kScansMax = 3;
// A hundred targets, each tried a few times, is the mark of a sweep.
constexpr unsigned kScanTargets = 100, kScanTries = 4;
// Rows of subtype start count for no session, and their bytes are counted again at its end.
constexpr const char* kSums =
    "count() AS n, sum(sessions) AS s, ifNull(sumIf(bytes, sessions > 0), 0) AS b";
constexpr const char* kBlocked = "final_action = 'blocked'";
constexpr const char* kFailed = "final_action = 'allowed' AND outcome = 'failed'";
constexpr const char* kColumns[] = {"rule", "app", "src", "dst"};  // by RankedBy

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
    if (auto counted = count(now_, out_.now, &out_.steps, out_.reasons); !counted)
      return tl::unexpected(counted.error());
    for (const auto part : {&Asker::rank_all, &Asker::find_servers, &Asker::find_rules,
                            &Asker::find_scans, &Asker::compare})
      if (auto done = (this->*part)(); !done) return tl::unexpected(done.error());
    return std::move(out_);
  }

 private:
  Result<Table> ask(const std::string& sql) { return store_.ask(sql, limits_); }

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
            : fmt::format("intDiv(time, toInt64({})) - ({})", out_.step_seconds * kMicros,
                          out_.first_step_seconds / out_.step_seconds);
    const auto table = ask(fmt::format(
        "SELECT {} AS step, toString(final_action), toString(decided_by), toString(outcome), "
        "toString(reason_code), action = 'allow' AS allow, contradictions <> 0 AS contradicts, {} "
        "{} GROUP BY step, final_action, decided_by, outcome, reason_code, allow, contradicts",
        step, kSums, rows_of(scope, "1")));
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
        address ? address_text_sql(SqlDialect::ClickHouse, column) : column, kSums,
        rows_of(scope, fmt::format("{} AND {}", condition,
                                   address ? fmt::format("isNotNull({})", column)
                                           : fmt::format("{} <> ''", column))),
        column, column, most));
    if (!table) return tl::unexpected(table.error());
    std::vector<RankedValue> ranked;
    for (const auto& row : table->rows)
      ranked.push_back({std::string(text_of(row[0])), sums_at(row, 1), {}, {}});
    return ranked;
  }

  Result<void> rank_all() {
    for (std::size_t i = 0; i < kRankedByCount; ++i) {
      for (const auto& [values, condition] :
           {std::pair{&out_.blocked[i], kBlocked}, {&out_.allowed_but_failed[i], kFailed}}) {
        auto ranked = rank(now_, static_cast<RankedBy>(i), condition, kRankedMax);
        if (!ranked) return tl::unexpected(ranked.error());
        *values = *std::move(ranked);
      }
    }
    return {};
  }

  Result<void> compare() {
    if (!question_.scope.from && !question_.scope.to) return {};  // there is nothing before all
    const RowScope before{question_.scope.condition, out_.from - (out_.to - out_.from), out_.from};
    OverviewTotals totals;
    if (auto counted = count(before, totals, nullptr, out_.reasons_before); !counted)
      return counted;
    if (totals.all.rows == 0) return {};
    out_.before = std::move(totals);
    for (std::size_t i = 0; i < out_.compared.size(); ++i) {
      for (const auto& [values, scope] :
           {std::pair<std::vector<RankedValue>*, const RowScope*>{&out_.compared[i], &now_},
            {&out_.compared_before[i], &before}}) {
        auto ranked = rank(*scope, static_cast<RankedBy>(i), "1", kComparedMax);
        if (!ranked) return tl::unexpected(ranked.error());
        *values = *std::move(ranked);
      }
    }
    return {};
  }

  Result<void> find_servers() {
    const auto table = ask(fmt::format(
        "SELECT {}, dport, {}, toString(reason_code), {}, uniqExact(src) {} GROUP BY dst, dport, "
        "proto, reason_code HAVING s > 1 ORDER BY s DESC, dst, dport, proto, reason_code LIMIT {}",
        address_text_sql(SqlDialect::ClickHouse, "dst"),
        protocol_text_sql(SqlDialect::ClickHouse, "proto"), kSums,
        rows_of(now_, fmt::format("{} AND sessions > 0", kFailed)), kFoundMax));
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
        kSums, rows_of(now_, fmt::format("{} AND rule <> ''", kBlocked)), kFoundMax));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows)
      out_.blocking_rules.push_back(
          {std::string(text_of(row[0])), std::string(text_of(row[1])), sums_at(row, 2)});
    return {};
  }

  Result<void> find_scans() {
    // NULL makes a tuple that is not counted, so what is missing is told by a value of its own.
    const auto table = ask(fmt::format(
        "SELECT {}, {}, uniqExact(ifNull(dst, toFixedString('', 16)), isNull(dst), ifNull(dport, "
        "0), isNull(dport), ifNull(proto, 0), isNull(proto)) AS targets {} GROUP BY src HAVING n "
        ">= {} AND targets >= {} AND s <= {} * targets ORDER BY targets DESC, src LIMIT {}",
        address_text_sql(SqlDialect::ClickHouse, "src"), kSums,
        rows_of(now_, "(final_action = 'blocked' OR outcome = 'failed') AND sessions > 0"),
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
  OverviewAnswer out_;
};

}  // namespace

Result<OverviewAnswer> ClickhouseStore::overview(const OverviewQuestion& question,
                                                 const QueryLimits& limits) {
  return Asker(*this, question, limits).answer();
}

}  // namespace endreason
