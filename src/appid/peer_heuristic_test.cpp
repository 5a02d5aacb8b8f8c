// SPDX-License-Identifier: Apache-2.0
#include "appid/peer_heuristic.hpp"

#include <array>
#include <string_view>

#include <gtest/gtest.h>

namespace endreason {
namespace {

using namespace std::string_view_literals;

struct PeerCase {
  std::string_view behaviour, payload;
  PeerTalk talk;
};
constexpr auto kPeerCases = std::to_array<PeerCase>({
    {"nothing says nothing", "", PeerTalk::No},
    {"text says nothing", "GET / HTTP/1.1\r\n\r\n", PeerTalk::No},
    {"a node's question is BitTorrent", "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe",
     PeerTalk::BitTorrent},
    {"so is the answer", "d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re", PeerTalk::BitTorrent},
    {"the handshake", "\023BitTorrent protocol\0\0\0\0\0\0\0\0"sv, PeerTalk::BitTorrent},
    {"the handshake behind the header of uTP", "....................\023BitTorrent protocol\0\0"sv,
     PeerTalk::BitTorrent},
    {"another length before the words is not it", "\024BitTorrent protocol", PeerTalk::No},
    {"the search in the local network", "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143\r\n",
     PeerTalk::BitTorrent},
    {"a dictionary with a message type is generic", "d1:x3:abc1:y1:qe", PeerTalk::Generic},
    {"a dictionary without one is not", "d1:x3:abce", PeerTalk::No},
    {"a dictionary that is cut is not", "d1:x3:abc1:y1:q", PeerTalk::No},
    {"a first key of no length is not", "d0:1:y1:qe", PeerTalk::No},
});

TEST(PeerTalk, IsToldByWhatStandsInThePayload) {
  for (const PeerCase& c : kPeerCases) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(c.payload.data());
    EXPECT_EQ(peer_talk({bytes, c.payload.size()}), c.talk) << c.behaviour;
  }
}

}  // namespace
}  // namespace endreason
