// SPDX-License-Identifier: Apache-2.0
// The placeholders of the app column for sessions whose content names no application: incomplete,
// insufficient-data, unknown-tcp, unknown-udp, unknown-p2p, non-syn-tcp. Pure functions.
// Source: KB "Not-applicable, Incomplete, Insufficient data" and "Manage custom or unknown
// applications" of the administrator's guide.
#pragma once

#include <cstdint>

#include "model/app_id.hpp"
#include "model/protocol.hpp"

namespace endreason {

// What the session engine knows of a session at its end.
struct SessionFacts {
  std::uint8_t protocol{};   // IP protocol number
  bool handshake_done{};     // TCP: SYN, SYN-ACK and ACK were seen
  bool began_without_syn{};  // TCP: let in without a SYN
};

// Payload that was looked at, both ways together.
struct PayloadSeen {
  std::uint32_t packets{};
  std::uint32_t bytes{};
};

// When there was enough data to say unknown rather than insufficient. The vendor gives no number:
// its example of insufficient data is one packet after the handshake that matched no signature.
struct EnoughData {
  std::uint32_t packets{4};
  std::uint32_t bytes{2000};
  constexpr bool operator()(const PayloadSeen& seen) const {
    return seen.packets >= packets || seen.bytes >= bytes;
  }
};

// The placeholder of a session without an identified application. `p2p`: the heuristic of generic
// peer-to-peer traffic matched.
constexpr AppId placeholder(const SessionFacts& facts, bool has_payload, bool enough, bool p2p) {
  const bool tcp = facts.protocol == kProtoTcp;
  if (tcp && facts.began_without_syn) return AppId::NonSynTcp;
  if (tcp && (!facts.handshake_done || !has_payload)) return AppId::Incomplete;
  if (p2p) return AppId::UnknownP2p;
  if (!enough) return AppId::InsufficientData;
  return tcp ? AppId::UnknownTcp : AppId::UnknownUdp;
}

}  // namespace endreason
