// SPDX-License-Identifier: Apache-2.0
#include "appid/session_facts.hpp"

#include <array>
#include <string_view>

#include <gtest/gtest.h>

namespace endreason {
namespace {

struct PlaceholderCase {
  std::string_view behaviour;
  SessionFacts facts;
  PayloadSeen seen;
  bool p2p;
  AppId app;
};
constexpr SessionFacts kOpen{.protocol = kProtoTcp, .handshake_done = true};
constexpr SessionFacts kHalfOpen{.protocol = kProtoTcp};
constexpr SessionFacts kMidstream{.protocol = kProtoTcp, .began_without_syn = true};
constexpr SessionFacts kUdp{.protocol = kProtoUdp};
constexpr auto kPlaceholderCases = std::to_array<PlaceholderCase>({
    {"no handshake is incomplete", kHalfOpen, {}, false, AppId::Incomplete},
    {"no handshake is incomplete even with data", kHalfOpen, {9, 9000}, false, AppId::Incomplete},
    {"a handshake without data is incomplete", kOpen, {}, false, AppId::Incomplete},
    {"one packet after the handshake is too little",
     kOpen,
     {1, 40},
     false,
     AppId::InsufficientData},
    {"three packets are too little", kOpen, {3, 1999}, false, AppId::InsufficientData},
    {"four packets are enough", kOpen, {4, 4}, false, AppId::UnknownTcp},
    {"two thousand bytes are enough", kOpen, {2, 2000}, false, AppId::UnknownTcp},
    {"one datagram is too little", kUdp, {1, 200}, false, AppId::InsufficientData},
    {"many datagrams are unknown-udp", kUdp, {10, 500}, false, AppId::UnknownUdp},
    {"the talk of peers goes before unknown-udp", kUdp, {10, 500}, true, AppId::UnknownP2p},
    {"it needs no more data than that", kUdp, {2, 100}, true, AppId::UnknownP2p},
    {"a session without SYN is non-syn-tcp", kMidstream, {9, 9000}, false, AppId::NonSynTcp},
    {"with or without data", kMidstream, {}, false, AppId::NonSynTcp},
});

TEST(Placeholder, FollowsTheVendorsDefinitions) {
  for (const PlaceholderCase& c : kPlaceholderCases)
    EXPECT_EQ(placeholder(c.facts, c.seen.packets > 0, EnoughData{}(c.seen), c.p2p), c.app)
        << c.behaviour;
}

}  // namespace
}  // namespace endreason
