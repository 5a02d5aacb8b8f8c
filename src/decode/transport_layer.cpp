// SPDX-License-Identifier: Apache-2.0
#include "decode/transport_layer.hpp"

#include <algorithm>

#include "base/byte_order.hpp"
#include "decode/checksum.hpp"
#include "decode/internet_layer.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::uint32_t kTcpBytes = 20;
constexpr std::uint32_t kUdpBytes = 8;
constexpr std::uint32_t kIcmpBytes = 8;
constexpr std::uint32_t kSctpBytes = 12;
constexpr std::uint32_t kPortsBytes = 8;  // what an ICMP error quotes at least

constexpr std::uint8_t kWindowScaleMax = 14;  // RFC 7323 section 2.3: more counts as this

bool whole(const Slice& bytes) {
  return bytes.captured >= bytes.wire;
}

bool transport_checksum_holds(const Slice& bytes, const PacketView& view) {
  const std::uint64_t pseudo =
      pseudo_header_sum(view.src, view.dst, view.ipv6, view.protocol, bytes.wire);
  return checksum_holds(checksum_add(bytes.at, bytes.wire, pseudo));
}

void set_payload(Slice bytes, std::uint32_t header, PacketView& view) {
  view.payload_length = bytes.wire - header;
  if (!bytes.has(header)) return;  // snapped within TCP options
  view.payload = bytes.at + header;
  view.payload_captured = bytes.captured - header;
}

DecodeStatus read_tcp(Slice bytes, bool check, PacketView& view) {
  if (bytes.wire < kTcpBytes) return DecodeStatus::Malformed;
  if (!bytes.has(kTcpBytes)) return DecodeStatus::Truncated;
  const std::uint8_t* const at = bytes.at;
  const std::uint32_t header = (at[12] >> 4) * 4u;
  if (header < kTcpBytes || header > bytes.wire) return DecodeStatus::Malformed;
  view.sport = load_big16(at);
  view.dport = load_big16(at + 2);
  view.seq = load_big32(at + 4);
  view.ack = load_big32(at + 8);
  view.tcp_flags = at[13];
  view.window = load_big16(at + 14);
  if ((view.tcp_flags & kTcpSyn) != 0)
    view.window_scale = window_scale(at + kTcpBytes, std::min(header, bytes.captured) - kTcpBytes);
  set_payload(bytes, header, view);
  if (check && whole(bytes) && !transport_checksum_holds(bytes, view))
    return DecodeStatus::BadChecksum;
  return DecodeStatus::Ok;
}

DecodeStatus read_udp(Slice bytes, bool check, PacketView& view) {
  if (bytes.wire < kUdpBytes) return DecodeStatus::Malformed;
  if (!bytes.has(kUdpBytes)) return DecodeStatus::Truncated;
  const std::uint8_t* const at = bytes.at;
  view.sport = load_big16(at);
  view.dport = load_big16(at + 2);
  const std::uint32_t length = load_big16(at + 4);
  // Zero for jumbograms, of IPv6 only (RFC 2675): then the IP length counts.
  if (length != 0 || !view.ipv6) {
    if (length < kUdpBytes || length > bytes.wire) return DecodeStatus::Malformed;
    bytes.limit(length);
  }
  set_payload(bytes, kUdpBytes, view);
  // Zero: the sender made none.
  if (check && load_big16(at + 6) != 0 && whole(bytes) && !transport_checksum_holds(bytes, view))
    return DecodeStatus::BadChecksum;
  return DecodeStatus::Ok;
}

