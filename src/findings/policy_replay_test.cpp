// SPDX-License-Identifier: Apache-2.0
#include "findings/policy_replay.hpp"

#include <array>

#include <gtest/gtest.h>

#include "policy/policy_for_test.hpp"
#include "verdict/record_for_test.hpp"

namespace endreason {
namespace {

CompiledPolicy policy_for_replay() {
  Policy policy = zones_for_test();
  SecurityRule dns = rule_of("dns");
  dns.match.from = {"trust"};
  dns.application = {"dns"};
  dns.match.service = {"application-default"};
  SecurityRule web = rule_of("web-new", Action::Allow);
  web.match.from = {"trust"};
  web.match.to = {"untrust"};
  web.application = {"web-browsing", "ssl"};
  policy.rules = {dns, web};
  auto compiled = CompiledPolicy::create(std::move(policy));
  EXPECT_TRUE(compiled) << compiled.error().message;
  return std::move(*compiled);
}

struct ReplayCase {
  std::string_view behaviour, row;
  ReplayOutcome outcome;
  std::string_view new_rule;
};
constexpr auto kRows = std::to_array<ReplayCase>({
    {"the same rule and action",
     "end udp allow dns aged-out from=trust to=untrust dport=53 rule=dns", ReplayOutcome::Same,
     "dns"},
    {"another rule that allows too",
     "end tcp allow ssl tcp-fin from=trust to=untrust dport=443 rule=web", ReplayOutcome::OtherRule,
     "web-new"},
    {"what was allowed and is not",
     "end tcp allow ssh tcp-fin from=trust to=untrust dport=22 rule=x", ReplayOutcome::NowBlocked,
     "interzone-default"},
    {"what was denied once it was known",
     "deny udp deny dns policy-deny from=trust to=untrust dport=53 rule=x",
     ReplayOutcome::NowAllowed, "dns"},
    {"what was allowed first and then denied",
     "end udp allow dns policy-deny from=trust to=untrust dport=53 rule=x",
     ReplayOutcome::NowAllowed, "dns"},
    {"what was dropped at once, and now waits",
     "drop tcp deny not-applicable policy-deny from=trust to=untrust dport=4711 rule=x",
     ReplayOutcome::LetInAtFirst, "web-new"},
    {"another answer", "drop tcp reset-both ssh policy-deny from=trust to=dmz dport=22 rule=x",
     ReplayOutcome::OtherRule, "interzone-default"},
    {"another answer on the wire",
     "drop tcp drop ssh policy-deny from=trust to=dmz dport=22 rule=x", ReplayOutcome::OtherBlock,
     "interzone-default"},
});

TEST(PolicyReplay, ComparesEachRowWithWhatTheLogSays) {
  const CompiledPolicy policy = policy_for_replay();
  for (const ReplayCase& c : kRows) {
    PolicyReplay replay(policy);
    replay.add(record_for_test(c.row));
    const ReplayReport report = replay.report();
    EXPECT_EQ(report.sessions[static_cast<std::size_t>(c.outcome)], 1u) << c.behaviour;
    EXPECT_EQ(report.compared(), 1u) << c.behaviour;
    if (c.outcome == ReplayOutcome::Same) continue;
    ASSERT_EQ(report.groups.size(), 1u) << c.behaviour;
    EXPECT_EQ(report.groups[0].new_rule, c.new_rule) << c.behaviour;
  }
}

TEST(PolicyReplay, SaysOfEveryOtherRowWhyItIsNotCompared) {
  const CompiledPolicy policy = policy_for_replay();
  PolicyReplay replay(policy);
  replay.add(record_for_test("start tcp allow ssl n/a from=trust to=untrust rule=x"));
  replay.add(record_for_test("end tcp allow ssl tcp-fin from=trust to=guests rule=x repeatcnt=3"));
  replay.add(record_for_test("end tcp allow ssl tcp-fin to=untrust rule=x"));
  const ReplayReport report = replay.report();
  EXPECT_EQ(report.compared(), 0u);
  EXPECT_EQ(report.not_compared, (std::array<std::uint64_t, 4>{1, 3, 1, 0}));
  ASSERT_EQ(report.unknown_zones.size(), 1u);
  EXPECT_EQ(report.unknown_zones[0].first, "guests");
}

std::string text_of(const PolicyReplay& replay) {
  std::string out;
  append_text(replay.report(), {false, 20, {"fw.log"}}, out);
  append_ndjson(replay.report(), {false, 20, {"fw.log"}}, out);
  return out;
}

TEST(PolicyReplay, TheReportIsTheSameHoweverTheRowsWereShared) {
  const CompiledPolicy policy = policy_for_replay();
  PolicyReplay whole(policy);
  std::vector<PolicyReplay> parts(3, PolicyReplay(policy));
  for (std::uint64_t i = 0; i < 200; ++i) {
    TrafficRecord record = record_for_test(kRows[i * 7 % kRows.size()].row);
    record.line = i + 1;
    whole.add(record);
    parts[i % 3].add(record);
  }
  parts[2].merge(std::move(parts[0]));
  parts[2].merge(std::move(parts[1]));
  EXPECT_EQ(text_of(parts[2]), text_of(whole));
  EXPECT_NE(text_of(whole).find("10.0.0.1 -> 10.0.0.2 tcp/22 ssh, trust to untrust  (fw.log:"),
            std::string::npos)
      << text_of(whole);
}

}  // namespace
}  // namespace endreason
