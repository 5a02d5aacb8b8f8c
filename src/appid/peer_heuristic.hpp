// SPDX-License-Identifier: Apache-2.0
// What a payload says about talk between peers that the inspection library does not recognize:
// BitTorrent by its own marks, or a message in the manner of some file-sharing network, whichever
// it is. Pure functions.
#pragma once

#include <cstdint>
#include <span>

namespace endreason {

enum class PeerTalk : std::uint8_t {
  No,
  Generic,    // a bencoded dictionary that tells its message type, as clones of the protocol send
  BitTorrent  // the handshake (BEP 3), the node search (BEP 5) or the local search (BEP 14)
};

PeerTalk peer_talk(std::span<const std::uint8_t> payload);

// So many generic messages of a session say unknown-p2p; one may be chance.
inline constexpr unsigned kGenericMessagesNeeded = 2;

}  // namespace endreason
