// SPDX-License-Identifier: Apache-2.0
#include "decode/link_layer.hpp"

#include <array>

#include "base/byte_order.hpp"

namespace endreason {
namespace {

// What one header came to: the next one is known, or the walk is over.
struct Step {
  DecodeStatus status{DecodeStatus::Ok};
  NextHeader next{NextHeader::Ip};
};
constexpr Step kTruncated{DecodeStatus::Truncated, {}};
constexpr Step kMalformed{DecodeStatus::Malformed, {}};
constexpr Step kNotIp{DecodeStatus::NotIp, {}};

Step go(NextHeader next) {
  return {DecodeStatus::Ok, next};
}
Step go_ether_type(std::uint16_t type, Walk& walk) {
  walk.ether_type = type;
  return {DecodeStatus::Ok, NextHeader::EtherType};
}

// EtherTypes (IANA "IEEE 802 Numbers") that lead to an IP packet.
namespace ether {
constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kVlan = 0x8100;         // 802.1Q
constexpr std::uint16_t kServiceVlan = 0x88a8;  // 802.1ad
constexpr std::uint16_t kOldVlan = 0x9100;      // QinQ before 802.1ad; also 0x9200, 0x9300
constexpr std::uint16_t kOldVlan2 = 0x9200;
constexpr std::uint16_t kOldVlan3 = 0x9300;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint16_t kPpp = 0x880b;
constexpr std::uint16_t kMpls = 0x8847;
constexpr std::uint16_t kMplsUpstream = 0x8848;
constexpr std::uint16_t kPppoeSession = 0x8864;
constexpr std::uint16_t kBackbone = 0x88e7;     // 802.1ah: a whole frame in a frame
constexpr std::uint16_t kFabricPath = 0x8903;   // Cisco: a whole frame behind a tag
constexpr std::uint16_t kMetaData = 0x8909;     // Cisco: tags before the type
constexpr std::uint16_t kVnTag = 0x8926;        // Cisco, 802.1BR's forerunner
constexpr std::uint16_t kServicePath = 0x894f;  // network service header, RFC 8300
constexpr std::uint16_t kBridged = 0x6558;      // transparent Ethernet bridging
}  // namespace ether

constexpr std::uint16_t kSmallestEtherType = 0x0600;  // below: a length, and 802.2 behind it

constexpr std::uint32_t kEthernetBytes = 14;

Step ethernet(Slice& bytes, Walk& walk) {
  if (!bytes.has(kEthernetBytes)) return kTruncated;
  const std::uint16_t type = load_big16(bytes.at + 12);
  bytes.drop(kEthernetBytes);
  if (type >= kSmallestEtherType) return go_ether_type(type, walk);
  if (type > 0 && type < bytes.wire) bytes.limit(type);
  return go(NextHeader::Llc);
}

Step vlan(Slice& bytes, Walk& walk) {
  if (!bytes.has(4)) return kTruncated;
  if (!walk.vlan_seen) walk.vlan = load_big16(bytes.at) & 0x0fff;
  walk.vlan_seen = true;
  const std::uint16_t type = load_big16(bytes.at + 2);
  bytes.drop(4);
  return type >= kSmallestEtherType ? go_ether_type(type, walk) : go(NextHeader::Llc);
}

// RFC 2516: version and type 1, code 0 for a session, id, length; then PPP.
Step pppoe(Slice& bytes) {
  if (!bytes.has(6)) return kTruncated;
  if (bytes.at[0] != 0x11) return kMalformed;
  if (bytes.at[1] != 0) return kNotIp;
  const std::uint32_t length = load_big16(bytes.at + 4);
  bytes.drop(6);
  if (length < bytes.wire) bytes.limit(length);
  return go(NextHeader::Ppp);
}

// Moves over `count` bytes, at whose end the next type stands.
Step tag_before_type(Slice& bytes, Walk& walk, std::uint32_t count) {
  if (!bytes.has(count)) return kTruncated;
  const std::uint16_t type = load_big16(bytes.at + count - 2);
  bytes.drop(count);
  return type >= kSmallestEtherType ? go_ether_type(type, walk) : kNotIp;
}

Step frame_behind(Slice& bytes, std::uint32_t count) {
  if (!bytes.has(count)) return kTruncated;
  bytes.drop(count);
  return go(NextHeader::Ethernet);
}

Step ether_type(Slice& bytes, Walk& walk) {
  switch (walk.ether_type) {
    case ether::kIpv4:
    case ether::kIpv6:
      return go(NextHeader::Ip);
    case ether::kVlan:
    case ether::kServiceVlan:
    case ether::kOldVlan:
    case ether::kOldVlan2:
    case ether::kOldVlan3:
      return vlan(bytes, walk);
    case ether::kMpls:
    case ether::kMplsUpstream:
      return go(NextHeader::Mpls);
    case ether::kPppoeSession:
      return pppoe(bytes);
    case ether::kPpp:
      return go(NextHeader::Ppp);
    case ether::kBridged:
      return go(NextHeader::Ethernet);
    case ether::kBackbone:
      return frame_behind(bytes, 4);
    case ether::kFabricPath:
      return frame_behind(bytes, 2);
    case ether::kVnTag:
      return tag_before_type(bytes, walk, 6);
    case ether::kServicePath:
      return go(NextHeader::Nsh);
    case ether::kMetaData:
      return tag_before_type(bytes, walk, 8);
    default:
      return kNotIp;
  }
}

// IEEE 802.2: SNAP (RFC 1042) carries an EtherType, 06 is IP itself; all else is no IP.
Step llc(Slice& bytes, Walk& walk) {
  if (!bytes.has(3)) return kTruncated;
  if (bytes.at[0] == 0x06 && bytes.at[1] == 0x06) {
    bytes.drop(3);
    return go(NextHeader::Ip);
  }
  if (bytes.at[0] != 0xaa || bytes.at[1] != 0xaa || bytes.at[2] != 0x03) return kNotIp;
  if (!bytes.has(8)) return kTruncated;
  const bool carries_type = (bytes.at[3] | bytes.at[4] | bytes.at[5]) == 0 ||
                            (bytes.at[3] == 0 && bytes.at[4] == 0 && bytes.at[5] == 0xf8);
  const std::uint16_t type = load_big16(bytes.at + 6);
  bytes.drop(8);
  return carries_type && type >= kSmallestEtherType ? go_ether_type(type, walk) : kNotIp;
}

// RFC 1661; RFC 1662 allows the address and control bytes ff 03 before, and a protocol number of
// one byte when it is odd.
Step ppp(Slice& bytes) {
  if (bytes.has(2) && bytes.at[0] == 0xff && bytes.at[1] == 0x03) bytes.drop(2);
  if (!bytes.has(1)) return kTruncated;
  std::uint32_t protocol = bytes.at[0];
  std::uint32_t count = 1;
  if ((protocol & 1) == 0) {
    if (!bytes.has(2)) return kTruncated;
    protocol = load_big16(bytes.at);
    count = 2;
  }
  bytes.drop(count);
  if (protocol == 0x21 || protocol == 0x57) return go(NextHeader::Ip);
  if (protocol == 0x281 || protocol == 0x283) return go(NextHeader::Mpls);
  return kNotIp;
}

// How well bytes fit an Ethernet frame: one that carries something known here, one of 802.2, none.
enum class FrameFit : std::uint8_t { None, Length, KnownType };

FrameFit frame_fit(const Slice& bytes) {
  if (!bytes.has(kEthernetBytes)) return FrameFit::None;
  const std::uint16_t type = load_big16(bytes.at + 12);
  switch (type) {
    case ether::kIpv4:
    case ether::kIpv6:
    case ether::kVlan:
    case ether::kServiceVlan:
    case ether::kPppoeSession:
    case ether::kMpls:
      return FrameFit::KnownType;
    default:
      return type < kSmallestEtherType ? FrameFit::Length : FrameFit::None;
  }
}

// What lies behind a label stack is not named: IP by its version, else a pseudowire, with a control
// word (RFC 4448: the first four bits are zero) or without.
Step behind_labels(Slice& bytes) {
  if (!bytes.has(1)) return kTruncated;
  const unsigned version = bytes.at[0] >> 4;
  const FrameFit here = frame_fit(bytes);
  // A MAC address may begin with 4 or 6 too, but then the rest is no IP header.
  const bool too_short_for_ipv4 = version == 4 && (bytes.at[0] & 0x0f) < 5;
  if ((version == 4 || version == 6) && !(too_short_for_ipv4 && here == FrameFit::KnownType))
    return go(NextHeader::Ip);
  Slice behind = bytes;
  FrameFit there = FrameFit::None;
  if (version == 0 && bytes.has(4)) {
    behind.drop(4);
    there = frame_fit(behind);
  }
  if (there == FrameFit::None && here == FrameFit::None) return kNotIp;
  if (there >= here) bytes = behind;
  return go(NextHeader::Ethernet);
}

// RFC 3032: 32-bit entries up to the one with the bottom bit.
Step mpls(Slice& bytes) {
  bool bottom = false;
  while (!bottom) {
    if (!bytes.has(4)) return kTruncated;
    bottom = (bytes.at[2] & 1) != 0;
    bytes.drop(4);
  }
  return behind_labels(bytes);
}

// RFC 8300 section 2.2: version 0; a length in 32-bit words, the path included; what is inside.
Step service_path(Slice& bytes) {
  if (!bytes.has(8)) return kTruncated;
  const std::uint32_t length = (bytes.at[1] & 0x3fu) * 4;
  if ((bytes.at[0] >> 6) != 0 || length < 8) return kMalformed;
  if (!bytes.has(length)) return kTruncated;
  const std::uint8_t inside = bytes.at[3];
  bytes.drop(length);
  switch (inside) {
    case 1:
    case 2:
      return go(NextHeader::Ip);
    case 3:
      return go(NextHeader::Ethernet);
    case 4:
      return go(NextHeader::Nsh);
    case 5:
      return go(NextHeader::Mpls);
    default:
      return kNotIp;
  }
}

Step one_header(NextHeader header, Slice& bytes, Walk& walk) {
  switch (header) {
    case NextHeader::Ethernet:
      return ethernet(bytes, walk);
    case NextHeader::EtherType:
      return ether_type(bytes, walk);
    case NextHeader::Ppp:
      return ppp(bytes);
    case NextHeader::Llc:
      return llc(bytes, walk);
    case NextHeader::Mpls:
      return mpls(bytes);
    case NextHeader::Nsh:
      return service_path(bytes);
    case NextHeader::Ip:
      break;
  }
  return go(NextHeader::Ip);
}

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

Step header_then(Slice& bytes, std::uint32_t count, NextHeader next) {
  if (!bytes.has(count)) return kTruncated;
  bytes.drop(count);
  return go(next);
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

constexpr std::uint16_t kPpiLink = 192;

// Link types by their numbers at tcpdump.org/linktypes.html.
Step first_header(std::uint16_t link_type, Slice& bytes, Walk& walk) {
  switch (link_type) {
    case 1:
      return ethernet(bytes, walk);
    case 0:
    case 108:
      return loopback(bytes);
    case 12:  // raw IP: DLT_RAW where a file wrote the system's own number,
    case 14:  // OpenBSD's number for it,
    case 101:
    case 228:
    case 229:
      return go(NextHeader::Ip);
    case 8:  // SLIP, as BSD captures it
      return header_then(bytes, 16, NextHeader::Ip);
    case 9:
      return go(NextHeader::Ppp);
    case 50:
      return serial_ppp(bytes, walk);
    case 51:
      return pppoe(bytes);
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
    case 239:
      return netfilter_log(bytes);
    case 242:
      return infiniband(bytes, walk);
    case 276:
      return cooked(bytes, walk, 20, 0);
    default:
      return {DecodeStatus::UnknownLinkType, {}};
  }
}

DecodeStatus walk_to_ip(Step step, Slice& bytes, Walk& walk) {
  while (step.status == DecodeStatus::Ok && step.next != NextHeader::Ip) {
    if (!walk.enter()) return DecodeStatus::TooDeep;
    step = one_header(step.next, bytes, walk);
  }
  return step.status;
}

}  // namespace

DecodeStatus find_ip(std::uint16_t link_type, Slice& bytes, Walk& walk) {
  while (link_type == kPpiLink) {
    const Step step = packet_information(bytes, walk, link_type);
    if (step.status != DecodeStatus::Ok) return step.status;
  }
  return walk_to_ip(first_header(link_type, bytes, walk), bytes, walk);
}

DecodeStatus find_ip(NextHeader first, Slice& bytes, Walk& walk) {
  return walk_to_ip(go(first), bytes, walk);
}

}  // namespace endreason
