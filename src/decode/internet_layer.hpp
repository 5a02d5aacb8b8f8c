// SPDX-License-Identifier: Apache-2.0
// The IPv4 and IPv6 headers, with IPv6's extension headers. Pure functions; no state.
#pragma once

#include <cstdint>

#include "decode/layer.hpp"
#include "model/packet_view.hpp"

namespace endreason {

// What an IP packet is besides what stands in the PacketView. Filled by read_internet_headers() and
// not before: one is made a packet, and clearing it would cost as much as filling it.
struct Datagram {
  Slice packet;           // whole, from the version on, without the padding behind it
  Slice payload;          // behind all headers that were passed
  std::uint8_t protocol;  // of the payload
  bool plain_checksum;    // no header changes the addresses that a checksum covers
  bool is_fragment;
  bool more;             // another fragment follows
  std::uint32_t offset;  // of the payload in the whole, bytes; 0 where it is no fragment
  // Of fragments only:
  std::uint32_t identification;
  std::uint32_t next_header_at;  // of the byte in `packet` that names the header behind
};

struct InternetRules {
  bool check_header{};            // the checksum of the IPv4 header
  bool through_authentication{};  // AH of IPv4 is a header to pass, not the end
};

// Reads the headers at the beginning of `bytes`, and fills src, dst, ttl, ipv6, ip_length, l3 and
// protocol of the view. Ok: the datagram is filled.
DecodeStatus read_internet_headers(Slice bytes, InternetRules rules, Walk& walk, PacketView& view,
                                   Datagram& datagram);

}  // namespace endreason
