// SPDX-License-Identifier: Apache-2.0
// From the link layer to the IP packet: Ethernet with VLAN tags, MPLS, PPPoE and what else stands
// between, PPP, cooked captures, 802.11. Pure functions; no state.
#pragma once

#include <cstdint>

#include "decode/layer.hpp"
#include "model/packet_view.hpp"

namespace endreason {

// Moves `bytes` from the beginning of a captured packet to its IP header.
// Ok: there it is. Otherwise what became of it: NotIp, FrameInFrame (unless walk.decap), Truncated,
// Malformed, TooDeep, UnknownLinkType.
DecodeStatus find_ip(std::uint16_t link_type, Slice& bytes, Walk& walk);

// The same from the middle of a packet: what a tunnel carries.
DecodeStatus find_ip(NextHeader first, Slice& bytes, Walk& walk);

}  // namespace endreason
