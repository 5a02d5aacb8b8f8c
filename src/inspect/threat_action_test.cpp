// SPDX-License-Identifier: Apache-2.0
#include "inspect/threat_action.hpp"

#include <array>

#include <gtest/gtest.h>

namespace endreason::inspect {
namespace {

struct ActionCase {
  std::string_view behaviour;
  RuleAction rule;
  Side side;
  bool is_tcp;
  ThreatAction action;
};
constexpr auto kCases = std::to_array<ActionCase>({
    {"alert reports", RuleAction::Alert, kFromClient, true, ThreatAction::Alert},
    {"drop drops", RuleAction::Drop, kFromServer, true, ThreatAction::Drop},
    {"rejectsrc resets the client that sent it", RuleAction::RejectSource, kFromClient, true,
     ThreatAction::ResetClient},
    {"rejectsrc resets the server that sent it", RuleAction::RejectSource, kFromServer, true,
     ThreatAction::ResetServer},
    {"rejectdst resets the other side", RuleAction::RejectDestination, kFromClient, true,
     ThreatAction::ResetServer},
    {"rejectboth resets both", RuleAction::RejectBoth, kFromClient, true, ThreatAction::ResetBoth},
    {"there is no reset for UDP", RuleAction::RejectBoth, kFromClient, false, ThreatAction::Drop},
});

TEST(ThreatAction, TheRuleSaysWhatIsDone) {
  for (const ActionCase& c : kCases) {
    ThreatRule rule;
    rule.action = c.rule;
    EXPECT_EQ(action_of(rule, c.side, c.is_tcp, {}), c.action) << c.behaviour;
  }
}

TEST(ThreatAction, TheFirstOverrideThatDescribesTheHitCounts) {
  ThreatOverride high, sid;
  high.severity = ThreatSeverity::High;
  high.action = ThreatAction::ResetBoth;
  sid.sid = 7;
  sid.action = ThreatAction::BlockIp;
  const std::array overrides{high, sid};
  ThreatRule rule;
  rule.sid = 7;
  rule.priority = 2;
  EXPECT_EQ(action_of(rule, kFromClient, true, overrides), ThreatAction::BlockIp);
  rule.priority = 1;
  EXPECT_EQ(action_of(rule, kFromClient, true, overrides), ThreatAction::ResetBoth);
  rule.sid = 8;
  rule.priority = 3;
  EXPECT_EQ(action_of(rule, kFromClient, true, overrides), ThreatAction::Alert);
}

}  // namespace
}  // namespace endreason::inspect
