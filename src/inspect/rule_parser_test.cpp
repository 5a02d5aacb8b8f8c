// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <gtest/gtest.h>

#include "inspect/rule_file.hpp"
#include "inspect/rule_parser.hpp"

namespace endreason::inspect {
namespace {

ThreatRule parsed(std::string_view text) {
  auto rule = parse_rule(text, RuleVariables());
  if (!rule) {
    ADD_FAILURE() << text << "\n" << rule.error().word << ": " << rule.error().what;
    return {};
  }
  return std::move(*rule);
}

TEST(RuleParser, HeaderNamesActionProtocolAddressesPortsAndDirection) {
  const ThreatRule r = parsed(
      "rejectboth tcp [10.0.0.0/8,!10.1.0.0/16] 1024: <> $EXTERNAL_NET [80,443,!443] (sid:7;)");
  EXPECT_EQ(r.action, RuleAction::RejectBoth);
  EXPECT_EQ(r.protocol, RuleProtocol::Tcp);
  EXPECT_TRUE(r.either_way);
  EXPECT_TRUE(r.source.contains(*parse_ip("10.2.3.4")));
  EXPECT_FALSE(r.source.contains(*parse_ip("10.1.3.4")));
  EXPECT_FALSE(r.source.contains(*parse_ip("11.1.3.4")));
  EXPECT_TRUE(r.destination.contains(*parse_ip("198.51.100.1")));
  EXPECT_FALSE(r.destination.contains(*parse_ip("192.168.7.7")));
  EXPECT_TRUE(r.source_ports.contains(1024) && r.source_ports.contains(65535));
  EXPECT_FALSE(r.source_ports.contains(1023));
  EXPECT_TRUE(r.destination_ports.contains(80));
  EXPECT_FALSE(r.destination_ports.contains(443));
}

TEST(RuleParser, NegatedAddressesLeaveTheRestOfTheWorld) {
  const ThreatRule r = parsed("alert ip ![10.0.0.0/8,2001:db8::/32] any -> any any (sid:1;)");
  for (const char* in : {"9.255.255.255", "11.0.0.0", "2001:db7::1", "2001:db9::"})
    EXPECT_TRUE(r.source.contains(*parse_ip(in))) << in;
  for (const char* out : {"10.0.0.0", "10.255.255.255", "2001:db8::", "2001:db8:ffff::1"})
    EXPECT_FALSE(r.source.contains(*parse_ip(out))) << out;
}

TEST(RuleParser, ContentsAreDecoded) {
  const ThreatRule r =
      parsed(R"(alert tcp any any -> any any (content:"a|0d 0A|b\;\"|7c|"; sid:1;))");
  ASSERT_EQ(r.groups.size(), 1U);
  EXPECT_EQ(r.groups[0].checks[0].pattern, "a\r\nb;\"|");
}

TEST(RuleParser, OldModifiersMoveTheContentIntoItsBuffer) {
  const ThreatRule r = parsed(
      "alert http any any -> any any (content:\"/a\"; http_uri; nocase; content:\"b\"; "
      "content:\"c\"; distance:2; within:5; http_uri; pcre:\"/d/Ui\"; sid:1;)");
  ASSERT_EQ(r.groups.size(), 2U);
  const RuleGroup& uri = r.groups[0].buffer == InspectBuffer::HttpUri ? r.groups[0] : r.groups[1];
  ASSERT_EQ(uri.checks.size(), 3U);
  EXPECT_TRUE(uri.checks[0].nocase);
  EXPECT_EQ(uri.checks[1].pattern, "c");
  EXPECT_EQ(uri.checks[1].within.value, 5);
  EXPECT_EQ(uri.checks[2].kind, CheckKind::Pcre);
  EXPECT_EQ(uri.checks[2].pcre_options, kPcreCaseless);
}

TEST(RuleParser, PriorityComesFromTheClassUnlessGiven) {
  EXPECT_EQ(parsed("alert ip any any -> any any (classtype:trojan-activity; sid:1;)").priority, 1);
  EXPECT_EQ(parsed("alert ip any any -> any any (priority:4; classtype:trojan-activity; sid:1;)")
                .priority,
            4);
  EXPECT_EQ(parsed("alert ip any any -> any any (sid:1;)").priority, 3);
}

struct RangeCase {
  std::string_view behaviour, text;
  std::int64_t inside, outside;
};
constexpr auto kRanges = std::to_array<RangeCase>({
    {"a number alone", "8", 8, 9},
    {"below", "<15", 14, 15},
    {"above", ">7", 8, 7},
    {"at most", "<=8", 8, 9},
    {"at least", ">=8", 8, 7},
    {"between, ends not in it", "7<>20", 8, 7},
    {"from to, ends in it", "7-20", 20, 21},
    {"not", "!0", 1, 0},
    {"not, spelled with an equal sign", "!= 0", 1, 0},
});

TEST(RuleParser, NumbersMayBeRanges) {
  for (const RangeCase& c : kRanges) {
    const ThreatRule r =
        parsed("alert icmp any any -> any any (itype:" + std::string(c.text) + "; sid:1;)");
    ASSERT_EQ(r.conditions.size(), 1U) << c.behaviour;
    EXPECT_TRUE(r.conditions[0].range.contains(c.inside)) << c.behaviour;
    EXPECT_FALSE(r.conditions[0].range.contains(c.outside)) << c.behaviour;
  }
}

struct ProblemCase {
  std::string_view behaviour, text, word, place;
  RuleProblemKind kind;
};
constexpr auto kProblems = std::to_array<ProblemCase>({
    {"an unknown action", "alarm tcp any any -> any any (sid:1;)", "alarm", "1:1",
     RuleProblemKind::UnknownAction},
    {"a protocol that is not read", "alert modbus any any -> any any (sid:1;)", "modbus", "1:7",
     RuleProblemKind::UnknownProtocol},
    {"a variable without a value", "alert tcp $HOME_NT any -> any any (sid:1;)", "$HOME_NT", "1:11",
     RuleProblemKind::UnknownVariable},
    {"a port above 65535", "alert tcp any 70000 -> any any (sid:1;)", "70000", "1:15",
     RuleProblemKind::BadPort},
    {"no arrow", "alert tcp any any any any (sid:1;)", "any", "1:19", RuleProblemKind::Syntax},
    {"a keyword that is not read", "alert tcp any any -> any any (lua:x.lua; sid:1;)", "lua",
     "1:31", RuleProblemKind::UnknownKeyword},
    {"half a hexadecimal byte", "alert tcp any any -> any any (content:\"|0|\"; sid:1;)", "|0|",
     "1:39", RuleProblemKind::BadValue},
    {"a modifier without a content", "alert tcp any any -> any any (nocase; sid:1;)", "nocase",
     "1:31", RuleProblemKind::Conflict},
    {"an option without its end", "alert tcp any any -> any any (msg:\"x\"", "msg:\"x\"", "1:31",
     RuleProblemKind::Syntax},
    {"a rule without a sid", "alert tcp any any -> any any (msg:\"x\";)", "", "1:1",
     RuleProblemKind::Syntax},
    {"a server's buffer in a rule for clients",
     "alert http any any -> any any (flow:to_server; http.stat_code; content:\"200\"; sid:1;)",
     "http.stat_code", "1:1", RuleProblemKind::Conflict},
    {"depth below the content's length",
     "alert tcp any any -> any any (content:\"abcd\"; depth:2; sid:1;)", "2", "1:53",
     RuleProblemKind::BadValue},
});

TEST(RuleParser, WhatCannotBeReadIsNamedWithItsPlace) {
  for (const ProblemCase& c : kProblems) {
    RuleLoad load;
    read_rule_text(c.text, "f", RuleVariables(), load);
    ASSERT_EQ(load.problems.size(), 1U) << c.behaviour;
    EXPECT_EQ(load.problems[0].find("f:" + std::string(c.place) + ": "), 0U)
        << c.behaviour << ": " << load.problems[0];
    EXPECT_NE(load.problems[0].find(c.word), std::string::npos)
        << c.behaviour << ": " << load.problems[0];
    EXPECT_EQ(load.causes.begin()->first.find(log_name(c.kind)), 0U) << c.behaviour;
    EXPECT_EQ(load.read, load.rules.size() + load.skipped) << c.behaviour;
  }
}

TEST(RuleParser, VariablesThatReferToEachOtherEndInAnError) {
  RuleVariables variables;
  variables.set("A", "$B");
  variables.set("B", "[$A]");
  const auto rule = parse_rule("alert tcp $A any -> any any (sid:1;)", variables);
  ASSERT_FALSE(rule.has_value());
  EXPECT_NE(rule.error().what.find("nested"), std::string::npos);
}

TEST(RuleFile, LinesGoOnBehindABackslashAndPlacesStayRight) {
  RuleLoad load;
  read_rule_text(
      "# comment\n\nalert tcp any any -> any any \\\n  (msg:\"m\"; \\\n  nonsense; sid:1;)\n", "f",
      RuleVariables(), load);
  ASSERT_EQ(load.problems.size(), 1U);
  EXPECT_EQ(load.problems[0].find("f:5:3: \"nonsense\""), 0U) << load.problems[0];
}

TEST(RuleFile, ANumberGivenTwiceIsNamedWithBothPlaces) {
  RuleLoad load;
  read_rule_text("alert ip any any -> any any (sid:5;)\nalert ip any any -> any any (sid:5;)\n",
                 "f", RuleVariables(), load);
  EXPECT_EQ(load.rules.size(), 1U);
  ASSERT_EQ(load.problems.size(), 1U);
  EXPECT_NE(load.problems[0].find("f:1"), std::string::npos) << load.problems[0];
}

}  // namespace
}  // namespace endreason::inspect
