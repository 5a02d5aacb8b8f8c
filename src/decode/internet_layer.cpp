// SPDX-License-Identifier: Apache-2.0
#include "decode/internet_layer.hpp"

#include <cstring>

#include "base/byte_order.hpp"
#include "decode/checksum.hpp"

namespace endreason {
namespace {

constexpr std::uint32_t kIpv4Bytes = 20;
constexpr std::uint32_t kIpv6Bytes = 40;

// IPv6 extension headers (IANA "IPv6 Extension Header Types").
namespace extension {
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kNothing = 59;
constexpr std::uint8_t kDestination = 60;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kHostIdentity = 139;
constexpr std::uint8_t kShim6 = 140;
}  // namespace extension

void set_v4(IpAddress& address, const std::uint8_t* from) {
  // ::ffff:a.b.c.d; the constant's last four bytes are written over.
  constexpr std::array<std::uint8_t, 16> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  address.bytes = kMapped;
  std::memcpy(address.bytes.data() + 12, from, 4);
}

void set_packet(PacketView& view, const Slice& packet, Datagram& datagram) {
  view.ip_length = packet.wire;
  view.l3 = packet.at;
  view.l3_captured = packet.captured;
  datagram.packet = packet;
}

// RFC 4302: next header, its length in 32-bit words less two.
DecodeStatus pass_authentication(Slice& payload, std::uint8_t& protocol) {
  if (payload.wire < 12) return DecodeStatus::Malformed;
  if (!payload.has(12)) return DecodeStatus::Truncated;
  const std::uint32_t length = (payload.at[1] + 2u) * 4;
  if (length > payload.wire || length < 12) return DecodeStatus::Malformed;
  if (!payload.has(length)) return DecodeStatus::Truncated;
  protocol = payload.at[0];
  payload.drop(length);
  return DecodeStatus::Ok;
}

DecodeStatus read_v4(Slice bytes, InternetRules rules, PacketView& view, Datagram& datagram) {
  if (!bytes.has(kIpv4Bytes)) return DecodeStatus::Truncated;
  const std::uint8_t* const at = bytes.at;
  const std::uint32_t header = (at[0] & 0x0fu) * 4;
  std::uint32_t total = load_big16(at + 2);
  // Zero where the network card cuts a longer packet into pieces: then the capture knows better.
  if (total == 0) total = bytes.wire;
  if (header < kIpv4Bytes || total < header) return DecodeStatus::Malformed;
  bytes.limit(total);
  set_packet(view, bytes, datagram);
  view.ttl = at[8];
  view.protocol = at[9];
  set_v4(view.src, at + 12);
  set_v4(view.dst, at + 16);
  if (!bytes.has(header)) return DecodeStatus::Truncated;
  if (rules.check_header && !checksum_holds(checksum_add(at, header)))
    return DecodeStatus::BadChecksum;
  datagram.payload = bytes;
  datagram.payload.drop(header);
  datagram.protocol = at[9];
  const std::uint32_t fragment = load_big16(at + 6);
  if ((fragment & 0x3fff) == 0) [[likely]]
    return DecodeStatus::Ok;
  datagram.is_fragment = true;
  datagram.more = (fragment & 0x2000) != 0;
  datagram.offset = (fragment & 0x1fff) * 8;
  datagram.identification = load_big16(at + 4);
  datagram.next_header_at = 9;
  return DecodeStatus::Ok;
}

bool is_extension(std::uint8_t protocol) {
  switch (protocol) {
    case extension::kHopByHop:
    case extension::kRouting:
    case extension::kFragment:
    case extension::kAuthentication:
    case extension::kDestination:
    case extension::kMobility:
    case extension::kHostIdentity:
    case extension::kShim6:
      return true;
    default:
      return false;
  }
}

// RFC 8200 section 4.5. Returns true when it is the header of a real fragment: one that is both the
// first and the last is none (RFC 6946).
bool read_fragment_header(const std::uint8_t* at, Datagram& datagram) {
  const std::uint32_t word = load_big16(at + 2);
  datagram.offset = word & 0xfff8;
  datagram.more = (word & 1) != 0;
  datagram.identification = load_big32(at + 4);
  datagram.is_fragment = datagram.offset != 0 || datagram.more;
  return datagram.is_fragment;
}

DecodeStatus pass_extensions(Walk& walk, Datagram& datagram) {
  Slice& payload = datagram.payload;
  std::uint32_t named_at = 6;
  while (is_extension(datagram.protocol)) {
    if (!walk.enter()) return DecodeStatus::TooDeep;
    const std::uint32_t here = datagram.packet.wire - payload.wire;
    const std::uint8_t kind = datagram.protocol;
    if (kind == extension::kAuthentication) {
      const DecodeStatus passed = pass_authentication(payload, datagram.protocol);
      if (passed != DecodeStatus::Ok) return passed;
      named_at = here;
      continue;
    }
    if (payload.wire < 8) return DecodeStatus::Malformed;
    if (!payload.has(8)) return DecodeStatus::Truncated;
    const std::uint8_t next = payload.at[0];
    // These stand at the end as a rule, and are then what the packet is about.
    if (kind >= extension::kMobility && next == extension::kNothing) return DecodeStatus::Ok;
    const std::uint32_t length = kind == extension::kFragment ? 8 : payload.at[1] * 8u + 8;
    if (length > payload.wire) return DecodeStatus::Malformed;
    if (!payload.has(length)) return DecodeStatus::Truncated;
    // Segments left: the last address of the route is summed, not the one in the header. A
    // destination option may hold a home address that is summed (RFC 6275 section 6.3).
    if ((kind == extension::kRouting && payload.at[3] != 0) || kind == extension::kDestination)
      datagram.plain_checksum = false;
    const bool fragment =
        kind == extension::kFragment && read_fragment_header(payload.at, datagram);
    datagram.protocol = next;
    payload.drop(length);
    if (fragment) {
      datagram.next_header_at = named_at;
      return DecodeStatus::Ok;
    }
    named_at = here;
  }
  return DecodeStatus::Ok;
}

DecodeStatus read_v6(Slice bytes, Walk& walk, PacketView& view, Datagram& datagram) {
  if (!bytes.has(kIpv6Bytes)) return DecodeStatus::Truncated;
  const std::uint8_t* const at = bytes.at;
  const std::uint32_t stated = load_big16(at + 4);
  // Zero for jumbograms, and where the network card cuts a longer packet into pieces.
  const bool unstated = stated == 0 && at[6] != extension::kNothing;
  bytes.limit(unstated ? bytes.wire : stated + kIpv6Bytes);
  set_packet(view, bytes, datagram);
  view.ipv6 = true;
  view.ttl = at[7];
  std::memcpy(view.src.bytes.data(), at + 8, 16);
  std::memcpy(view.dst.bytes.data(), at + 24, 16);
  datagram.payload = bytes;
  datagram.payload.drop(kIpv6Bytes);
  datagram.protocol = at[6];
  const DecodeStatus status = pass_extensions(walk, datagram);
  view.protocol = datagram.protocol;
  return status;
}

}  // namespace

DecodeStatus read_internet_headers(Slice bytes, InternetRules rules, Walk& walk, PacketView& view,
                                   Datagram& datagram) {
  if (!walk.enter()) return DecodeStatus::TooDeep;
  if (!bytes.has(1)) return DecodeStatus::Truncated;
  datagram.plain_checksum = true;
  datagram.is_fragment = datagram.more = false;
  datagram.offset = 0;
  const unsigned version = bytes.at[0] >> 4;
  if (version == 6) return read_v6(bytes, walk, view, datagram);
  if (version != 4) return DecodeStatus::Malformed;
  const DecodeStatus status = read_v4(bytes, rules, view, datagram);
  if (status != DecodeStatus::Ok || datagram.is_fragment) return status;
  if (rules.through_authentication && datagram.protocol == extension::kAuthentication) {
    const DecodeStatus passed = pass_authentication(datagram.payload, datagram.protocol);
    if (passed != DecodeStatus::Ok) return passed;
    view.protocol = datagram.protocol;
    view.tunnel = TunnelKind::Ah;
  }
  return DecodeStatus::Ok;
}

}  // namespace endreason
