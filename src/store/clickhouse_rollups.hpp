// SPDX-License-Identifier: Apache-2.0
// Roll-ups in ClickHouse: the rows of a day added up by a few columns, in one table `traffic_sums`.
// They are made for a day as a whole, as a generation of their own, whose mark says how many rows
// were added up and how many sums that gave. A generation is used only where a server has exactly
// so many of both; so a row that comes late, is sent again, or has not reached a replica yet makes
// questions read the rows themselves until the day is added up anew. Rows are only ever added, or
// dropped by the day, so equal numbers are equal rows. Constant tables and SQL; room store only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/clickhouse_columns.hpp"
#include "store/overview_question.hpp"

namespace endreason {

// Marks is no roll-up: its rows say what a generation has.
enum class ClickhouseRollup : std::uint8_t {
  Marks,
  Verdicts,
  Rules,
  Applications,
  Sources,
  Destinations,
  Servers,
  SourcesByHour,
  DestinationsByHour,
  ServersByHour
};
// What a generation has besides: a mark says it, so that one without it is made anew.
inline constexpr std::uint64_t kSumsVersion = 1;  // the addresses by the hour
inline constexpr std::int64_t kDayMicros = std::int64_t{86'400} * 1'000'000;

// A day is the number of days since 1970; a generation is told by its own number.
using RolledDays = std::map<std::int64_t, std::uint64_t>;

// The columns of the table with their types.
std::vector<ClickhouseColumn> clickhouse_sum_columns();
std::vector<std::string> clickhouse_sums_schema(const ClickhousePlace& place);
std::string clickhouse_sums_table(const ClickhousePlace& place);  // of one server

// Statements for one server, that add up a day of its rows; the mark comes last.
std::vector<std::string> roll_up_statements(const ClickhousePlace& place, std::int64_t day,
                                            std::uint64_t generation);
std::string roll_up_mark(const ClickhousePlace& place, std::int64_t day, std::uint64_t generation,
                         std::uint64_t rows);

// What a roll-up keeps to count what is different in a group: nothing of it, how many there are
// (which only bounds the number in several groups together), or the set itself.
enum class RolledPeers : std::uint8_t { None, Counts, Sets };

// A subquery: the groups of a roll-up in a period, whole units of the days that are rolled up from
// sums, by the day and then by the hour, and the rest from rows. Its columns are `since`
// (microseconds, a multiple of the roll-up's unit), the roll-up's keys, rows_n, sessions_n,
// bytes_n, and peers_n or peers where they are wanted. `places` (empty: all) are those of
// clickhouse_place_sql() that are wanted.
std::string rolled_source(ClickhouseRollup rollup, const std::string& database,
                          const RolledDays& days, std::optional<std::int64_t> from,
                          std::optional<std::int64_t> to, RolledPeers peers = RolledPeers::None,
                          const std::vector<std::uint64_t>& places = {});
// A number of the host that a roll-up is about, by which its sums are found quickly.
std::string clickhouse_place_sql(ClickhouseRollup rollup);
// Two conditions: on sums, that they are of these days; on rows, that they are of no such day.
std::string of_rolled_days(const RolledDays& days);
std::string of_other_days(const RolledDays& days);

}  // namespace endreason
