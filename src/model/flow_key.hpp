// SPDX-License-Identifier: Apache-2.0
// FlowKey: what tells one session from another, the six-tuple with the zone, in one form for both
// directions. Free of padding, so it is compared and hashed as bytes.
#pragma once

#include <bit>
#include <cstddef>
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
static_assert(offsetof(FlowKey, low_port) == 32 && offsetof(FlowKey, protocol) == 38);
static_assert(std::has_unique_object_representations_v<FlowKey>);

// Eight bytes as a number that sorts as they do.
constexpr std::uint64_t in_byte_order(std::uint64_t word) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}
inline std::uint64_t load_ordered(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  return in_byte_order(word);
}

// The key of a packet and the way it went. For ICMP echo both ports are the identifier's port pair
// as the firewall logs it: sport = identifier, dport = sequence is NOT part of the key.
//
// Which of two addresses is the lower one is as good as random, so it is no branch.
inline KeyDirection make_flow_key(const IpAddress& src, const IpAddress& dst, std::uint16_t sport,
                                  std::uint16_t dport, std::uint8_t protocol, std::uint16_t zone,
                                  FlowKey& key) {
  std::uint64_t from[2], to[2];
  std::memcpy(from, &src, sizeof from);
  std::memcpy(to, &dst, sizeof to);
  const std::uint64_t src_high = in_byte_order(from[0]), src_low = in_byte_order(from[1]);
  const std::uint64_t dst_high = in_byte_order(to[0]), dst_low = in_byte_order(to[1]);
  bool forward = (src_high < dst_high) | ((src_high == dst_high) & (src_low < dst_low));
  if (src_low == dst_low && src_high == dst_high) [[unlikely]]
    forward = sport <= dport;
  const std::uint64_t turn = forward ? 0 : ~std::uint64_t{0};
  const std::uint64_t turned[2] = {(from[0] ^ to[0]) & turn, (from[1] ^ to[1]) & turn};
  const std::uint64_t low[2] = {from[0] ^ turned[0], from[1] ^ turned[1]};
  const std::uint64_t high[2] = {to[0] ^ turned[0], to[1] ^ turned[1]};
  std::memcpy(&key.low, low, sizeof low);
  std::memcpy(&key.high, high, sizeof high);
  const std::uint16_t low_port = forward ? sport : dport, high_port = forward ? dport : sport;
  // In one piece where that is how they stand in memory: it is read again in one piece.
  if constexpr (std::endian::native == std::endian::little) {
    const std::uint64_t rest = low_port | std::uint64_t{high_port} << 16 |
                               std::uint64_t{zone} << 32 | std::uint64_t{protocol} << 48;
    std::memcpy(&key.low_port, &rest, sizeof rest);
  } else {
    key.low_port = low_port;
    key.high_port = high_port;
    key.zone = zone;
    key.protocol = protocol;
    key.reserved = 0;
  }
  return forward ? KeyDirection::LowToHigh : KeyDirection::HighToLow;
}

}  // namespace endreason
