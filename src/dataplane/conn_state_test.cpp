// SPDX-License-Identifier: Apache-2.0
#include "dataplane/conn_state.hpp"

#include <gtest/gtest.h>

#include "model/protocol.hpp"

namespace endreason {
namespace {

struct Word {
  HandshakeWord word;
  Flow flow;
};
constexpr Word kSyn{HandshakeWord::Syn, Flow::C2s}, kSynAck{HandshakeWord::SynAck, Flow::S2c},
    kAck{HandshakeWord::Ack, Flow::C2s}, kServerAck{HandshakeWord::Ack, Flow::S2c};

struct Case {
  std::string_view behaviour;
  std::vector<Word> words;
  std::uint16_t flags;
  std::uint16_t remarks;
  std::uint16_t reasons;
  std::uint64_t received;
  ConnState state;
};

TEST(ConnState, OfTcpIsWhatZeekCallsIt) {
  constexpr auto kRstC = end_reason_bit(EndReason::TcpRstFromClient);
  constexpr auto kRstS = end_reason_bit(EndReason::TcpRstFromServer);
  const std::vector<Word> open{kSyn, kSynAck, kAck};
  const Case cases[] = {
      {"a SYN without answer", {kSyn}, 0, 0, 0, 0, ConnState::S0},
      {"a SYN and a reset of the server", {kSyn}, 0, 0, kRstS, 1, ConnState::Rej},
      {"reset by the server before the client's ACK",
       {kSyn, kSynAck},
       0,
       0,
       kRstS,
       2,
       ConnState::Rej},
      {"a SYN and the client's reset", {kSyn}, 0, 0, kRstC, 0, ConnState::Rstos0},
      {"a challenge ACK and the client's reset",
       {kSyn, kServerAck},
       0,
       0,
       kRstC,
       1,
       ConnState::Rstos0},
      {"SYN, SYN-ACK and silence", {kSyn, kSynAck}, 0, 0, 0, 1, ConnState::S1},
      {"open and silent", open, kDataC2s, 0, 0, 3, ConnState::S1},
      {"closed by both", open, 0, kFinC2s | kFinS2c, 0, 3, ConnState::SF},
      {"closed by the client alone", open, 0, kFinC2s, 0, 3, ConnState::S2},
      {"closed by the server alone", open, 0, kFinS2c, 0, 3, ConnState::S3},
      {"reset by the client", open, kDataC2s, 0, kRstC, 3, ConnState::Rsto},
      {"reset by the server", open, kDataC2s, 0, kRstS, 3, ConnState::Rstr},
      {"closed by both, reset behind it", open, 0, kFinC2s | kFinS2c, kRstS, 3, ConnState::SF},
      {"a FIN that was dropped, as the server was not seen",
       {kSyn, kAck, {HandshakeWord::Fin, Flow::C2s}},
       0,
       0,
       0,
       0,
       ConnState::Sh},
      {"the client's FIN and then its reset", open, kDataC2s, kFinC2s, kRstC, 3, ConnState::Rsto},
      {"the client's SYN and FIN alone", {kSyn}, 0, kFinC2s, 0, 0, ConnState::Sh},
      {"in mid-stream, and silent", {}, kDataC2s, 0, 0, 3, ConnState::Oth},
      {"in mid-stream, closed by both", {}, 0, kFinC2s | kFinS2c, 0, 3, ConnState::SF},
      {"in mid-stream, reset by the server", {}, kDataC2s, 0, kRstS, 3, ConnState::Rstrh},
  };
  for (const Case& c : cases) {
    Session session;
    session.key.protocol = kProtoTcp;
    for (const Word& word : c.words) session.handshake.add(word.word, word.flow);
    session.flags = c.flags;
    session.remarks = c.remarks;
    session.end_reasons = c.reasons;
    session.flow(Flow::C2s).packets = 3;
    session.flow(Flow::S2c).packets = c.received & 0xff;
    EXPECT_EQ(info(conn_state_of(session)).log_name, info(c.state).log_name) << c.behaviour;
  }
}

TEST(ConnState, OfDatagramsIsWhetherAnAnswerCame) {
  Session session;
  session.key.protocol = kProtoUdp;
  session.flow(Flow::C2s).packets = 1;
  EXPECT_EQ(conn_state_of(session), ConnState::S0);
  session.flow(Flow::S2c).packets = 1;
  EXPECT_EQ(conn_state_of(session), ConnState::SF);
  session.key.protocol = kProtoIcmp;
  EXPECT_EQ(conn_state_of(session), ConnState::Oth);
}

}  // namespace
}  // namespace endreason
