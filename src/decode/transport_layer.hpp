// SPDX-License-Identifier: Apache-2.0
// TCP, UDP, ICMP, ICMPv6 and SCTP headers, and the beginning of a packet that an ICMP error quotes.
// Pure functions; no state.
#pragma once

#include <cstdint>
#include <optional>

#include "decode/layer.hpp"
#include "model/packet_view.hpp"

namespace endreason {

// Reads the header of view.protocol at the beginning of `bytes`; fills ports, TCP and ICMP fields
// and the payload. Protocols it does not know have no header: all of the bytes are payload.
// `check`: see whether the checksum holds (TCP, UDP, ICMP), where all of the bytes are there.
// The window scale that options of so many bytes name, at most 14 (RFC 7323); -1: none.
std::int8_t window_scale(const std::uint8_t* options, std::uint32_t count);

DecodeStatus read_transport_header(Slice bytes, bool check, PacketView& view);

// The ends of the session that a quoted packet belongs to.
struct QuotedPacket {
  IpAddress src, dst;              // as the quoted packet has them: it went the other way
  std::uint16_t sport{}, dport{};  // as in PacketView; 0 where the protocol has none
  std::uint8_t protocol{};
  bool ipv6{};
  std::uint32_t seq{};  // TCP
};

// Reads what an ICMP error quotes (PacketView::quoted): an IP header and, as a rule, only eight
// bytes behind it. Nothing when it is no IP packet, ends before the ports, or is a later fragment.
std::optional<QuotedPacket> decode_quoted(const std::uint8_t* quoted, std::uint32_t length);

}  // namespace endreason
