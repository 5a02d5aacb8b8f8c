// SPDX-License-Identifier: Apache-2.0
#include "findings/session_replay.hpp"

#include <gtest/gtest.h>

#include "policy/policy_for_test.hpp"
#include "verdict/record_for_test.hpp"

namespace endreason {
namespace {

CompiledPolicy new_policy() {
  Policy policy = zones_for_test();
  policy.rules = {rule_of("web"), rule_of("closed", Action::Drop)};
  return std::move(CompiledPolicy::create(std::move(policy)).value());
}

// A row whose first packet came in this second.
struct Row {
  std::string_view text;
  std::string_view first_packet;
};

void add(SessionReplay& replay, bool old, const Row& row, std::uint64_t line) {
  TrafficRecord record = record_for_test(row.text);
  EngineFacts facts;
  facts.texts[static_cast<std::size_t>(EngineColumn::FirstPacket)] = row.first_packet;
  record.engine = &facts;
  record.line = line;
  old ? replay.add_old(record) : replay.add_new(record);
}

ReplayReport compared(const std::vector<Row>& before, const std::vector<Row>& now) {
  SessionReplay replay;
  std::uint64_t line = 0;
  for (const Row& row : before) add(replay, true, row, ++line);
  line = 0;
  for (const Row& row : now) add(replay, false, row, ++line);
  return std::move(replay).report(new_policy());
}

std::uint64_t of(const ReplayReport& report, ReplayOutcome outcome) {
  return report.sessions[static_cast<std::size_t>(outcome)];
}

constexpr std::string_view kAllowed =
    "end tcp allow google-base tcp-fin from=trust to=untrust sport=40000 dport=80 rule=all";
constexpr std::string_view kLetIn =
    "end tcp allow google-base tcp-fin from=trust to=untrust sport=40000 dport=80 rule=web";
constexpr std::string_view kDenied =
    "deny tcp drop web-browsing policy-deny from=trust to=untrust sport=40000 dport=80 rule=closed";
constexpr std::string_view kDropped =
    "drop tcp drop not-applicable policy-deny from=trust to=untrust sport=40000 dport=80 "
    "rule=closed";

TEST(SessionReplay, ASessionThatTheNewRulesDenyAtAnEarlierApplicationIsBlocked) {
  const ReplayReport report = compared({{kAllowed, "1"}}, {{kDenied, "1"}});
  EXPECT_EQ(of(report, ReplayOutcome::NowBlocked), 1u);
  ASSERT_EQ(report.groups.size(), 1u);
  EXPECT_EQ(report.groups[0].old_rule, "all");
  EXPECT_EQ(report.groups[0].new_rule, "closed");
  EXPECT_EQ(report.groups[0].new_action, Action::Drop);
}

TEST(SessionReplay, PacketsThatWereRefusedOneByOneAreOneSessionWhenItIsLetIn) {
  const ReplayReport report =
      compared({{kDropped, "1"}, {kDropped, "2"}, {kDropped, "3"}}, {{kLetIn, "1"}});
  EXPECT_EQ(of(report, ReplayOutcome::NowAllowed), 1u);
  EXPECT_EQ(report.not_compared[static_cast<std::size_t>(NotCompared::Repeated)], 2u);
  EXPECT_NE(report.groups[0].examples[0].session.find("google-base"), std::string::npos)
      << "what it turned out to be";
}

TEST(SessionReplay, ASessionThatBeganWithinAnothersDiscardIsBlockedAsThatOne) {
  const ReplayReport report = compared({{kAllowed, "1"}, {kAllowed, "5"}}, {{kDenied, "1"}});
  EXPECT_EQ(of(report, ReplayOutcome::NowBlocked), 2u);
}

TEST(SessionReplay, TheSameRuleIsTheSameAndAnotherIsAnotherRule) {
  const ReplayReport report = compared({{kAllowed, "1"}, {kLetIn, "2"}, {kDropped, "3"}},
                                       {{kLetIn, "1"}, {kLetIn, "2"}, {kDropped, "3"}});
  EXPECT_EQ(of(report, ReplayOutcome::OtherRule), 1u);
  EXPECT_EQ(of(report, ReplayOutcome::Same), 2u);
}

}  // namespace
}  // namespace endreason
