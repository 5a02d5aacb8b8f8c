// SPDX-License-Identifier: Apache-2.0
// PacketView: one decoded packet. Made by room decode, read by session, appid, policy and inspect;
// dataplane carries it between them. Borrows the packet's bytes: it dies with the batch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/ip_address.hpp"

namespace endreason {

// What decoding came to. Everything but Ok is counted under its name and goes no further.
enum class DecodeStatus : std::uint8_t {
  Ok,
  FragmentHeld,  // a fragment that waits for the others; the whole comes with the last one
  Truncated,     // the bytes end inside a header (snapped, or cut on the wire)
  Malformed,     // a header contradicts itself
  NotIp,         // ARP, LLDP and what else is no IP packet
  FrameInFrame,  // a backbone's frame around a whole one, and nobody asked for what is inside
  UnknownLinkType,
  BadChecksum,    // only when checksums are checked
  TooDeep,        // more nested headers than the limit
  FragmentLimit,  // no room to hold more fragments
};
inline constexpr std::size_t kDecodeStatuses =
    static_cast<std::size_t>(DecodeStatus::FragmentLimit) + 1;

enum TcpFlag : std::uint8_t {
  kTcpFin = 0x01,
  kTcpSyn = 0x02,
  kTcpRst = 0x04,
  kTcpPsh = 0x08,
  kTcpAck = 0x10,
  kTcpUrg = 0x20,
};

// The innermost tunnel that was looked into; None unless decapsulation was asked for.
enum class TunnelKind : std::uint8_t { None, Gre, IpInIp, Ah, Vxlan, Geneve, GtpU };

inline constexpr std::uint8_t kNoSctpChunk = 255;  // reserved for extension, so never a real type

struct PacketView {
  std::int64_t time_ns{};  // packet time, since the epoch, UTC
  IpAddress src, dst;
  std::uint16_t sport{}, dport{};  // ICMP: echo identifier in both; other ICMP: type and code
  std::uint8_t protocol{};         // of the innermost header that was taken, after extensions
  std::uint8_t tcp_flags{};
  std::uint8_t ttl{};
  DecodeStatus status{DecodeStatus::Ok};
  std::uint32_t seq{}, ack{};    // TCP, host order
  std::uint16_t window{};        // TCP, as it stands in the header
  std::int8_t window_scale{-1};  // TCP SYN option; -1: none
  std::uint8_t icmp_type{}, icmp_code{};
  std::uint8_t sctp_chunk{kNoSctpChunk};  // type of the first chunk (RFC 9260 section 3.2)
  std::uint16_t vlan{};                   // outermost VLAN id, 0: none
  std::uint16_t interface {};             // of the capture (pcapng), or the live interface
  bool ipv6{};
  bool fragment{};              // put together from fragments, or the first of them
  std::uint32_t wire_length{};  // bytes on the wire at layer 2, as captures say
  std::uint32_t ip_length{};    // bytes of the IP packet, header included
  std::uint32_t
      payload_length{};  // behind the transport header, on the wire (may exceed what is there)
  std::uint32_t payload_captured{};  // of it, how many bytes are in `payload`
  const std::uint8_t* payload{};
  const std::uint8_t* l3{};     // the IP packet that was taken, from its version nibble
  std::uint32_t l3_captured{};  // of ip_length, how many bytes are at `l3`
  std::uint16_t packets{1};     // wire packets that this view stands for: fragments put together
  TunnelKind tunnel{TunnelKind::None};
  const std::uint8_t* quoted{};  // ICMP errors: the quoted IP packet, or null
  std::uint32_t quoted_length{};
  friend bool operator==(const PacketView&, const PacketView&) = default;
};

}  // namespace endreason
