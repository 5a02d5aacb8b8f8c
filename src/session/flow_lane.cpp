// SPDX-License-Identifier: Apache-2.0
#include "session/flow_lane.hpp"

#include "base/byte_order.hpp"
#include "session/icmp_error.hpp"
#include "session/quoted_flow.hpp"

namespace endreason {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
  const Wide product = static_cast<Wide>(x) * y;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Other constants than FlowHash has: what falls into one lane must not fall into few buckets.
constexpr std::uint64_t kA = 0xa4093822299f31d0, kB = 0x082efa98ec4e6c89;

std::uint64_t mix(const IpAddress& address) {
  return fold(load_ordered(address.bytes.data()) ^ kA, load_ordered(address.bytes.data() + 8) ^ kB);
}

std::uint64_t mix_v4(std::uint32_t address) {
  constexpr std::uint64_t kMapped = 0x0000'ffff'0000'0000;  // as IpAddress has it
  return fold(kA, (kMapped | load_big32(&address)) ^ kB);
}

// Of what mix() makes of both addresses, whichever comes first.
std::uint32_t lane_of_mixed(std::uint64_t one, std::uint64_t other, std::uint32_t lanes) {
  return static_cast<std::uint32_t>((fold(one + other, kA) >> 32) * lanes >> 32);
}

std::uint32_t lane_of(const IpAddress& one, const IpAddress& other, std::uint32_t lanes) {
  return lane_of_mixed(mix(one), mix(other), lanes);
}

}  // namespace

std::uint32_t flow_lane_v4(std::uint32_t src, std::uint32_t dst, std::uint32_t lanes) {
  return lane_of_mixed(mix_v4(src), mix_v4(dst), lanes);
}

std::uint32_t flow_lane(const PacketView& p, std::uint32_t lanes) {
  if (p.status != DecodeStatus::Ok) return 0;
  if (!is_icmp_error(p)) [[likely]]
    return lane_of(p.src, p.dst, lanes);
  FlowKey quoted;
  if (p.quoted == nullptr || !quoted_flow_key({p.quoted, p.quoted_length}, 0, quoted)) return 0;
  return lane_of(quoted.low, quoted.high, lanes);
}

}  // namespace endreason
