// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse_rollups.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/enum_table.hpp"
#include "model/stored_sql.hpp"

namespace endreason {
namespace {

struct RollupInfo {
  ClickhouseRollup value;
  std::int64_t unit_micros;
  std::string_view keys;
  std::string_view rows;   // which are added up
  std::string_view peers;  // an aggregate state that is kept with each group, or nothing
  std::string_view place;  // a number by which sums are in order within a unit
  ClickhouseRollup finer = ClickhouseRollup::Marks;  // the same by a smaller unit; Marks: none
};

// What is missing is told by a value of its own.
constexpr std::string_view kTargets =
    "uniqExactIfState(cityHash64(ifNull(dst, toFixedString('', 16)), isNull(dst), ifNull(dport, "
    "0), isNull(dport), ifNull(proto, 0), isNull(proto)), toUInt8(1))";
constexpr std::string_view kSources =
    "uniqExactIfState(cityHash64(ifNull(src, toFixedString('', 16))), isNotNull(src))";
constexpr std::string_view kBlockedOrFailed =
    "(final_action = 'blocked' OR outcome = 'failed') AND sessions > 0";

constexpr std::string_view kNoPlace = "toUInt64(0)";
constexpr std::string_view kPlaceOfSrc = "cityHash64(ifNull(src, toFixedString('', 16)))";
constexpr std::string_view kPlaceOfDst = "cityHash64(ifNull(dst, toFixedString('', 16)))";

constexpr std::int64_t kHourMicros = std::int64_t{3'600} * 1'000'000;

constexpr std::string_view kSourceKeys = "final_action, outcome, src";
constexpr std::string_view kDestinationKeys = "final_action, outcome, dst";
constexpr std::string_view kServerKeys = "reason_code, dst, dport, proto";
constexpr std::string_view kFailedServers =
    "final_action = 'allowed' AND outcome = 'failed' AND sessions > 0";

// The finer the unit, the less is read from rows at the ends of a period. Addresses have fewer
// groups by the day than by its hours, of which only those at the ends of a period are read.
constexpr auto kRollups = std::to_array<RollupInfo>({
    {ClickhouseRollup::Marks, 0, "", "", "", kNoPlace},
    {ClickhouseRollup::Verdicts, 60'000'000,
     "final_action, decided_by, outcome, reason_code, allowed_by_action, contradicts", "1", "",
     kNoPlace},
    {ClickhouseRollup::Rules, kHourMicros, "final_action, outcome, reason_code, rule", "1", "",
     kNoPlace},
    {ClickhouseRollup::Applications, kHourMicros, "final_action, outcome, app", "1", "", kNoPlace},
    {ClickhouseRollup::Sources, kDayMicros, kSourceKeys, kBlockedOrFailed, kTargets, kPlaceOfSrc,
     ClickhouseRollup::SourcesByHour},
    {ClickhouseRollup::Destinations, kDayMicros, kDestinationKeys, kBlockedOrFailed, "",
     kPlaceOfDst, ClickhouseRollup::DestinationsByHour},
    {ClickhouseRollup::Servers, kDayMicros, kServerKeys, kFailedServers, kSources, kPlaceOfDst,
     ClickhouseRollup::ServersByHour},
    {ClickhouseRollup::SourcesByHour, kHourMicros, kSourceKeys, kBlockedOrFailed, kTargets,
     kPlaceOfSrc},
    {ClickhouseRollup::DestinationsByHour, kHourMicros, kDestinationKeys, kBlockedOrFailed, "",
     kPlaceOfDst},
    {ClickhouseRollup::ServersByHour, kHourMicros, kServerKeys, kFailedServers, kSources,
     kPlaceOfDst},
});
static_assert(rows_in_enum_order(kRollups));

const RollupInfo& info_of(ClickhouseRollup rollup) {
  return kRollups[static_cast<std::size_t>(rollup)];
}

// Keys that are no columns of a row.
constexpr std::string_view kMadeOfRows =
    "action = 'allow' AS allowed_by_action, contradictions <> 0 AS contradicts";

std::string keys_of_rows(const RollupInfo& rollup) {
  std::string keys(rollup.keys);
  const std::size_t made = keys.find("allowed_by_action");
  if (made != std::string::npos) keys.replace(made, std::string::npos, kMadeOfRows);
  return keys;
}

// The columns of a group that are no keys.
std::string sums_of(const RollupInfo& rollup, RolledPeers peers) {
  std::string_view more;
  if (!rollup.peers.empty() && peers != RolledPeers::None)
    more = peers == RolledPeers::Counts ? ", peers_n" : ", peers";
  return fmt::format("rows_n, sessions_n, bytes_n{}", more);
}

std::string grouped_rows(const RollupInfo& rollup, std::string_view table, std::string_view where) {
  const std::string peers =
      rollup.peers.empty()
          ? std::string()
          : fmt::format(", {} AS peers, finalizeAggregation(peers) AS peers_n", rollup.peers);
  return fmt::format(
      "SELECT intDiv(time, toInt64({0})) * {0} AS since, {1}, {2} AS place, count() AS rows_n, "
      "sum(sessions) AS sessions_n, toUInt64(ifNull(sumIf(bytes, sessions > 0), 0)) AS bytes_n{3} "
      "FROM {4} WHERE ({5}) AND {6} GROUP BY since, {7}",
      rollup.unit_micros, keys_of_rows(rollup), rollup.place, peers, table, where, rollup.rows,
      rollup.keys);
}

std::string day_condition(std::int64_t day) {
  return fmt::format("time >= {} AND time < {}", day * kDayMicros, (day + 1) * kDayMicros);
}

std::int64_t unit_before(std::int64_t time, std::int64_t unit) {
  const std::int64_t into = time % unit;
  return time - (into < 0 ? into + unit : into);
}

std::string between(std::string_view column, std::optional<std::int64_t> from,
                    std::optional<std::int64_t> to) {
  std::string sql;
  if (from) sql = fmt::format("{} >= {}", column, *from);
  if (to) sql += fmt::format("{}{} < {}", sql.empty() ? "" : " AND ", column, *to);
  return sql.empty() ? "1" : sql;
}

// A time from `from` on and before `to`, as far as there are such ends.
struct Period {
  std::optional<std::int64_t> from, to;
};

// The times of a period that no rolled up day has between `first` and `end`.
std::vector<Period> rest_of(const RolledDays& days, Period period,
                            std::optional<std::int64_t> first, std::optional<std::int64_t> end) {
  std::vector<Period> parts;
  std::optional<std::int64_t> at = period.from;
  for (const auto& [day, generation] : days) {
    const std::int64_t begin = std::max(day * kDayMicros, first.value_or(INT64_MIN));
    const std::int64_t stop = std::min((day + 1) * kDayMicros, end.value_or(INT64_MAX));
    if (begin >= stop) continue;
    if (!at || *at < begin) parts.push_back({at, begin});
    at = stop;
  }
  if (!at || !period.to || *at < *period.to) parts.push_back({at, period.to});
  return parts;
}

std::string in_periods(const std::vector<Period>& periods) {
  std::vector<std::string> conditions;
  conditions.reserve(periods.size());
  for (const Period& p : periods) conditions.push_back(between("time", p.from, p.to));
  return fmt::format("{}", fmt::join(conditions, " OR "));
}

}  // namespace

std::vector<ClickhouseColumn> clickhouse_sum_columns() {
  const auto made = [](std::string_view name, std::string_view type) {
    ClickhouseColumn column{};
    column.name = name;
    column.type = type;
    return column;
  };
  std::vector<ClickhouseColumn> all{made("day", "Int64"), made("generation", "UInt64"),
                                    made("rollup", "UInt8"), made("since", "Int64"),
                                    made("place", "UInt64")};
  for (const ClickhouseColumn& c : clickhouse_columns())
    for (const std::string_view key : {"final_action", "decided_by", "outcome", "reason_code",
                                       "rule", "app", "src", "dst", "dport", "proto"})
      if (c.name == key) all.push_back(made(c.name, c.type));
  for (const std::string_view flag : {"allowed_by_action", "contradicts"})
    all.push_back(made(flag, "UInt8"));
  for (const std::string_view sum : {"rows_n", "sessions_n", "bytes_n", "peers_n"})
    all.push_back(made(sum, "UInt64"));
  all.push_back(made("peers", "AggregateFunction(uniqExactIf, UInt64, UInt8)"));
  return all;
}

std::string clickhouse_sums_table(const ClickhousePlace& place) {
  return place.database + (place.cluster.empty() ? ".traffic_sums" : ".traffic_sums_here");
}

std::vector<std::string> clickhouse_sums_schema(const ClickhousePlace& place) {
  std::string columns;
  for (const ClickhouseColumn& c : clickhouse_sum_columns())
    columns += fmt::format("{}\"{}\" {}", columns.empty() ? "" : ", ", c.name, c.type);
  // Small granules: of the sets, which are large, few are read.
  const std::string order =
      "PARTITION BY (day, generation) ORDER BY (rollup, since, place) SETTINGS index_granularity = "
      "128";
  if (place.cluster.empty())
    return {fmt::format("CREATE TABLE IF NOT EXISTS {} ({}) ENGINE = MergeTree {}",
                        clickhouse_sums_table(place), columns, order)};
  return {fmt::format("CREATE TABLE IF NOT EXISTS {} ({}) ENGINE = "
                      "ReplicatedMergeTree('/clickhouse/tables/{}/{}/traffic_sums', '{}') {}",
                      clickhouse_sums_table(place), columns, place.database, place.shard,
                      place.replica, order),
          fmt::format("CREATE TABLE IF NOT EXISTS {0}.traffic_sums ({1}) ENGINE = Distributed({2}, "
                      "{0}, traffic_sums_here, day)",
                      place.database, columns, place.cluster)};
}

std::vector<std::string> roll_up_statements(const ClickhousePlace& place, std::int64_t day,
                                            std::uint64_t generation) {
  std::vector<std::string> statements;
  for (const RollupInfo& rollup : kRollups) {
    if (rollup.value == ClickhouseRollup::Marks) continue;
    const std::string sets = rollup.peers.empty() ? "" : ", peers, peers_n";
    statements.push_back(fmt::format(
        "INSERT INTO {} (day, generation, rollup, since, {}, place, rows_n, sessions_n, bytes_n{}) "
        "SELECT toInt64({}), toUInt64({}), toUInt8({}), * FROM ({})",
        clickhouse_sums_table(place), rollup.keys, sets, day, generation,
        static_cast<unsigned>(rollup.value),
        grouped_rows(rollup, clickhouse_local_table(place), day_condition(day))));
  }
  return statements;
}

std::string roll_up_mark(const ClickhousePlace& place, std::int64_t day, std::uint64_t generation,
                         std::uint64_t rows) {
  return fmt::format(
      "INSERT INTO {0} (day, generation, rollup, since, rows_n, sessions_n, bytes_n) SELECT "
      "toInt64({1}), toUInt64({2}), toUInt8(0), toInt64({1}), toUInt64({3}), count(), "
      "toUInt64({4}) "
      "FROM {0} WHERE day = {1} AND generation = {2}",
      clickhouse_sums_table(place), day, generation, rows, kSumsVersion);
}

std::string clickhouse_place_sql(ClickhouseRollup rollup) {
  return std::string(info_of(rollup).place);
}

std::string of_rolled_days(const RolledDays& days) {
  std::string generations;
  for (const auto& [day, generation] : days)
    generations += fmt::format("{}(toInt64({}), toUInt64({}))", generations.empty() ? "" : ", ",
                               day, generation);
  return fmt::format("(day, generation) IN ({})", generations);
}

std::string of_other_days(const RolledDays& days) {
  return in_periods(rest_of(days, {}, std::nullopt, std::nullopt));
}

std::string rolled_source(ClickhouseRollup which, const std::string& database,
                          const RolledDays& days, std::optional<std::int64_t> from,
                          std::optional<std::int64_t> to, RolledPeers peers,
                          const std::vector<std::uint64_t>& places) {
  const std::string only =
      places.empty() ? std::string() : fmt::format(" IN ({})", fmt::join(places, ", "));
  const RollupInfo& rollup = info_of(which);
  const std::string columns = fmt::format("since, {}, {}", rollup.keys, sums_of(rollup, peers));
  std::vector<std::string> parts;
  std::vector<Period> periods{{from, to}};
  for (ClickhouseRollup level = which; level != ClickhouseRollup::Marks;
       level = info_of(level).finer) {
    std::vector<Period> left;
    for (const Period& period : periods) {
      const std::int64_t unit = info_of(level).unit_micros;
      std::optional<std::int64_t> first, end;
      if (period.from) first = unit_before(*period.from + unit - 1, unit);
      if (period.to) end = unit_before(*period.to, unit);
      RolledDays within;
      for (const auto& [day, generation] : days)
        if (!(first && (day + 1) * kDayMicros <= *first) && !(end && day * kDayMicros >= *end))
          within.emplace(day, generation);
      if (within.empty() || (first && end && *first >= *end)) {
        left.push_back(period);
        continue;
      }
      parts.push_back(
          fmt::format("SELECT {} FROM {}.traffic_sums WHERE rollup = {} AND {} AND {}{}", columns,
                      database, static_cast<unsigned>(level), of_rolled_days(within),
                      between("since", first, end), only.empty() ? "" : " AND place" + only));
      for (const Period& rest : rest_of(within, period, first, end)) left.push_back(rest);
    }
    periods = std::move(left);
  }
  if (!periods.empty()) {
    std::string rest = in_periods(periods);
    if (!only.empty()) rest = fmt::format("({}) AND {}{}", rest, rollup.place, only);
    parts.push_back(fmt::format("SELECT {} FROM ({})", columns,
                                grouped_rows(rollup, database + ".traffic_rows", rest)));
  }
  return fmt::format("{}", fmt::join(parts, " UNION ALL "));
}

}  // namespace endreason
