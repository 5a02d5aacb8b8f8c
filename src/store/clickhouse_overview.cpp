// SPDX-License-Identifier: Apache-2.0
// The overview's answer from ClickHouse: each part is one pass over the sums of whole days, and
// over the columns that it needs of the rows that are in none. Parts are asked side by side.
#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/stored_sql.hpp"
#include "store/clickhouse_store.hpp"
#include "store/overview_period.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr unsigned kRankedMax = 10, kFoundMax = 5, kScansMax = 3;
// A hundred targets, each tried a few times, is the mark of a sweep.
constexpr unsigned kScanTargets = 100, kScanTries = 4;
// Rows of subtype start count for no session, and their bytes are counted again at its end.
constexpr const char* kSums =
    "count() AS n, sum(sessions) AS s, ifNull(sumIf(bytes, sessions > 0), 0) AS b";
constexpr const char* kSumsOfSums = "sum(rows_n) AS n, sum(sessions_n) AS s, sum(bytes_n) AS b";
constexpr const char* kBlocked = "final_action = 'blocked'";
constexpr const char* kFailed = "final_action = 'allowed' AND outcome = 'failed'";
constexpr const char* kFailedSessions =
    "final_action = 'allowed' AND outcome = 'failed' AND sessions > 0";
constexpr const char* kBlockedOrFailed =
    "(final_action = 'blocked' OR outcome = 'failed') AND sessions > 0";
// NULL makes a tuple that is not counted, so what is missing is told by a value of its own.
constexpr const char* kTarget =
    "ifNull(dst, toFixedString('', 16)), isNull(dst), ifNull(dport, 0), isNull(dport), "
    "ifNull(proto, 0), isNull(proto)";
