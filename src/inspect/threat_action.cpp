// SPDX-License-Identifier: Apache-2.0
#include "inspect/threat_action.hpp"

namespace endreason::inspect {

ThreatSeverity severity_of(std::uint8_t priority) {
  for (const ThreatSeverityInfo& row : kThreatSeverities)
    if (row.priority == priority && priority != 0) return row.value;
  return ThreatSeverity::Informational;
}

ThreatAction default_action(RuleAction action, Side side) {
  const bool from_client = side != kFromServer;
  switch (action) {
    case RuleAction::Alert:
    case RuleAction::Pass:
      return ThreatAction::Alert;
    case RuleAction::Drop:
      return ThreatAction::Drop;
    case RuleAction::RejectSource:
      return from_client ? ThreatAction::ResetClient : ThreatAction::ResetServer;
    case RuleAction::RejectDestination:
      return from_client ? ThreatAction::ResetServer : ThreatAction::ResetClient;
    case RuleAction::RejectBoth:
      return ThreatAction::ResetBoth;
  }
  return ThreatAction::Alert;
}

const ThreatOverride* override_of(const ThreatRule& rule,
                                  std::span<const ThreatOverride> overrides) {
  for (const ThreatOverride& o : overrides) {
    if ((o.severity && *o.severity != severity_of(rule.priority)) ||
        (o.rule_action && *o.rule_action != rule.action) ||
        (!o.class_type.empty() && o.class_type != rule.class_type) ||
        (o.sid != 0 && o.sid != rule.sid))
      continue;
    return &o;
  }
  return nullptr;
}

ThreatAction action_of(const ThreatRule& rule, Side side, bool is_tcp,
                       std::span<const ThreatOverride> overrides) {
  const ThreatOverride* changed = override_of(rule, overrides);
  const ThreatAction action =
      changed != nullptr ? changed->action : default_action(rule.action, side);
  const bool resets = action == ThreatAction::ResetClient || action == ThreatAction::ResetServer ||
                      action == ThreatAction::ResetBoth;
  return resets && !is_tcp ? ThreatAction::Drop : action;
}

}  // namespace endreason::inspect
