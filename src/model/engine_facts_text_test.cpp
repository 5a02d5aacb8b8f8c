// SPDX-License-Identifier: Apache-2.0
#include "model/engine_facts_text.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

EngineFacts some_facts() {
  EngineFacts facts;
  facts.ended = facts.staged = facts.established = facts.icmp_error = true;
  facts.stage = TrackerStage::TcpRstServer;
  facts.state = SessionState::Closed;
  facts.conn_state = ConnState::Rej;
  facts.flow_end_reason = FlowEndReason::EndDetected;
  facts.icmp_type = 3;
  facts.icmp_code = 13;
  for (int i = 0; i < 3; ++i) facts.handshake.add(HandshakeWord::Syn, Flow::C2s);
  facts.handshake.add(HandshakeWord::RstAck, Flow::S2c);
  facts.texts[static_cast<std::size_t>(EngineColumn::CommunityId)] =
      "1:PyftEAEYhA2MCx/qEAyws440xws=";
  facts.texts[static_cast<std::size_t>(EngineColumn::FirstPacket)] = "2026-03-10T10:00:00.000000Z";
  facts.texts[static_cast<std::size_t>(EngineColumn::History)] = "Sr";
  return facts;
}

TEST(EngineFactsText, GivesTheFactsBackWithTheirTexts) {
  const EngineFacts facts = some_facts();
  std::string word;
  append_engine_facts(word, facts);
  EXPECT_EQ(word.find_first_of(" ,"), std::string::npos) << word;
  ReadEngineFacts back;
  ASSERT_TRUE(back.read(word)) << word;
  const EngineFacts& b = back.facts();
  EXPECT_TRUE(b.ended && b.staged && b.established && b.icmp_error);
  EXPECT_FALSE(b.challenge_ack || b.wrong_ack || b.one_way || b.rst_dropped);
  EXPECT_EQ(b.handshake, facts.handshake);
  EXPECT_EQ(b.icmp_code, 13);
  EXPECT_EQ(b.text(EngineColumn::Handshake), "SYN x3, RST-ACK");
  EXPECT_EQ(b.text(EngineColumn::TrackerStage), "TCP RST - server");
  EXPECT_EQ(b.text(EngineColumn::ConnState), "REJ");
  EXPECT_EQ(b.text(EngineColumn::FlowEndReason), "3");
  EXPECT_EQ(b.text(EngineColumn::CommunityId), facts.text(EngineColumn::CommunityId));
  EXPECT_EQ(b.text(EngineColumn::FirstPacket), facts.text(EngineColumn::FirstPacket));
  EXPECT_EQ(b.text(EngineColumn::LastPacket), "");
  EXPECT_EQ(b.text(EngineColumn::History), "Sr");
  std::string again;
  append_engine_facts(again, b);
  EXPECT_EQ(again, word);
}

TEST(EngineFactsText, WhatIsCutOrNoWordOfOursIsRefused) {
  std::string word;
  append_engine_facts(word, some_facts());
  ReadEngineFacts facts;
  for (std::size_t n = 0; n < 7 + 32; ++n) EXPECT_FALSE(facts.read(word.substr(0, n))) << n;
  EXPECT_FALSE(facts.read("<14>Mar 10 10:00:05 fw"));
  word[11] = 'f';  // a stage that there is not
  EXPECT_FALSE(facts.read(word));
}

}  // namespace
}  // namespace endreason
