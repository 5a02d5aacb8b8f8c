// SPDX-License-Identifier: Apache-2.0
#include "decode/tunnel.hpp"

#include "base/byte_order.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::uint8_t kProtoIpInIp = 4;
constexpr std::uint8_t kProtoIpv6InIp = 41;
constexpr std::uint8_t kProtoGre = 47;
constexpr std::uint8_t kProtoEtherIp = 97;
constexpr std::uint8_t kProtoMplsInIp = 137;
constexpr std::uint8_t kProtoEthernet = 143;

// IANA "Service Name and Transport Protocol Port Number Registry"; 8472 is what Linux used for
// VXLAN before it had a number.
constexpr std::uint16_t kPortGtpU = 2152;
constexpr std::uint16_t kPortVxlan = 4789;
constexpr std::uint16_t kPortVxlanGpe = 4790;
constexpr std::uint16_t kPortVxlanLinux = 8472;
constexpr std::uint16_t kPortGeneve = 6081;

using Found = std::optional<Inner>;

Found behind(Slice bytes, std::uint32_t header, TunnelKind kind, NextHeader first) {
  if (!bytes.has(header)) return std::nullopt;
  bytes.drop(header);
  return Inner{kind, first, bytes};
}

Found ether_type_behind(Slice bytes, std::uint32_t header, TunnelKind kind, std::uint16_t type,
                        Walk& walk) {
  walk.ether_type = type;
  return behind(bytes, header, kind, NextHeader::EtherType);
}

// ERSPAN (draft-foschiano-erspan): type II has a header of 8 bytes where GRE numbers its packets,
// type I none; type III has 12, and 8 more when its last bit says so.
Found span_port(Slice bytes, std::uint32_t header, std::uint16_t type, bool numbered) {
  if (type == 0x88be)
    return behind(bytes, header + (numbered ? 8 : 0), TunnelKind::Gre, NextHeader::Ethernet);
  if (!bytes.has(header + 12)) return std::nullopt;
  const bool longer = (bytes.at[header + 11] & 1) != 0;
  return behind(bytes, header + (longer ? 20 : 12), TunnelKind::Gre, NextHeader::Ethernet);
}

// RFC 2784 and 2890; version 1 is PPTP's (RFC 2637).
Found gre(Slice bytes, Walk& walk) {
  if (!bytes.has(4)) return std::nullopt;
  const std::uint16_t flags = load_big16(bytes.at);
  const std::uint16_t type = load_big16(bytes.at + 2);
  const unsigned version = flags & 7;
  const bool checksum = (flags & 0x8000) != 0, routing = (flags & 0x4000) != 0;
  const bool key = (flags & 0x2000) != 0, sequence = (flags & 0x1000) != 0;
  const bool acknowledgment = version == 1 && (flags & 0x0080) != 0;
  if (routing || version > 1) return std::nullopt;
  const std::uint32_t header = 4 + 4 * (std::uint32_t{checksum} + std::uint32_t{key} +
                                        std::uint32_t{sequence} + std::uint32_t{acknowledgment});
  // MikroTik's Ethernet over IP: length and tunnel id stand where the key does.
  if (version == 1 && type == 0x6400 && key && !checksum && !sequence)
    return behind(bytes, 8, TunnelKind::Gre, NextHeader::Ethernet);
  // PPTP's acknowledgments alone carry nothing.
  if (version == 1 && !sequence) return std::nullopt;
  if (type == 0x88be || type == 0x22eb) return span_port(bytes, header, type, sequence);
  // WCCP: a redirect header of four bytes in its second version, none in the first.
  if (type == 0x883e) {
    const bool redirect = bytes.has(header + 1) && (bytes.at[header] >> 4) != 4;
    return behind(bytes, header + (redirect ? 4 : 0), TunnelKind::Gre, NextHeader::Ip);
  }
  return ether_type_behind(bytes, header, TunnelKind::Gre, type, walk);
}

// RFC 7348: flags with the bit that says the network number is there; then a frame.
Found vxlan(Slice bytes) {
  if (!bytes.has(8) || (bytes.at[0] & 0x08) == 0) return std::nullopt;
  return behind(bytes, 8, TunnelKind::Vxlan, NextHeader::Ethernet);
}

