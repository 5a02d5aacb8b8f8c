// SPDX-License-Identifier: Apache-2.0
#include "inspect/packet_fields.hpp"

#include <algorithm>

#include "base/byte_order.hpp"
#include "model/protocol.hpp"

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;

Bytes ip_packet(const PacketView& p) {
  return p.l3 == nullptr ? Bytes{} : Bytes{p.l3, std::min(p.l3_captured, p.ip_length)};
}

std::size_t ipv4_header_length(Bytes ip) {
  if (ip.size() < 20 || ip[0] >> 4 != 4) return 0;
  const std::size_t length = (ip[0] & 15u) * 4;
  return length >= 20 && length <= ip.size() ? length : 0;
}

// What lies behind the IP headers, where it is of the protocol that the packet was decoded as.
Bytes transport(const PacketView& p) {
  const Bytes ip = ip_packet(p);
  if (const std::size_t header = ipv4_header_length(ip); header > 0)
    return ip[9] == p.protocol ? ip.subspan(header) : Bytes{};
  if (ip.size() < 40 || ip[0] >> 4 != 6) return {};
  std::uint8_t next = ip[6];
  std::size_t at = 40;
  // Hop-by-hop, routing, fragment, destination options (IANA, IPv6 extension header types).
  while (next != p.protocol && (next == 0 || next == 43 || next == 44 || next == 60)) {
    if (at + 8 > ip.size()) return {};
    const std::size_t length = next == 44 ? 8 : 8 + std::size_t{ip[at + 1]} * 8;
    next = ip[at];
    at += length;
  }
  return next == p.protocol && at <= ip.size() ? ip.subspan(at) : Bytes{};
}

std::optional<std::int64_t> maximum_segment_size(Bytes tcp) {
  if (tcp.size() < 20) return std::nullopt;
  const std::size_t header = std::min<std::size_t>((tcp[12] >> 4u) * 4u, tcp.size());
  for (std::size_t at = 20; at + 1 < header && tcp[at] != 0;) {
    if (tcp[at] == 1) {
      ++at;
      continue;
    }
    const std::size_t length = tcp[at + 1];
    if (length < 2) break;
    if (tcp[at] == 2 && length == 4 && at + 4 <= header) return load_big16(&tcp[at + 2]);
    at += length;
  }
  return std::nullopt;
}

bool icmp(const PacketView& p) {
  return p.protocol == kProtoIcmp || p.protocol == kProtoIcmp6;
}

// Echo and its reply, timestamp and its reply: the messages with identifier and sequence number.
std::optional<std::int64_t> echo_word(const PacketView& p, std::size_t at) {
  const bool has = p.protocol == kProtoIcmp6 ? p.icmp_type == 128 || p.icmp_type == 129
                                             : p.icmp_type == 0 || p.icmp_type == 8 ||
                                                   (p.icmp_type >= 13 && p.icmp_type <= 18);
  const Bytes bytes = transport(p);
  if (!icmp(p) || !has || bytes.size() < at + 2) return std::nullopt;
  return load_big16(&bytes[at]);
}

}  // namespace

std::optional<std::int64_t> packet_number(PacketField field, const PacketView& p) {
  const bool tcp = p.protocol == kProtoTcp;
  const Bytes ip = ip_packet(p);
  switch (field) {
    case PacketField::Ttl:
      return p.ttl;
    case PacketField::IpProtocol:
      return p.protocol;
    case PacketField::IpId:
      return ipv4_header_length(ip) > 0 ? std::optional<std::int64_t>(load_big16(&ip[4]))
                                        : std::nullopt;
    case PacketField::Tos:
      return ipv4_header_length(ip) > 0 ? std::optional<std::int64_t>(ip[1]) : std::nullopt;
    case PacketField::TcpSeq:
      return tcp ? std::optional<std::int64_t>(p.seq) : std::nullopt;
    case PacketField::TcpAck:
      return tcp ? std::optional<std::int64_t>(p.ack) : std::nullopt;
    case PacketField::TcpWindow:
      return tcp ? std::optional<std::int64_t>(p.window) : std::nullopt;
    case PacketField::TcpMss:
      return tcp ? maximum_segment_size(transport(p)) : std::nullopt;
    case PacketField::IcmpType:
      return icmp(p) ? std::optional<std::int64_t>(p.icmp_type) : std::nullopt;
    case PacketField::IcmpCode:
      return icmp(p) ? std::optional<std::int64_t>(p.icmp_code) : std::nullopt;
    case PacketField::IcmpId:
      return echo_word(p, 4);
    case PacketField::IcmpSeq:
      return echo_word(p, 6);
    case PacketField::Icmpv6Mtu: {
      const Bytes bytes = transport(p);
      if (p.protocol != kProtoIcmp6 || p.icmp_type != 2 || bytes.size() < 8) return std::nullopt;
      return load_big32(&bytes[4]);
    }
    case PacketField::PayloadSize:
      return p.payload_length;
    default:
      return std::nullopt;
  }
}

std::span<const std::uint8_t> packet_header(InspectBuffer header, const PacketView& p) {
  const Bytes ip = ip_packet(p);
  const Bytes behind = transport(p);
  const auto first = [](Bytes bytes, std::size_t n) {
    return bytes.size() < n ? Bytes{} : bytes.first(n);
  };
  switch (header) {
    case InspectBuffer::Ipv4Header:
      return first(ip, ipv4_header_length(ip));
    case InspectBuffer::Ipv6Header:
      return !ip.empty() && ip[0] >> 4 == 6 ? first(ip, 40) : Bytes{};
    case InspectBuffer::TcpHeader:
      if (p.protocol != kProtoTcp || behind.size() < 20) return {};
      return first(behind, std::max<std::size_t>((behind[12] >> 4u) * 4u, 20));
    case InspectBuffer::UdpHeader:
      return p.protocol == kProtoUdp ? first(behind, 8) : Bytes{};
    case InspectBuffer::Icmpv4Header:
      return p.protocol == kProtoIcmp ? first(behind, 8) : Bytes{};
    case InspectBuffer::Icmpv6Header:
      return p.protocol == kProtoIcmp6 ? first(behind, 8) : Bytes{};
    default:
      return {};
  }
}

bool has_ip_option(const NumberRange& types, const PacketView& p) {
  const Bytes ip = ip_packet(p);
  const std::size_t header = ipv4_header_length(ip);
  for (std::size_t at = 20; at < header;) {
    if (types.contains(ip[at])) return true;
    if (ip[at] == 0) return false;
    if (ip[at] == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= header || ip[at + 1] < 2) return false;
    at += ip[at + 1];
  }
  return false;
}

bool tcp_flags_match(const RuleCondition& condition, std::uint8_t flags) {
  const unsigned value = condition.flags_value;
  const unsigned looked_at = flags & condition.flags_mask;
  switch (condition.flags_match) {
    case FlagsMatch::Exactly:
      return looked_at == (value & condition.flags_mask);
    case FlagsMatch::AllOf:
      return (looked_at & value) == value;
    case FlagsMatch::AnyOf:
      return (looked_at & value) != 0;
    case FlagsMatch::NoneOf:
      return (looked_at & value) == 0;
  }
  return false;
}

}  // namespace endreason::inspect
