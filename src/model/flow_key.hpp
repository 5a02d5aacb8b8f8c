// SPDX-License-Identifier: Apache-2.0
// FlowKey: what tells one session from another, the six-tuple with the zone, in one form for both
// directions. Free of padding, so it is compared and hashed as bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "model/ip_address.hpp"

namespace endreason {

// Which way a packet went, seen from the key: the key does not know who is the client.
enum class KeyDirection : std::uint8_t { LowToHigh, HighToLow };

struct FlowKey {
  IpAddress low, high;  // the lower (address, port) pair comes first
  std::uint16_t low_port{}, high_port{};
  std::uint16_t zone{};     // of the interface that the session came in by
  std::uint8_t protocol{};  // IP protocol number
  std::uint8_t reserved{};  // always 0
  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    return std::memcmp(&a, &b, sizeof(FlowKey)) == 0;
  }
};
static_assert(sizeof(FlowKey) == 40);
static_assert(std::has_unique_object_representations_v<FlowKey>);

// Eight bytes of an address as a number that sorts as the bytes do.
inline std::uint64_t load_ordered(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

// The key of a packet and the way it went. For ICMP echo both ports are the identifier's port pair
// as the firewall logs it: sport = identifier, dport = sequence is NOT part of the key.
inline KeyDirection make_flow_key(const IpAddress& src, const IpAddress& dst, std::uint16_t sport,
                                  std::uint16_t dport, std::uint8_t protocol, std::uint16_t zone,
                                  FlowKey& key) {
  const std::uint64_t src_high = load_ordered(src.bytes.data());
  const std::uint64_t dst_high = load_ordered(dst.bytes.data());
  const std::uint64_t src_low = load_ordered(src.bytes.data() + 8);
  const std::uint64_t dst_low = load_ordered(dst.bytes.data() + 8);
  const bool same = src_high == dst_high && src_low == dst_low;
  const bool forward = same                   ? sport <= dport
                       : src_high != dst_high ? src_high < dst_high
                                              : src_low < dst_low;
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
