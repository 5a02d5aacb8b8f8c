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
  Servers
};
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

// A subquery: the groups of a roll-up in a period, whole units of the days that are rolled up from
// sums and the rest from rows. Its columns are the roll-up's keys, `step` (of verdicts: seconds
// since 1970, a multiple of 60), rows_n, sessions_n, bytes_n, and peers where the roll-up has them.
std::string rolled_source(ClickhouseRollup rollup, const std::string& database,
                          const RolledDays& days, std::optional<std::int64_t> from,
                          std::optional<std::int64_t> to);

}  // namespace endreason
