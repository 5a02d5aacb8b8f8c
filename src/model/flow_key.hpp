// SPDX-License-Identifier: Apache-2.0
// FlowKey: what tells one session from another, the six-tuple with the zone, in one form for both
// directions. Free of padding, so it is compared and hashed as bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "model/ip_address.hpp"

namespace endreason {

// Which way a packet went, seen from the key: the key does not know who is the client.
enum class KeyDirection : std::uint8_t { LowToHigh, HighToLow };

struct FlowKey {
  IpAddress low, high;        // the lower (address, port) pair comes first
  std::uint16_t low_port{}, high_port{};
  std::uint16_t zone{};       // of the interface that the session came in by
  std::uint8_t protocol{};    // IP protocol number
  std::uint8_t reserved{};    // always 0
  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    return std::memcmp(&a, &b, sizeof(FlowKey)) == 0;
  }
};
static_assert(sizeof(FlowKey) == 40);
static_assert(std::has_unique_object_representations_v<FlowKey>);

// The key of a packet and the way it went. For ICMP echo both ports are the identifier's port pair
// as the firewall logs it: sport = identifier, dport = sequence is NOT part of the key.
inline KeyDirection make_flow_key(const IpAddress& src, const IpAddress& dst, std::uint16_t sport,
                                  std::uint16_t dport, std::uint8_t protocol, std::uint16_t zone,
                                  FlowKey& key) {
  const int order = std::memcmp(src.bytes.data(), dst.bytes.data(), src.bytes.size());
  const bool forward = order < 0 || (order == 0 && sport <= dport);
  key.low = forward ? src : dst;
  key.high = forward ? dst : src;
  key.low_port = forward ? sport : dport;
  key.high_port = forward ? dport : sport;
  key.zone = zone;
  key.protocol = protocol;
  key.reserved = 0;
  return forward ? KeyDirection::LowToHigh : KeyDirection::HighToLow;
}

}  // namespace endreason
