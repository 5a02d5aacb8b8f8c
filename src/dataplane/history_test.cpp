// SPDX-License-Identifier: Apache-2.0
#include "dataplane/history.hpp"

#include <gtest/gtest.h>

#include "dataplane/made_conversation.hpp"

namespace endreason {
namespace {

class Histories final : public EngineSink {
 public:
  void on_record(TrafficRecord& record) override {
    all += (all.empty() ? "" : " ") + std::string(record.engine->text(EngineColumn::History));
  }
  std::string all;
};

// Of the sessions that these packets make, in the order of their rows.
std::string histories(const std::vector<TimedFrame>& frames, EngineOptions options = {}) {
  Histories rows;
  options.session.capacity = 1000;
  options.session.tcp.reject_non_syn = false;
  options.identify = false;
  auto engine = std::move(Engine::create(options, rows).value());
  for (const TimedFrame& frame : frames) {
    const RawPacket packet = made::raw(frame.bytes, 1, frame.time_ns);
    engine->process(std::span(&packet, 1));
  }
  engine->finish();
  return rows.all;
}
std::string histories(const Conversation& talk) {
  return histories(talk.frames());
}

constexpr std::uint8_t kFinAck = kTcpFin | kTcpAck, kRstAck = kTcpRst | kTcpAck;

TEST(History, CapitalsAreTheClientsAndSmallLettersTheServers) {
  Conversation whole;
  whole.handshake().tcp(true, kTcpAck, "GET").tcp(false, kTcpAck).tcp(false, kTcpAck, "200");
  whole.tcp(true, kFinAck).tcp(false, kFinAck).tcp(true, kTcpAck);
  EXPECT_EQ(histories(whole), "ShADadFf");
  EXPECT_EQ(histories(Conversation().tcp(true, kTcpSyn)), "S");
  EXPECT_EQ(histories(Conversation().tcp(true, kTcpSyn).tcp(false, kRstAck)), "Sr");
  EXPECT_EQ(histories(Conversation().udp(true, "q").udp(false, "a").udp(true, "q")), "Dd");
  EXPECT_EQ(histories(Conversation().ping()), "");
}

TEST(History, ASessionThatBeganBeforeTheCaptureHasNoS) {
  EXPECT_EQ(histories(Conversation().tcp(true, kTcpAck, "x").tcp(false, kTcpAck)), "Da");
}

TEST(History, RetransmissionsAreSaidTheFirstTheTenthAndTheHundredthTime) {
  const Conversation talk = Conversation().handshake().tcp(true, kTcpAck, "data");
  for (const auto& [times, expected] :
       {std::pair{1, "ShADT"}, {9, "ShADT"}, {10, "ShADTT"}, {99, "ShADTT"}, {100, "ShADTTT"}}) {
    std::vector<TimedFrame> frames = talk.frames();
    const TimedFrame last = frames.back();
    for (int i = 0; i < times; ++i) frames.push_back(last);
    EXPECT_EQ(histories(frames), expected) << times;
  }
}

TEST(History, WhatIsAcknowledgedAndWasNeverSeenIsAGap) {
  Conversation talk;
  talk.handshake().tcp(false, kTcpAck, "seen").tcp(false, kTcpAck, "lost").tcp(true, kTcpAck);
  std::vector<TimedFrame> frames = talk.frames();
  frames.erase(frames.end() - 2);
  EXPECT_EQ(histories(frames), "ShAdg");
}

TEST(History, ThePlaceOfASessionIsUsedAgainWithoutItsLetters) {
  Conversation talk;
  talk.tcp(true, kTcpSyn).tcp(false, kRstAck).wait(60).tcp(true, kTcpSyn);
  EXPECT_EQ(histories(talk), "Sr S");
}

TEST(History, IsNotKeptWhereNobodyAsksForIt) {
  EngineOptions options;
  options.engine_columns.reset(static_cast<std::size_t>(EngineColumn::History));
  EXPECT_EQ(histories(Conversation().tcp(true, kTcpSyn).frames(), options), "");
}

TEST(History, HoldsSoManyLettersAndLeavesOutTheRest) {
  History history;
  for (std::size_t i = 0; i < History::kMostLetters + 9; ++i)
    history.add(i % 2 == 0 ? HistoryEvent::S : HistoryEvent::G, i % 2 == 0 ? Flow::C2s : Flow::S2c);
  std::string text;
  history.append_to(text);
  EXPECT_EQ(text, "SgSgSgSgSgSgSgSgSgSgSgSg");
  EXPECT_EQ(text.size(), History::kMostLetters);
}

}  // namespace
}  // namespace endreason