constexpr unsigned kCandidatesMax = 1000;
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
    if (question_.scope.condition.empty()) days_ = store_.rolled_days_now();
    if (auto learned = learn_span(); !learned) return tl::unexpected(learned.error());
    set_period(out_, question_, first_, last_);
    now_ = {question_.scope.condition, out_.from, out_.to};
    rolled_ = !days_.empty() && out_.step_seconds % 60 == 0;
    std::vector<std::function<Result<void>()>> parts{
        [this] { return count(now_, out_.now, &out_.steps, out_.reasons); },
        [this] { return find_scans(); }, [this] { return find_servers(); },
        [this] { return find_rules(); }, [this] { return compare(); }};
    for (const RankedBy by : {RankedBy::Rule, RankedBy::App, RankedBy::Src, RankedBy::Dst})
      parts.emplace_back([this, by] { return rank_now(by); });
    std::vector<std::future<Result<void>>> answers;
    for (const auto& part : parts) answers.push_back(std::async(std::launch::async, part));
    Result<void> all;
    for (auto& one : answers)
      if (auto done = one.get(); !done && all) all = done;
    if (!all) return tl::unexpected(all.error());
    return std::move(out_);
  }

 private:
  Result<Table> ask(const std::string& sql) { return store_.ask(sql, limits_); }

  // When the first and the last row are: of days that are rolled up, sums tell the minute.
  Result<void> learn_span() {
    std::string where = days_.empty() ? "1" : of_other_days(days_);
    if (!days_.empty()) {
      const auto minutes =
          ask(fmt::format("SELECT count(), min(since), max(since) FROM {}.traffic_sums WHERE "
                          "rollup = {} AND {}",
                          store_.database(), static_cast<unsigned>(ClickhouseRollup::Verdicts),
                          of_rolled_days(days_)));
      if (!minutes) return tl::unexpected(minutes.error());
      if (number_of(minutes->rows.at(0)[0]) > 0)
        for (const std::size_t column : {1, 2}) {
          const std::int64_t since = signed_of(minutes->rows[0][column]);
          where += fmt::format(" OR (time >= {} AND time < {})", since, since + 60 * kMicros);
        }
    }
    const auto span = ask(fmt::format("SELECT count(), min(time), max(time) FROM {} WHERE {}",
                                      store_.table(), where));
    if (!span) return tl::unexpected(span.error());
    if (number_of(span->rows.at(0)[0]) == 0) return {};
    first_ = signed_of(span->rows[0][1]);
    last_ = signed_of(span->rows[0][2]);
    return {};
  }

  // The groups of a roll-up in a period.
  std::string sums_in(ClickhouseRollup rollup, const RowScope& scope, RolledPeers peers,
                      const std::vector<std::uint64_t>& places) const {
    // A side beyond which there is nothing is no border, and no unit of a roll-up is cut by it.
    std::optional<std::int64_t> begin = scope.from;
    std::optional<std::int64_t> end = scope.to;
    if (first_ && begin && *begin <= *first_) begin.reset();
    if (last_ && end && *end > *last_) end.reset();
    return rolled_source(rollup, store_.database(), days_, begin, end, peers, places);
  }
  // The same, or, where there are none or a filter, rows; each with sums() of its kind.
  std::string from(ClickhouseRollup rollup, const RowScope& scope, std::string_view more,
                   RolledPeers peers = RolledPeers::None) const {
    if (!rolled_) return rows_of(scope, more);
    return fmt::format("FROM ({}) WHERE {}", sums_in(rollup, scope, peers, {}), more);
  }
  const char* sums() const { return rolled_ ? kSumsOfSums : kSums; }

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

  Result<void> rank_now(RankedBy by) {
    for (const bool blocked : {true, false}) {
      auto ranked = rank(now_, by, blocked ? kBlocked : kFailed, kRankedMax);
      if (!ranked) return tl::unexpected(ranked.error());
      (blocked ? out_.blocked : out_.allowed_but_failed)[static_cast<std::size_t>(by)] =
          *std::move(ranked);
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
    return rank_compared(out_, [&](RankedBy by, bool of_before, unsigned most) {
      return rank(of_before ? before : now_, by, "1", most);
    });
  }

  Result<void> find_servers() {
    const std::string text = address_text_sql(SqlDialect::ClickHouse, "dst");
    const auto table = ask(fmt::format(
        "SELECT {} AS x, dport, {}, toString(reason_code) AS reason, {}, {} AS place {} GROUP BY "
        "dst, dport, proto, reason_code HAVING s > 1 ORDER BY s DESC, dst, dport, proto, "
        "reason_code LIMIT {}",
        text, protocol_text_sql(SqlDialect::ClickHouse, "proto"), sums(),
        clickhouse_place_sql(ClickhouseRollup::Servers),
        from(ClickhouseRollup::Servers, now_, rolled_ ? "1" : kFailedSessions), kFoundMax));
    if (!table) return tl::unexpected(table.error());
    std::vector<std::uint64_t> places;
    for (const auto& row : table->rows) {
      OverviewAnswer::FailingServer server{std::string(text_of(row[0])),
                                           std::string(text_of(row[2])),
                                           {},
                                           std::string(text_of(row[3])),
                                           sums_at(row, 4),
                                           0};
      if (!is_null(row[1]) && number_of(row[1]) != 0) server.dport = number_of(row[1]);
      out_.failing_servers.push_back(std::move(server));
      places.push_back(number_of(row[7]));
    }
    return places.empty() ? Result<void>() : count_sources(table->rows, places);
  }

  // Of the servers that were found: who tried them.
  Result<void> count_sources(const std::vector<std::vector<Cell>>& servers,
                             const std::vector<std::uint64_t>& places) {
    const auto sources = ask(fmt::format(
        "SELECT {} AS x, dport, {}, toString(reason_code) AS reason, {} {} GROUP BY dst, dport, "
        "proto, reason_code",
        address_text_sql(SqlDialect::ClickHouse, "dst"),
        protocol_text_sql(SqlDialect::ClickHouse, "proto"),
        rolled_ ? "uniqExactIfMerge(peers)" : "uniqExact(src)",
        rolled_ ? fmt::format("FROM ({})",
                              sums_in(ClickhouseRollup::Servers, now_, RolledPeers::Sets, places))
                : rows_of(now_, fmt::format("{} AND {} IN ({})", kFailedSessions,
                                            clickhouse_place_sql(ClickhouseRollup::Servers),
                                            fmt::join(places, ", ")))));
    if (!sources) return tl::unexpected(sources.error());
    for (std::size_t i = 0; i < servers.size(); ++i)
      for (const auto& row : sources->rows)
        if (std::equal(row.begin(), row.begin() + 4, servers[i].begin()))
          out_.failing_servers[i].sources = number_of(row[4]);
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
    constexpr std::size_t kAtOnce = kScansMax + 1;
    // Of rows the number of targets; of sums what it is at most.
    const auto table = ask(fmt::format(
        "SELECT {}, {}, {} AS targets, {} AS place {} GROUP BY src HAVING n >= {} AND targets >= "
        "{} AND s <= {} * targets ORDER BY targets DESC, src LIMIT {}",
        address_text_sql(SqlDialect::ClickHouse, "src"), sums(),
        rolled_ ? std::string("sum(peers_n)") : fmt::format("uniqExact({})", kTarget),
        clickhouse_place_sql(ClickhouseRollup::Sources),
        from(ClickhouseRollup::Sources, now_, rolled_ ? "1" : kBlockedOrFailed,
             RolledPeers::Counts),
        kScanTargets, kScanTargets, kScanTries, rolled_ ? kCandidatesMax : kScansMax));
    if (!table) return tl::unexpected(table.error());
    auto& found = out_.scanning_hosts;
    for (std::size_t first = 0; first < table->rows.size(); first += kAtOnce) {
      const std::size_t end = std::min(first + kAtOnce, table->rows.size());
      if (found.size() >= kScansMax &&
          found[kScansMax - 1].targets >= number_of(table->rows[first][4]))
        break;
      std::vector<OverviewAnswer::ScanningHost> some;
      std::vector<std::uint64_t> places;
      for (std::size_t i = first; i < end; ++i) {
        const auto& row = table->rows[i];
        some.push_back({std::string(text_of(row[0])), sums_at(row, 1), number_of(row[4])});
        places.push_back(number_of(row[5]));
      }
      if (rolled_)
        if (auto counted = count_targets(some, places); !counted) return counted;
      for (auto& host : some)
        if (host.targets >= kScanTargets && host.sums.sessions <= kScanTries * host.targets)
          found.push_back(std::move(host));
      std::stable_sort(found.begin(), found.end(),
                       [](const auto& a, const auto& b) { return a.targets > b.targets; });
    }
    if (found.size() > kScansMax) found.resize(kScansMax);
    return {};
  }

  Result<void> count_targets(std::vector<OverviewAnswer::ScanningHost>& hosts,
                             const std::vector<std::uint64_t>& places) {
    const auto table =
        ask(fmt::format("SELECT {}, uniqExactIfMerge(peers) FROM ({}) GROUP BY src",
                        address_text_sql(SqlDialect::ClickHouse, "src"),
                        sums_in(ClickhouseRollup::Sources, now_, RolledPeers::Sets, places)));
    if (!table) return tl::unexpected(table.error());
    for (auto& host : hosts)
      for (const auto& row : table->rows)
        if (text_of(row[0]) == host.src) host.targets = number_of(row[1]);
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
