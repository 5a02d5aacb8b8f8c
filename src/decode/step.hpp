// SPDX-License-Identifier: Apache-2.0
// One step of the walk to the IP header, and the moves that several headers share.
#pragma once

#include <cstdint>

#include "base/byte_order.hpp"
#include "decode/layer.hpp"
#include "model/packet_view.hpp"

namespace endreason {

inline constexpr std::uint16_t kSmallestEtherType = 0x0600;  // below: a length, 802.2 behind it
inline constexpr std::uint32_t kEthernetBytes = 14;

// What one header came to: the next one is known, or the walk is over.
struct Step {
  DecodeStatus status{DecodeStatus::Ok};
  NextHeader next{NextHeader::Ip};
};
inline constexpr Step kTruncated{DecodeStatus::Truncated, {}};
inline constexpr Step kMalformed{DecodeStatus::Malformed, {}};
inline constexpr Step kNotIp{DecodeStatus::NotIp, {}};
inline constexpr Step kFrameInFrame{DecodeStatus::FrameInFrame, {}};

inline Step go(NextHeader next) {
  return {DecodeStatus::Ok, next};
}
inline Step go_ether_type(std::uint16_t type, Walk& walk) {
  walk.ether_type = type;
  return {DecodeStatus::Ok, NextHeader::EtherType};
}

// Moves over `count` bytes, at whose end the next type stands.
inline Step tag_before_type(Slice& bytes, Walk& walk, std::uint32_t count) {
  if (!bytes.has(count)) return kTruncated;
  const std::uint16_t type = load_big16(bytes.at + count - 2);
  bytes.drop(count);
  return type >= kSmallestEtherType ? go_ether_type(type, walk) : kNotIp;
}

inline Step header_then(Slice& bytes, std::uint32_t count, NextHeader next) {
  if (!bytes.has(count)) return kTruncated;
  bytes.drop(count);
  return go(next);
}

}  // namespace endreason
