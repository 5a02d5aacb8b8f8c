// SPDX-License-Identifier: Apache-2.0
// Words of a handshake as a line: "c:SYN s:ACK c:RST", a number behind a colon repeats the word.
#include "verdict/seen_handshake.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "verdict/catalogue.hpp"
#include "verdict/judge.hpp"
#include "verdict/record_for_test.hpp"

namespace endreason {
namespace {

Handshake handshake_of(std::string_view line) {
  Handshake handshake;
  std::istringstream words{std::string(line)};
  std::string word;
  while (words >> word) {
    const Flow flow = word[0] == 'c' ? Flow::C2s : Flow::S2c;
    for (const auto& row : kHandshakeWords)
      if (row.log_name == word.substr(2)) handshake.add(row.value, flow);
  }
  return handshake;
}

struct Case {
  std::string_view behaviour;
  std::string_view words;
  std::string_view end_reason;
  std::string_view remark;  // challenge, wrong-ack, established, icmp, or nothing
  ReasonCode code;
  Outcome outcome;
  EndedBy ended_by;
  Confidence confidence;
};

EngineFacts facts_of(const Case& c) {
  EngineFacts facts;
  facts.ended = true;
  facts.handshake = handshake_of(c.words);
  facts.challenge_ack = c.remark == "challenge";
  facts.wrong_ack = c.remark == "wrong-ack";
  facts.established = c.remark == "established";
  facts.icmp_error = c.remark.starts_with("icmp");
  facts.icmp_type = 3;
  facts.icmp_code = c.remark == "icmp-too-large" ? 4 : 3;
  return facts;
}

// Counters that say nothing, so that the words alone decide.
TrafficRecord row_of(std::string_view end_reason) {
  return record_for_test("end tcp allow incomplete " + std::string(end_reason) +
                         " sport=50000 dport=80");
}

TEST(SeenHandshake, IsJudgedByItsWords) {
  using enum ReasonCode;
  const Case cases[] = {
      {"one SYN", "c:SYN", "aged-out", "", SynNoAnswer, Outcome::Failed, EndedBy::Timer,
       Confidence::High},
      {"SYNs until the client gives up", "c:SYN c:RST", "tcp-rst-from-client", "", SynNoAnswer,
       Outcome::Failed, EndedBy::Client, Confidence::Medium},
      {"refused", "c:SYN s:RST-ACK", "tcp-rst-from-server", "", RefusedByServer, Outcome::Failed,
       EndedBy::Server, Confidence::High},
      {"refused, and tried again", "c:SYN s:RST-ACK c:SYN s:RST-ACK", "tcp-rst-from-server", "",
       RefusedByServer, Outcome::Failed, EndedBy::Server, Confidence::High},
      {"a reset that answers another SYN, which the client does not believe", "c:SYN s:RST-ACK",
       "aged-out", "wrong-ack", WrongAck, Outcome::Failed, EndedBy::Timer, Confidence::High},
      {"a challenge ACK whose reset was dropped", "c:SYN s:ACK c:RST c:SYN s:ACK c:RST", "aged-out",
       "challenge", ChallengeAck, Outcome::Failed, EndedBy::Timer, Confidence::High},
      {"a challenge ACK whose reset passed", "c:SYN s:ACK c:RST", "tcp-rst-from-client",
       "challenge", ChallengeAck, Outcome::Failed, EndedBy::Client, Confidence::High},
      {"a challenge ACK, then opened and closed", "c:SYN s:ACK c:RST c:SYN s:SYN-ACK c:ACK c:FIN",
       "tcp-fin", "challenge", ClosedWithoutData, Outcome::Failed, EndedBy::Unknown,
       Confidence::High},
      {"a split handshake that went no further", "c:SYN s:ACK s:SYN c:SYN-ACK s:ACK", "aged-out",
       "", HandshakeNotCompleted, Outcome::Failed, EndedBy::Timer, Confidence::High},
      {"a split handshake that was reset", "c:SYN s:SYN c:RST", "tcp-rst-from-client", "",
       ResetBeforeData, Outcome::Failed, EndedBy::Client, Confidence::High},
      {"a simultaneous open that was closed", "c:SYN s:SYN c:SYN-ACK s:SYN-ACK", "tcp-fin", "",
       ClosedWithoutData, Outcome::Failed, EndedBy::Unknown, Confidence::High},
      {"a simultaneous open that stayed idle", "c:SYN s:SYN c:SYN-ACK s:SYN-ACK", "aged-out",
       "established", IdleWithoutData, Outcome::Failed, EndedBy::Timer, Confidence::High},
      {"a SYN-ACK without ACK", "c:SYN s:SYN-ACK", "aged-out", "", HandshakeNotCompleted,
       Outcome::Failed, EndedBy::Timer, Confidence::High},
      {"a SYN-ACK of another number", "c:SYN s:SYN-ACK c:RST", "tcp-rst-from-client", "wrong-ack",
       WrongAck, Outcome::Failed, EndedBy::Client, Confidence::High},
      {"an ACK of another number", "c:SYN s:SYN-ACK c:ACK", "aged-out", "wrong-ack", WrongAck,
       Outcome::Failed, EndedBy::Timer, Confidence::High},
      {"numbers that were not captured, and a close", "c:SYN s:SYN-ACK c:FIN", "tcp-fin",
       "wrong-ack", ClosedWithoutData, Outcome::Failed, EndedBy::Unknown, Confidence::High},
      {"a half-open probe", "c:SYN s:SYN-ACK c:RST", "tcp-rst-from-client", "", ResetBeforeData,
       Outcome::Failed, EndedBy::Client, Confidence::High},
      {"opened, and reset by the server", "c:SYN s:SYN-ACK c:ACK s:RST", "tcp-rst-from-server", "",
       ResetBeforeDataByServer, Outcome::Failed, EndedBy::Server, Confidence::High},
      {"opened and closed", "c:SYN s:SYN-ACK c:ACK", "tcp-fin", "", ClosedWithoutData,
       Outcome::Failed, EndedBy::Unknown, Confidence::High},
      {"opened, and then silence", "c:SYN s:SYN-ACK c:ACK", "aged-out", "", IdleWithoutData,
       Outcome::Failed, EndedBy::Timer, Confidence::High},
      {"the client's side alone", "c:SYN c:ACK", "aged-out", "", OneWayTraffic, Outcome::Unknown,
       EndedBy::Timer, Confidence::High},
      {"port unreachable", "c:SYN", "aged-out", "icmp", IcmpError, Outcome::Failed, EndedBy::Timer,
       Confidence::High},
      {"advice to send smaller packets refuses nothing", "c:SYN", "aged-out", "icmp-too-large",
       SynNoAnswer, Outcome::Failed, EndedBy::Timer, Confidence::Medium},
  };
  for (const Case& c : cases) {
    TrafficRecord row = row_of(c.end_reason);
    const EngineFacts facts = facts_of(c);
    row.engine = &facts;
    const Verdict verdict = judge(row, Ruleset::Standard, Timers{});
    EXPECT_EQ(log_name(verdict.reason_code), log_name(c.code)) << c.behaviour;
    EXPECT_EQ(log_name(verdict.outcome), log_name(c.outcome)) << c.behaviour;
    EXPECT_EQ(log_name(verdict.ended_by), log_name(c.ended_by)) << c.behaviour;
    EXPECT_EQ(log_name(verdict.confidence), log_name(c.confidence)) << c.behaviour;
    EXPECT_EQ(verdict.final_action, FinalAction::Allowed) << c.behaviour;
  }
}

TEST(SeenHandshake, NothingIsSaidOfALogOrABeginningThatWasNotSeen) {
  TrafficRecord row = row_of("aged-out");
  EXPECT_FALSE(seen_ending(row));
  EXPECT_EQ(handshake_sentence(row), "");
  EngineFacts facts;
  facts.handshake = handshake_of("s:SYN-ACK c:ACK");
  row.engine = &facts;
  EXPECT_FALSE(seen_ending(row)) << "no SYN";
  facts.challenge_ack = true;
  facts.handshake = handshake_of("c:SYN s:ACK c:ACK s:ACK");
  EXPECT_FALSE(seen_ending(row)) << "the client went on: its SYN-ACK was not captured";
  facts.handshake = handshake_of("c:SYN");
  TrafficRecord reused = row_of("tcp-reuse");
  reused.engine = &facts;
  EXPECT_FALSE(seen_ending(reused)) << "another reason than the hosts and the timer";
}

TEST(SeenHandshake, TheExplanationSaysWhatWasExpectedAndWhatWasSeen) {
  TrafficRecord row = row_of("aged-out");
  EngineFacts facts;
  facts.challenge_ack = true;
  facts.handshake = handshake_of("c:SYN s:ACK c:RST");
  row.engine = &facts;
  const Verdict verdict = judge(row, Ruleset::Standard, Timers{});
  const Explanation told = explain(row, verdict);
  EXPECT_NE(told.sentence.find("Expected SYN, SYN-ACK, ACK; saw SYN, ACK, RST."), std::string::npos)
      << told.sentence;
  bool remedy = false;
  for (const NextCheck& check : told.checks)
    remedy |= check.text.find("clear the old connection") != std::string::npos;
  EXPECT_TRUE(remedy);
  facts.handshake = handshake_of("c:SYN s:SYN-ACK c:ACK");
  EXPECT_EQ(handshake_sentence(row), "") << "as expected";
}

TEST(SeenHandshake, ADatagramAnsweredByAnIcmpErrorFailed) {
  TrafficRecord row = record_for_test(
      "end udp allow unknown-udp aged-out pkts_sent=1 pkts_received=0 bytes_received=0");
  EngineFacts facts;
  facts.icmp_error = true;
  facts.icmp_type = 3;
  facts.icmp_code = 3;
  row.engine = &facts;
  const Verdict verdict = judge(row, Ruleset::Standard, Timers{});
  EXPECT_EQ(log_name(verdict.reason_code), "icmp-error");
  EXPECT_NE(explain(row, verdict).sentence.find("port unreachable (type 3, code 3)"),
            std::string::npos);
}

}  // namespace
}  // namespace endreason
