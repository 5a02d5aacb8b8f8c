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
inline std::uint64_t load_native_word(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  return word;
}
inline void store_native_word(void* to, std::uint64_t word) {
  std::memcpy(to, &word, 8);
}
inline std::uint64_t load_ordered(const std::uint8_t* bytes) {
  return in_byte_order(load_native_word(bytes));
}

// The key of a packet and the way it went. For ICMP echo both ports are the identifier's port pair
// as the firewall logs it: sport = identifier, dport = sequence is NOT part of the key.
//
// Which of two addresses is the lower one is as good as random, so it is no branch.
inline KeyDirection make_flow_key(const IpAddress& src, const IpAddress& dst, std::uint16_t sport,
                                  std::uint16_t dport, std::uint8_t protocol, std::uint16_t zone,
                                  FlowKey& key) {
  const std::uint64_t src_front = load_native_word(src.bytes.data());
  const std::uint64_t src_back = load_native_word(src.bytes.data() + 8);
  const std::uint64_t dst_front = load_native_word(dst.bytes.data());
  const std::uint64_t dst_back = load_native_word(dst.bytes.data() + 8);
  const std::uint64_t src_high = in_byte_order(src_front), src_low = in_byte_order(src_back);
  const std::uint64_t dst_high = in_byte_order(dst_front), dst_low = in_byte_order(dst_back);
  bool forward = (src_high < dst_high) | ((src_high == dst_high) & (src_low < dst_low));
  if (src_low == dst_low && src_high == dst_high) [[unlikely]]
    forward = sport <= dport;
  const std::uint64_t turn = std::uint64_t{forward} - 1;  // all ones when they change places
  const std::uint64_t front = (src_front ^ dst_front) & turn, back = (src_back ^ dst_back) & turn;
  store_native_word(key.low.bytes.data(), src_front ^ front);
  store_native_word(key.low.bytes.data() + 8, src_back ^ back);
  store_native_word(key.high.bytes.data(), dst_front ^ front);
  store_native_word(key.high.bytes.data() + 8, dst_back ^ back);
  const std::uint32_t ports = (std::uint32_t{sport} ^ dport) & static_cast<std::uint32_t>(turn);
  const std::uint32_t low_port = sport ^ ports, high_port = dport ^ ports;
  // In one piece where that is how they stand in memory: it is read again in one piece.
  if constexpr (std::endian::native == std::endian::little) {
    store_native_word(&key.low_port, low_port | std::uint64_t{high_port} << 16 |
                                         std::uint64_t{zone} << 32 | std::uint64_t{protocol} << 48);
  } else {
    key.low_port = static_cast<std::uint16_t>(low_port);
    key.high_port = static_cast<std::uint16_t>(high_port);
    key.zone = zone;
    key.protocol = protocol;
    key.reserved = 0;
  }
  return forward ? KeyDirection::LowToHigh : KeyDirection::HighToLow;
}

}  // namespace endreason
