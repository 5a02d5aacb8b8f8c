// SPDX-License-Identifier: Apache-2.0
#include "decode/capture_header.hpp"

namespace endreason {
namespace {

constexpr std::uint16_t kPppoeSession = 0x8864;

// BSD loopback: the address family of the machine that captured, in its byte order (0) or in
// network order (108). Families differ between systems: 2 is IPv4 on all, IPv6 is 24, 28 or 30 on
// the BSDs and macOS, 10 on Linux, 23 on Windows.
Step loopback(Slice& bytes) {
  if (!bytes.has(4)) return kTruncated;
  std::uint32_t family = load_little<std::uint32_t>(bytes.at);
  if (family > 0xffff) family = swap_bytes(family);
  bytes.drop(4);
  switch (family) {
    case 2:
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
      return go(NextHeader::Ip);
    default:
      return kNotIp;
  }
}

// Linux cooked captures: the protocol is an EtherType, or below 0x0600 a kind of frame.
Step cooked(Slice& bytes, Walk& walk, std::uint32_t header, std::uint32_t protocol_at) {
  if (!bytes.has(header)) return kTruncated;
  const std::uint16_t protocol = load_big16(bytes.at + protocol_at);
  bytes.drop(header);
  if (protocol >= kSmallestEtherType) return go_ether_type(protocol, walk);
  return protocol == 0x0004 ? go(NextHeader::Llc) : kNotIp;
}

// PPP over a serial line, or Cisco HDLC: address 0f or 8f, control 0, an EtherType.
Step serial_ppp(Slice& bytes, Walk& walk) {
  if (!bytes.has(4)) return kTruncated;
  if (bytes.at[0] == 0x0f || bytes.at[0] == 0x8f) return tag_before_type(bytes, walk, 4);
  return go(NextHeader::Ppp);
}

// A data frame of IEEE 802.11: 24 bytes, a fourth address when it passes between access points, two
// bytes of QoS control, four of HT control; then 802.2. `padded`: the header was padded to a
// multiple of four (a flag of radiotap).
Step wireless(Slice& bytes, bool padded) {
  if (!bytes.has(24)) return kTruncated;
  const std::uint8_t kind = bytes.at[0], flags = bytes.at[1];
  const bool data = (kind & 0x0f) == 0x08 && (kind & 0x40) == 0;
  const bool encrypted = (flags & 0x40) != 0;
  const bool part = (flags & 0x04) != 0 || (bytes.at[22] & 0x0f) != 0;
  if (!data || encrypted || part) return kNotIp;
  std::uint32_t header = (flags & 0x03) == 0x03 ? 30 : 24;
  if ((kind & 0x80) != 0) {
    if (!bytes.has(header + 2)) return kTruncated;
    if ((bytes.at[header] & 0x80) != 0) return kNotIp;  // several frames in one
    header += (flags & 0x80) != 0 ? 6 : 2;
  }
  if (padded) header = (header + 3) & ~3u;
  if (!bytes.has(header)) return kTruncated;
  bytes.drop(header);
  return go(NextHeader::Llc);
}

// radiotap.org: version 0, a length, words of bits that say which fields follow. Only the flags are
// of interest: they are the second field, behind eight bytes of time when the first is there.
Step radiotap(Slice& bytes) {
  if (!bytes.has(8)) return kTruncated;
  const std::uint32_t length = load_little<std::uint16_t>(bytes.at + 2);
  if (bytes.at[0] != 0 || length < 8) return kMalformed;
  if (!bytes.has(length)) return kTruncated;
  const std::uint32_t present = load_little<std::uint32_t>(bytes.at + 4);
  std::uint32_t at = 4;
  while (at + 4 <= length && (load_little<std::uint32_t>(bytes.at + at) >> 31) != 0) at += 4;
  at += 4;
  if ((present & 1) != 0) at = ((at + 7) & ~7u) + 8;
  const bool padded = (present & 2) != 0 && at < length && (bytes.at[at] & 0x20) != 0;
  bytes.drop(length);
  return wireless(bytes, padded);
}

// OpenBSD's packet filter log: a length, padded to four, then IP.
Step packet_filter_log(Slice& bytes) {
  if (!bytes.has(1)) return kTruncated;
  return header_then(bytes, (bytes.at[0] + 3u) & ~3u, NextHeader::Ip);
}

// RFC 2427: a Q.922 address of two bytes, then a control byte and what is inside; or an EtherType,
// as Cisco's own framing has it.
Step frame_relay(Slice& bytes, Walk& walk) {
  if (!bytes.has(4)) return kTruncated;
  if (bytes.at[2] != 0x03) return tag_before_type(bytes, walk, 4);
  const std::uint8_t protocol = bytes.at[3];
  if (protocol == 0xcc || protocol == 0x8e) return header_then(bytes, 4, NextHeader::Ip);
  // SNAP behind a byte of padding: three bytes of organisation (zero), an EtherType.
  if (!bytes.has(10)) return kTruncated;
  const bool snap = protocol == 0x00 && bytes.at[4] == 0x80;
  return snap ? tag_before_type(bytes, walk, 10) : kNotIp;
}

// Linux netfilter log: family, version, id; then parts of length and type, in the byte order of the
// machine, which the small types betray. Type 9 is the packet.
Step netfilter_log(Slice& bytes) {
  constexpr std::uint16_t kPayload = 9;
  if (!bytes.has(4)) return kTruncated;
  bytes.drop(4);
  while (bytes.has(4)) {
    std::uint16_t length = load_little<std::uint16_t>(bytes.at);
    std::uint16_t type = load_little<std::uint16_t>(bytes.at + 2);
    if ((type & 0x7fff) > 0xff) {
      length = swap_bytes(length);
      type = swap_bytes(type);
    }
    if (length < 4) return kMalformed;
    if ((type & 0x7fff) == kPayload) {
      bytes.drop(4);
      return go(NextHeader::Ip);
    }
    const std::uint32_t padded = (length + 3u) & ~3u;
    if (!bytes.has(padded)) return kTruncated;
    bytes.drop(padded);
  }
  return kTruncated;
}

// Sun's ATM header: the low four bits of the first byte say how the cells were used; 2 is 802.2.
Step sun_atm(Slice& bytes) {
  if (!bytes.has(4)) return kTruncated;
  return (bytes.at[0] & 0x0f) == 2 ? header_then(bytes, 4, NextHeader::Llc) : kNotIp;
}

// IP over InfiniBand: a global routing header of 40 bytes, an EtherType, two bytes not used.
Step infiniband(Slice& bytes, Walk& walk) {
  if (!bytes.has(44)) return kTruncated;
  const std::uint16_t type = load_big16(bytes.at + 40);
  bytes.drop(44);
  return go_ether_type(type, walk);
}

// Token ring: control and frame bytes, addresses; the high bit of the source says that a route
// stands behind them, its length in the low five bits of its first byte.
Step token_ring(Slice& bytes) {
  constexpr std::uint32_t kHeader = 14, kSource = 8;
  if (!bytes.has(kHeader)) return kTruncated;
  const bool routed = (bytes.at[kSource] & 0x80) != 0;
  if (routed && !bytes.has(kHeader + 1)) return kTruncated;
  const std::uint32_t route = routed ? bytes.at[kHeader] & 0x1fu : 0;
  return header_then(bytes, kHeader + route, NextHeader::Llc);
}

// AVS: a magic number, then its length; a frame of 802.11 behind it.
Step avs(Slice& bytes) {
  if (!bytes.has(8)) return kTruncated;
  const std::uint32_t length = load_big32(bytes.at + 4);
  if (length < 8) return kMalformed;
  if (!bytes.has(length)) return kTruncated;
  bytes.drop(length);
  return wireless(bytes, false);
}

// Frames of switch chips: a tag between the addresses and the type.
Step switch_tag(Slice& bytes, Walk& walk, std::uint32_t tag) {
  return tag_before_type(bytes, walk, kEthernetBytes + tag);
}

}  // namespace

// Per-packet information: a length in the little-endian way, and the link type of what follows.
Step packet_information(Slice& bytes, Walk& walk, std::uint16_t& link_type) {
  if (!bytes.has(8)) return kTruncated;
  const std::uint32_t length = load_little<std::uint16_t>(bytes.at + 2);
  const std::uint32_t inner = load_little<std::uint32_t>(bytes.at + 4);
  if (length < 8) return kMalformed;
  if (!bytes.has(length)) return kTruncated;
  if (!walk.enter()) return {DecodeStatus::TooDeep, {}};
  bytes.drop(length);
  link_type = inner > 0xffff ? std::uint16_t{0xffff} : static_cast<std::uint16_t>(inner);
  return {};
}

// Link types by their numbers at tcpdump.org/linktypes.html.
Step first_header(std::uint16_t link_type, Slice& bytes, Walk& walk) {
  switch (link_type) {
    case 1:
      return go(NextHeader::Ethernet);
    case 0:
    case 108:
      return loopback(bytes);
    case 12:  // raw IP: DLT_RAW where a file wrote the system's own number,
    case 14:  // OpenBSD's number for it,
    case 101:
    case 228:
    case 229:
      return go(NextHeader::Ip);
    case 6:
      return token_ring(bytes);
    case 8:  // SLIP, as BSD captures it
      return header_then(bytes, 16, NextHeader::Ip);
    case 9:
      return go(NextHeader::Ppp);
    case 10:
      return header_then(bytes, 13, NextHeader::Llc);  // FDDI: control, addresses
    case 50:
      return serial_ppp(bytes, walk);
    case 51:
      return go_ether_type(kPppoeSession, walk);
    case 100:  // RFC 1483 over ATM
      return go(NextHeader::Llc);
    case 104:
      return serial_ppp(bytes, walk);  // Cisco HDLC
    case 105:
      return wireless(bytes, false);
    case 107:
      return frame_relay(bytes, walk);
    case 109:
      return header_then(bytes, 12, NextHeader::Ip);  // OpenBSD's IPsec
    case 113:
      return cooked(bytes, walk, 16, 14);
    case 117:
      return packet_filter_log(bytes);
    case 119:  // Prism header, 144 bytes
      return bytes.has(144) ? (bytes.drop(144), wireless(bytes, false)) : kTruncated;
    case 123:
      return sun_atm(bytes);
    case 127:
      return radiotap(bytes);
    case 138:
      return tag_before_type(bytes, walk, 18);  // IP over IEEE 1394
    case 163:
      return avs(bytes);
    case 166:  // pppd: a direction in place of the address, then control
      return header_then(bytes, 2, NextHeader::Ppp);
    case 204:  // a direction, then PPP, Cisco HDLC or frame relay
      return header_then(bytes, 1, NextHeader::Ppp);
    case 205:
      return bytes.has(1) ? (bytes.drop(1), serial_ppp(bytes, walk)) : kTruncated;
    case 206:
      return bytes.has(1) ? (bytes.drop(1), frame_relay(bytes, walk)) : kTruncated;
    case 226:
      return header_then(bytes, 24, NextHeader::Ip);  // Solaris' own: version, family, zones
    case 239:
      return netfilter_log(bytes);
    case 240:
      return header_then(bytes, 4, NextHeader::Ethernet);  // netANALYZER
    case 241:
      return header_then(bytes, 12, NextHeader::Ethernet);  // the same with the preamble
    case 242:
      return infiniband(bytes, walk);
    case 274:
      return header_then(bytes, 8, NextHeader::Ethernet);  // 802.3br, with the preamble
    case 276:
      return cooked(bytes, walk, 20, 0);
    case 281:  // Broadcom
    case 284:  // Marvell DSA
      return switch_tag(bytes, walk, 4);
    case 285:
      return switch_tag(bytes, walk, 8);  // Marvell EDSA
    default:
      return {DecodeStatus::UnknownLinkType, {}};
  }
}

}  // namespace endreason
