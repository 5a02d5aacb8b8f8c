// SPDX-License-Identifier: Apache-2.0
#include "model/handshake.hpp"

#include <gtest/gtest.h>

#include "model/packet_view.hpp"

namespace endreason {
namespace {

TEST(Handshake, WordsOfTheSameSideInARowAreCounted) {
  Handshake h;
  EXPECT_EQ(to_string(h), "");
  for (int i = 0; i < 3; ++i) h.add(HandshakeWord::Syn, Flow::C2s);
  EXPECT_EQ(to_string(h), "SYN x3");
  h.add(HandshakeWord::Syn, Flow::S2c);
  EXPECT_EQ(to_string(h), "SYN x3, SYN") << "the other side's SYN is another word";
  EXPECT_EQ(h[1].flow, Flow::S2c);
  EXPECT_EQ(h[0].repeats, 3u);
}

TEST(Handshake, KeepsTheFirstEightWordsAndCountsToFifteen) {
  Handshake h;
  for (int i = 0; i < 100; ++i) h.add(HandshakeWord::Syn, Flow::C2s);
  EXPECT_EQ(to_string(h), "SYN x15");
  for (int i = 0; i < 20; ++i) h.add(i % 2 ? HandshakeWord::Syn : HandshakeWord::Rst, Flow::C2s);
  EXPECT_EQ(h.size(), Handshake::kMostWords);
}

TEST(Handshake, FlagsHaveOneWordEach) {
  struct Case {
    unsigned flags;
    HandshakeWord word;
  };
  for (const Case& c : {Case{kTcpSyn, HandshakeWord::Syn},
                        {kTcpSyn | kTcpAck, HandshakeWord::SynAck},
                        {kTcpAck | kTcpPsh, HandshakeWord::Ack},
                        {kTcpRst, HandshakeWord::Rst},
                        {kTcpRst | kTcpAck, HandshakeWord::RstAck},
                        {kTcpFin | kTcpAck, HandshakeWord::Fin},
                        {0, HandshakeWord::Other}})
    EXPECT_EQ(handshake_word(static_cast<std::uint8_t>(c.flags)), c.word) << c.flags;
}

}  // namespace
}  // namespace endreason
