// SPDX-License-Identifier: Apache-2.0
// Which of several session tables a packet goes to. By the two addresses alone: both directions of
// a session, the ICMP errors that quote it, and further connections between the same two hosts that
// a protocol announces (FTP's data) meet in one table. Pure; thread-safe.
#pragma once

#include <cstdint>

#include "model/packet_view.hpp"

namespace endreason {

// 0 to lanes - 1. Packets that belong to no session go to lane 0.
std::uint32_t flow_lane(const PacketView& packet, std::uint32_t lanes);

// The same of a packet of IPv4 that is no ICMP error, from its addresses as they lie in the header.
std::uint32_t flow_lane_v4(std::uint32_t src, std::uint32_t dst, std::uint32_t lanes);

}  // namespace endreason
