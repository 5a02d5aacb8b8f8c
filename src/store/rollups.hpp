// SPDX-License-Identifier: Apache-2.0
// Roll-ups: rows added up by time and a few columns, kept beside the rows and in the same
// transactions, so that questions about millions of rows need not read them. A group of a roll-up
// may stand in several of its rows, which have to be added up when it is asked; merging them now
// and then is for speed alone. Constant tables and their SQL; room store only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_table.hpp"

namespace endreason {

enum class Rollup : std::uint8_t { Verdicts, Rules, Sources, Servers };

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
    {"application_id", "UINTEGER", "r.application_id"},
};
inline constexpr RollupKey kSources[] = {
    {"final_action", "final_action_word", "r.final_action"},
    {"outcome", "outcome_word", "r.outcome"},
    {"src", "UHUGEINT", "r.src"},
};
inline constexpr RollupKey kServers[] = {
    {"final_action", "final_action_word", "r.final_action"},
    {"outcome", "outcome_word", "r.outcome"},
    {"reason_code", "reason_code_word", "r.reason_code"},
    {"dst", "UHUGEINT", "r.dst"},
    {"dport", "USMALLINT", "r.dport"},
    {"proto", "UTINYINT", "r.proto"},
};
}  // namespace rollups_detail

inline constexpr std::string_view kBlockedOrFailed =
    "(r.final_action = 'blocked' OR r.outcome = 'failed') AND r.sessions > 0";

inline constexpr auto kRollups = std::to_array<RollupInfo>({
    {Rollup::Verdicts, "verdict_sums", 60, rollups_detail::kVerdicts, "TRUE", "", ""},
    {Rollup::Rules, "rule_sums", 600, rollups_detail::kRules, "TRUE", "", ""},
    {Rollup::Sources, "source_sums", 600, rollups_detail::kSources, kBlockedOrFailed, "targets",
     "hash(r.dst, r.dport, r.proto)"},
    {Rollup::Servers, "server_sums", 600, rollups_detail::kServers, kBlockedOrFailed, "sources",
     "hash(r.src)"},
});
static_assert(rows_in_enum_order(kRollups));
constexpr const RollupInfo& info(Rollup v) {
  return kRollups[static_cast<std::size_t>(v)];
}

// "final_action, outcome, src"
std::string key_list(const RollupInfo& rollup);
std::string create_statement(const RollupInfo& rollup);
// Rows that meet the condition, grouped as the table has them.
std::string insert_statement(const RollupInfo& rollup, std::string_view condition);
// The same rows by their keys alone, with n, s and b: rows, sessions, bytes of sessions.
std::string grouped_rows(const RollupInfo& rollup, std::string_view condition);

}  // namespace endreason