// Messages that carry an identifier, by which a request and its reply are one session.
bool has_identifier(std::uint8_t protocol, std::uint8_t type) {
  if (protocol == kProtoIcmp6) return type == 128 || type == 129;
  // Echo, and the timestamp, information and mask messages of RFC 792 and RFC 950.
  return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

// Errors quote the packet that they are about: RFC 792, and RFC 4443 (types below 128 are errors).
bool quotes_a_packet(std::uint8_t protocol, std::uint8_t type) {
  if (protocol == kProtoIcmp6) return type >= 1 && type <= 4;
  return (type >= 3 && type <= 5) || type == 11 || type == 12;
}

void set_icmp_ports(const std::uint8_t* at, PacketView& view) {
  if (has_identifier(view.protocol, at[0])) {
    view.sport = view.dport = load_big16(at + 4);
  } else {
    view.sport = at[0];
    view.dport = at[1];
  }
}

DecodeStatus read_icmp(Slice bytes, bool check, PacketView& view) {
  if (bytes.wire < kIcmpBytes) return DecodeStatus::Malformed;
  if (!bytes.has(kIcmpBytes)) return DecodeStatus::Truncated;
  view.icmp_type = bytes.at[0];
  view.icmp_code = bytes.at[1];
  set_icmp_ports(bytes.at, view);
  set_payload(bytes, kIcmpBytes, view);
  if (quotes_a_packet(view.protocol, view.icmp_type) && view.payload_captured > 0) {
    view.quoted = view.payload;
    view.quoted_length = view.payload_captured;
  }
  if (!check || !whole(bytes)) return DecodeStatus::Ok;
  // Only ICMPv6 sums a pseudo header (RFC 4443 section 2.3).
  const bool holds = view.protocol == kProtoIcmp6
                         ? transport_checksum_holds(bytes, view)
                         : checksum_holds(checksum_add(bytes.at, bytes.wire));
  return holds ? DecodeStatus::Ok : DecodeStatus::BadChecksum;
}

DecodeStatus read_sctp(Slice bytes, PacketView& view) {
  if (bytes.wire < kSctpBytes) return DecodeStatus::Malformed;
  if (!bytes.has(kSctpBytes)) return DecodeStatus::Truncated;
  view.sport = load_big16(bytes.at);
  view.dport = load_big16(bytes.at + 2);
  set_payload(bytes, kSctpBytes, view);
  if (view.payload_captured > 0) view.sctp_chunk = view.payload[0];
  return DecodeStatus::Ok;
}

}  // namespace

// Options as far as they were captured; only the window scale is of interest (RFC 7323).
std::int8_t window_scale(const std::uint8_t* at, std::uint32_t count) {
  std::uint32_t i = 0;
  while (i < count && at[i] != 0) {
    if (at[i] == 1) {
      ++i;
      continue;
    }
    if (i + 1 >= count || at[i + 1] < 2) break;
    if (at[i] == 3 && at[i + 1] == 3 && i + 2 < count)
      return static_cast<std::int8_t>(std::min(at[i + 2], kWindowScaleMax));
    i += at[i + 1];
  }
  return -1;
}

DecodeStatus read_transport_header(Slice bytes, bool check, PacketView& view) {
  switch (view.protocol) {
    case kProtoTcp:
      return read_tcp(bytes, check, view);
    case kProtoUdp:
      return read_udp(bytes, check, view);
    case kProtoIcmp:
      return read_icmp(bytes, check, view);
    case kProtoIcmp6:
      return read_icmp(bytes, check, view);
    case kProtoSctp:
      return read_sctp(bytes, view);
    default:
      set_payload(bytes, 0, view);
      return DecodeStatus::Ok;
  }
}

std::optional<QuotedPacket> decode_quoted(const std::uint8_t* quoted, std::uint32_t length) {
  constexpr std::uint8_t kQuotedHeadersMax = 8;
  PacketView view;
  Datagram datagram;
  Walk walk;
  walk.headers_max = kQuotedHeadersMax;
  const Slice bytes{quoted, length, length};
  if (quoted == nullptr ||
      read_internet_headers(bytes, {}, walk, view, datagram) != DecodeStatus::Ok)
    return std::nullopt;
  QuotedPacket packet{view.src, view.dst, 0, 0, datagram.protocol, view.ipv6, 0};
  const bool has_ports = datagram.protocol == kProtoTcp || datagram.protocol == kProtoUdp ||
                         datagram.protocol == kProtoSctp;
  const bool icmp = datagram.protocol == kProtoIcmp || datagram.protocol == kProtoIcmp6;
  if (!has_ports && !icmp) return packet;
  if (datagram.offset != 0 || !datagram.payload.has(kPortsBytes)) return std::nullopt;
  const std::uint8_t* const at = datagram.payload.at;
  if (icmp) {
    set_icmp_ports(at, view);
    packet.sport = view.sport;
    packet.dport = view.dport;
    return packet;
  }
  packet.sport = load_big16(at);
  packet.dport = load_big16(at + 2);
  if (datagram.protocol == kProtoTcp) packet.seq = load_big32(at + 4);
  return packet;
}

}  // namespace endreason