// draft-ietf-nvo3-vxlan-gpe: with the P bit the last byte of the first word names what is inside;
// without it, it is plain VXLAN.
Found vxlan_gpe(Slice bytes) {
  if (!bytes.has(8) || (bytes.at[0] & 0x04) == 0) return vxlan(bytes);
  switch (bytes.at[3]) {
    case 1:
    case 2:
      return behind(bytes, 8, TunnelKind::Vxlan, NextHeader::Ip);
    case 3:
      return behind(bytes, 8, TunnelKind::Vxlan, NextHeader::Ethernet);
    case 4:
      return behind(bytes, 8, TunnelKind::Vxlan, NextHeader::Nsh);
    case 5:
      return behind(bytes, 8, TunnelKind::Vxlan, NextHeader::Mpls);
    default:
      return std::nullopt;
  }
}

// RFC 8926: version 0, length of the options in 32-bit words, an EtherType.
Found geneve(Slice bytes, Walk& walk) {
  if (!bytes.has(8) || (bytes.at[0] >> 6) != 0) return std::nullopt;
  const std::uint32_t options = (bytes.at[0] & 0x3fu) * 4;
  return ether_type_behind(bytes, 8 + options, TunnelKind::Geneve, load_big16(bytes.at + 2), walk);
}

// 3GPP TS 29.281 section 5: version 1; message 255 carries a user's packet; with any of three flags
// four more bytes, the last of which names an extension header, and each of those the next.
Found gtp_u(Slice bytes) {
  constexpr std::uint8_t kUserPacket = 255;
  if (!bytes.has(8) || (bytes.at[0] & 0xf0) != 0x30 || bytes.at[1] != kUserPacket)
    return std::nullopt;
  std::uint32_t header = 8;
  if ((bytes.at[0] & 0x07) == 0) return behind(bytes, header, TunnelKind::GtpU, NextHeader::Ip);
  header += 4;
  if (!bytes.has(header)) return std::nullopt;
  std::uint8_t next = (bytes.at[0] & 0x04) != 0 ? bytes.at[header - 1] : 0;
  while (next != 0) {
    if (!bytes.has(header + 1) || bytes.at[header] == 0) return std::nullopt;
    header += bytes.at[header] * 4u;
    if (!bytes.has(header)) return std::nullopt;
    next = bytes.at[header - 1];
  }
  return behind(bytes, header, TunnelKind::GtpU, NextHeader::Ip);
}

Found in_udp(const PacketView& view, Slice bytes, Walk& walk) {
  if (view.dport == kPortGtpU || view.sport == kPortGtpU) return gtp_u(bytes);
  switch (view.dport) {
    case kPortVxlan:
    case kPortVxlanLinux:
      return vxlan(bytes);
    case kPortVxlanGpe:
      return vxlan_gpe(bytes);
    case kPortGeneve:
      return geneve(bytes, walk);
    default:
      return std::nullopt;
  }
}

}  // namespace

Found find_inner(const PacketView& view, Walk& walk) {
  const Slice bytes{view.payload, view.payload_captured, view.payload_length};
  if (bytes.at == nullptr) return std::nullopt;
  switch (view.protocol) {
    case kProtoUdp:
      return in_udp(view, bytes, walk);
    case kProtoIpInIp:
    case kProtoIpv6InIp:
      return Inner{TunnelKind::IpInIp, NextHeader::Ip, bytes};
    case kProtoGre:
      return gre(bytes, walk);
    case kProtoEtherIp:  // RFC 3378
      return behind(bytes, 2, TunnelKind::IpInIp, NextHeader::Ethernet);
    case kProtoEthernet:  // RFC 8986 section 4.9: a frame as it is
      return behind(bytes, 0, TunnelKind::IpInIp, NextHeader::Ethernet);
    case kProtoMplsInIp:  // RFC 4023
      return behind(bytes, 0, TunnelKind::IpInIp, NextHeader::Mpls);
    default:
      return std::nullopt;
  }
}

}  // namespace endreason
