// SPDX-License-Identifier: Apache-2.0
// Roll-ups: rows added up by time and a few columns, so that questions about millions of rows need
// not read them. Rows are rolled up in the order of their ids, many at once and after they were
// committed; `rollup_state` says how far, in the same transaction, so that roll-ups and the rows
// behind them are everything at any moment. A group may stand in several rows of a roll-up, which
// have to be added up when it is asked. Many such batches are added up again, by larger units of
// time, so that long periods are few rows: levels, of which each has all rows of the level below
// that are far enough behind. Constant tables and their SQL; room store only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_table.hpp"

namespace endreason {

enum class Rollup : std::uint8_t { Verdicts, Rules, Applications, Sources, Destinations, Servers };

struct RollupKey {
  std::string_view name, type;
  std::string_view expression;  // over a row r
};

struct RollupInfo {
  Rollup value;
  std::string_view table;
  std::int64_t unit_seconds;  // `since` is a multiple of it
  std::span<const RollupKey> keys;
  std::string_view rows;  // which rows are added up
  // A set of hashes that is kept with each group, to count what is different in it; or nothing.
  std::string_view set, set_expression;
  // Whether the groups with most sessions of each batch are marked: where there are nearly as many
  // groups as rows, only those are looked at as candidates.
  bool leaders;
};

namespace rollups_detail {
inline constexpr RollupKey kVerdicts[] = {
    {"final_action", "final_action_word", "r.final_action"},
    {"decided_by", "decided_by_word", "r.decided_by"},
    {"outcome", "outcome_word", "r.outcome"},
    {"reason_code", "reason_code_word", "r.reason_code"},
    {"allowed_by_action", "BOOLEAN", "r.action = 'allow'"},
    {"contradicts", "BOOLEAN", "r.contradictions <> 0"},
};
inline constexpr RollupKey kRules[] = {
    {"final_action", "final_action_word", "r.final_action"},
    {"outcome", "outcome_word", "r.outcome"},
    {"reason_code", "reason_code_word", "r.reason_code"},
    {"rule_id", "UINTEGER", "r.rule_id"},
};
inline constexpr RollupKey kApplications[] = {
    {"final_action", "final_action_word", "r.final_action"},
    {"outcome", "outcome_word", "r.outcome"},
    {"application_id", "UINTEGER", "r.application_id"},
};
inline constexpr RollupKey kSources[] = {
    {"final_action", "final_action_word", "r.final_action"},
    {"outcome", "outcome_word", "r.outcome"},
    {"src", "UHUGEINT", "r.src"},
};
inline constexpr RollupKey kDestinations[] = {
    {"final_action", "final_action_word", "r.final_action"},
    {"outcome", "outcome_word", "r.outcome"},
    {"dst", "UHUGEINT", "r.dst"},
};
inline constexpr RollupKey kServers[] = {
    {"reason_code", "reason_code_word", "r.reason_code"},
    {"dst", "UHUGEINT", "r.dst"},
    {"dport", "USMALLINT", "r.dport"},
    {"proto", "UTINYINT", "r.proto"},
};
}  // namespace rollups_detail

inline constexpr std::string_view kAllRows = "TRUE";
inline constexpr std::string_view kBlockedOrFailed =
    "(r.final_action = 'blocked' OR r.outcome = 'failed') AND r.sessions > 0";
inline constexpr std::string_view kAllowedButFailed =
    "r.final_action = 'allowed' AND r.outcome = 'failed' AND r.sessions > 0";

inline constexpr auto kRollups = std::to_array<RollupInfo>({
    {Rollup::Verdicts, "verdict_sums", 60, rollups_detail::kVerdicts, kAllRows, "", "", false},
    {Rollup::Rules, "rule_sums", 600, rollups_detail::kRules, kAllRows, "", "", false},
    {Rollup::Applications, "application_sums", 600, rollups_detail::kApplications, kAllRows, "", "",
     false},
    {Rollup::Sources, "source_sums", 600, rollups_detail::kSources, kBlockedOrFailed, "targets",
     "hash(r.dst, r.dport, r.proto)", false},
    {Rollup::Destinations, "destination_sums", 600, rollups_detail::kDestinations, kBlockedOrFailed,
     "", "", false},
    {Rollup::Servers, "server_sums", 600, rollups_detail::kServers, kAllowedButFailed, "sources",
     "hash(r.src)", true},
});
static_assert(rows_in_enum_order(kRollups));
constexpr const RollupInfo& info(Rollup v) {
  return kRollups[static_cast<std::size_t>(v)];
}

struct RollupLevel {
  std::string_view suffix;    // of the table
  std::int64_t unit_seconds;  // 0: the roll-up's own
  std::uint64_t batches;      // of the lowest level, that are added up at once
  std::uint64_t least;        // the same when nobody else works
};
inline constexpr auto kRollupLevels = std::to_array<RollupLevel>(
    {{"", 0, 1, 0}, {"_by_hour", 3600, 8, 1}, {"_by_day", 86'400, 32, 2}});
inline constexpr std::size_t kTopLevel = kRollupLevels.size() - 1;
// By level: rows with ids below are in it. No level is ahead of the one below. Each row of a
// roll-up names the first id of its batch, which tells what is in the level above already.
using RollupState = std::array<std::uint64_t, kRollupLevels.size()>;

// Of a batch, how many groups are marked as leading.
inline constexpr unsigned kLeaders = 1000;

// The tables, and how far rows are rolled up: nothing yet.
std::vector<std::string> rollup_schema();
std::vector<std::string> drop_rollups();
std::string table_of(const RollupInfo& rollup, std::size_t level);
std::int64_t unit_micros(const RollupInfo& rollup, std::size_t level);
// "final_action, outcome, src"
std::string key_list(const RollupInfo& rollup);
// Rows that meet the condition, into the lowest level.
std::string insert_statement(const RollupInfo& rollup, std::string_view condition,
                             std::uint64_t batch);
// What the level below has that meets the condition, into a level.
std::string merge_statement(const RollupInfo& rollup, std::size_t level, std::string_view condition,
                            std::uint64_t batch);
// The same rows by their keys alone, with n, s and b: rows, sessions, bytes of sessions.
std::string grouped_rows(const RollupInfo& rollup, std::string_view condition);

}  // namespace endreason
