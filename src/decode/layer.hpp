// SPDX-License-Identifier: Apache-2.0
// What the parts of this room pass to each other: the bytes that are left of a packet, and which
// header they begin with.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace endreason {

// The rest of a packet: what of it was captured, and how long it is in truth.
struct Slice {
  const std::uint8_t* at;
  std::uint32_t captured;
  std::uint32_t wire;

  bool has(std::uint32_t count) const { return captured >= count; }
  // Precondition: has(count).
  void drop(std::uint32_t count) {
    assert(captured >= count && wire >= count);
    at += count;
    captured -= count;
    wire -= count;
  }
  // Cuts off what lies behind the first `count` bytes: padding of the layer below.
  void limit(std::uint32_t count) {
    wire = count;
    captured = std::min(captured, count);
  }
};

// Which header comes next, where the header before says so.
enum class NextHeader : std::uint8_t {
  Ethernet,   // destination, source, type
  EtherType,  // the type is known, in Walk::ether_type
  Ip,         // either version: its first four bits tell
  Ppp,        // protocol number, one or two bytes, perhaps after ff 03
  Llc,        // IEEE 802.2
  Mpls,       // a label stack
  Nsh,        // a network service header
};

// What walking through the headers gathers.
struct Walk {
  std::uint16_t ether_type{};
  std::uint16_t vlan{};  // the outermost id, once one was seen
  bool vlan_seen{};
  bool decap{};            // look into frames within frames
  std::uint8_t headers{};  // passed so far
  std::uint8_t headers_max{};

  // One more header; false when they are too many.
  bool enter() { return headers++ < headers_max; }
};

}  // namespace endreason
