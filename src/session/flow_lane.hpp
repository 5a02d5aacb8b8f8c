// SPDX-License-Identifier: Apache-2.0
// Which of several session tables a packet goes to. By the two addresses alone: both directions of
// a session, the ICMP errors that quote it, and further connections between the same two hosts that
// a protocol announces (FTP's data) meet in one table. Pure; thread-safe.
#pragma once

#include <cstdint>

#include "base/byte_order.hpp"
#include "model/packet_view.hpp"

namespace endreason {

namespace flow_lane_mixing {

__extension__ using Wide = unsigned __int128;

inline std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
  const Wide product = static_cast<Wide>(x) * y;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Other constants than FlowHash has: what falls into one lane must not fall into few buckets.
inline constexpr std::uint64_t kA = 0xa4093822299f31d0, kB = 0x082efa98ec4e6c89;

inline std::uint32_t lane_of_mixed(std::uint64_t mixed, std::uint32_t lanes) {
  return static_cast<std::uint32_t>((mixed >> 32) * lanes >> 32);
}

}  // namespace flow_lane_mixing

// 0 to lanes - 1. Packets that belong to no session go to lane 0.
std::uint32_t flow_lane(const PacketView& packet, std::uint32_t lanes);

// The same of a packet of IPv4 that is no ICMP error, from its addresses as they lie in the header.
inline std::uint32_t flow_lane_v4(std::uint32_t src, std::uint32_t dst, std::uint32_t lanes) {
  using namespace flow_lane_mixing;
  // What is the same whichever comes first, and together tells what the two are.
  const std::uint64_t both = std::uint64_t{src ^ dst} << 32 | std::uint32_t{src + dst};
  return lane_of_mixed(fold(both ^ kB, kA), lanes);
}

}  // namespace endreason
