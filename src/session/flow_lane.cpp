// SPDX-License-Identifier: Apache-2.0
#include "session/flow_lane.hpp"

#include "base/byte_order.hpp"
#include "session/icmp_error.hpp"
#include "session/quoted_flow.hpp"

namespace endreason {
namespace {

using namespace flow_lane_mixing;

std::uint64_t mix(const IpAddress& address) {
  return fold(load_ordered(address.bytes.data()) ^ kA, load_ordered(address.bytes.data() + 8) ^ kB);
}

std::uint32_t lane_of(const IpAddress& one, const IpAddress& other, std::uint32_t lanes) {
  if (one.is_v4() && other.is_v4()) {
    const auto v4 = [](const IpAddress& address) {
      return load_native<std::uint32_t>(address.bytes.data() + 12);
    };
    return flow_lane_v4(v4(one), v4(other), lanes);
  }
  return lane_of_mixed(fold(mix(one) + mix(other), kA), lanes);
}

}  // namespace

std::uint32_t flow_lane(const PacketView& p, std::uint32_t lanes) {
  if (p.status != DecodeStatus::Ok) return 0;
  if (!is_icmp_error(p)) [[likely]]
    return lane_of(p.src, p.dst, lanes);
  FlowKey quoted;
  if (p.quoted == nullptr || !quoted_flow_key({p.quoted, p.quoted_length}, 0, quoted)) return 0;
  return lane_of(quoted.low, quoted.high, lanes);
}

}  // namespace endreason
