// SPDX-License-Identifier: Apache-2.0
#include "decode/link_layer.hpp"

#include "decode/capture_header.hpp"
#include "decode/step.hpp"

namespace endreason {
namespace {

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

// A tunnel of frames. No firewall outside of such a backbone looks into them, and a capture taken
// at its edge has the inner frame a second time by itself.
Step frame_in_frame(Slice& bytes, const Walk& walk, std::uint32_t count) {
  if (!walk.decap) return kFrameInFrame;
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
      return frame_in_frame(bytes, walk, 4);
    case ether::kFabricPath:
      return frame_in_frame(bytes, walk, 2);
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
