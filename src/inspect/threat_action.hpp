// SPDX-License-Identifier: Apache-2.0
// ThreatAction: what is done about a hit. The rule says it, unless a row of the profile says
// otherwise. Names as the action column of a THREAT log has them.
// Source: "Threat Log Fields" and "Actions in Security Profiles" of the vendor's documentation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_table.hpp"
#include "inspect/rule_evaluator.hpp"
#include "inspect/threat_rule.hpp"

namespace endreason::inspect {

enum class ThreatAction : std::uint8_t {
  Alert,
  Drop,
  ResetClient,
  ResetServer,
  ResetBoth,
  BlockIp,
};
struct ThreatActionInfo {
  ThreatAction value;
  std::string_view log_name;
  bool blocks;  // the session goes no further
};
inline constexpr auto kThreatActions = std::to_array<ThreatActionInfo>({
    {ThreatAction::Alert, "alert", false},
    {ThreatAction::Drop, "drop", true},
    {ThreatAction::ResetClient, "reset-client", true},
    {ThreatAction::ResetServer, "reset-server", true},
    {ThreatAction::ResetBoth, "reset-both", true},
    {ThreatAction::BlockIp, "block-ip", true},
});
static_assert(rows_in_enum_order(kThreatActions) && log_names_unique(kThreatActions));
constexpr const ThreatActionInfo& info(ThreatAction action) {
  return kThreatActions[static_cast<std::size_t>(action)];
}

// How bad it is, from a rule's priority: 1 is the worst of a rule set's classes.
enum class ThreatSeverity : std::uint8_t { Informational, Low, Medium, High, Critical };
struct ThreatSeverityInfo {
  ThreatSeverity value;
  std::string_view log_name;
  std::uint8_t priority;  // of rules; 0: none has it by itself
};
inline constexpr auto kThreatSeverities = std::to_array<ThreatSeverityInfo>({
    {ThreatSeverity::Informational, "informational", 4},
    {ThreatSeverity::Low, "low", 3},
    {ThreatSeverity::Medium, "medium", 2},
    {ThreatSeverity::High, "high", 1},
    {ThreatSeverity::Critical, "critical", 0},
});
static_assert(rows_in_enum_order(kThreatSeverities) && log_names_unique(kThreatSeverities));
constexpr const ThreatSeverityInfo& info(ThreatSeverity severity) {
  return kThreatSeverities[static_cast<std::size_t>(severity)];
}
ThreatSeverity severity_of(std::uint8_t priority);

// A row of a profile: for the hits that it describes, another action than the rule's own.
struct ThreatOverride {
  std::optional<ThreatSeverity> severity;
  std::optional<RuleAction> rule_action;
  std::string class_type;  // empty: any
  std::uint32_t sid{};     // 0: any
  ThreatAction action{};
  // Of block-ip: how long, and whether only towards the destination that it was found on its way
  // to.
  std::uint32_t block_s{};
  bool block_towards_this{};
};

// What the rule itself asks for. rejectsrc resets who sent the bytes, rejectdst the other.
ThreatAction default_action(RuleAction action, Side side);

// The first override that describes the rule; null: none does.
const ThreatOverride* override_of(const ThreatRule& rule,
                                  std::span<const ThreatOverride> overrides);
// Its action, else the rule's own. What no reset can reach, because
// it is not TCP, is dropped.
ThreatAction action_of(const ThreatRule& rule, Side side, bool is_tcp,
                       std::span<const ThreatOverride> overrides);

}  // namespace endreason::inspect
