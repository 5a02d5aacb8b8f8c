// SPDX-License-Identifier: Apache-2.0
// The short way to a view, for what most packets are: TCP or UDP right behind IPv4 without options,
// right behind Ethernet, and captured up to the payload. All others, and wherever a header
// contradicts itself, take the long way, which is the meaning of this one: decoder_test.cpp and
// fuzz_decode.cpp hold them together.
//
// A PlainPacket is all that a view of such a packet says, in less than a cache line: what one
// thread has read can be given to another in one piece.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include "base/byte_order.hpp"
#include "decode/transport_layer.hpp"
#include "model/packet_view.hpp"
#include "model/protocol.hpp"
#include "model/raw_packet.hpp"

namespace endreason {

static_assert(std::is_trivially_destructible_v<PacketView>);

struct PlainPacket {
  std::int64_t time_ns;
  const std::uint8_t* l3;  // as PacketView's; null: the bytes are gone
  std::uint32_t src, dst;  // as they lie in the header
  std::uint32_t seq, ack;
  std::uint32_t wire_length;
  std::uint16_t sport, dport;
  std::uint16_t window;
  std::uint16_t interface;
  std::uint16_t ip_length, l3_captured;
  std::uint16_t payload_length;
  std::uint16_t number;  // for whoever carries it
  std::uint8_t protocol;
  std::uint8_t tcp_flags;
  std::uint8_t ttl;
  std::int8_t window_scale;
};
static_assert(sizeof(PlainPacket) == 56);

namespace plain_bytes {
constexpr std::uint32_t kEthernet = 14, kIp = 20, kTcp = 20, kUdp = 8;
constexpr std::uint16_t kEthernetLink = 1;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
}  // namespace plain_bytes

// As ::ffff:a.b.c.d, in two words rather than byte by byte.
[[gnu::always_inline]] inline IpAddress plain_v4(std::uint32_t as_it_lies) {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t kMapped = 0xffff'0000;
    return std::bit_cast<IpAddress>(
        std::array<std::uint64_t, 2>{0, kMapped | std::uint64_t{as_it_lies} << 32});
  } else {
    IpAddress address{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
    std::memcpy(address.bytes.data() + 12, &as_it_lies, 4);
    return address;
  }
}

// False, and `plain` is not touched, when the packet is another one. For decoders that neither look
// into tunnels nor check checksums. Sets all but the number.
[[gnu::always_inline]] inline bool read_plain(const RawPacket& packet, PlainPacket& plain) {
  using namespace plain_bytes;
  const auto size = static_cast<std::uint32_t>(packet.bytes.size());
  if (packet.link_type != kEthernetLink || size < kEthernet + kIp + kUdp) return false;
  const std::uint8_t* const ip = packet.bytes.data() + kEthernet;
  const std::uint8_t* const at = ip + kIp;
  const std::uint32_t total = load_big16(ip + 2);
  const std::uint32_t captured = std::min(size - kEthernet, total);
  if (load_big16(packet.bytes.data() + 12) != kTypeIpv4 || ip[0] != 0x45) return false;
  if ((load_big16(ip + 6) & 0x3fff) != 0) return false;  // a fragment
  const bool tcp = ip[9] == kProtoTcp;
  std::uint32_t header = kUdp;
  std::uint32_t end = total;  // of the transport's packet
  if (tcp) [[likely]] {
    if (captured < kIp + kTcp) return false;
    header = (at[12] >> 4) * 4u;
    if (header < kTcp) return false;
  } else {
    if (ip[9] != kProtoUdp || captured < kIp + kUdp) return false;
    const std::uint32_t length = load_big16(at + 4);
    if (length < kUdp || length > total - kIp) return false;
    end = kIp + length;
  }
  if (captured < kIp + header) return false;
  const bool syn = tcp && (at[13] & kTcpSyn) != 0;
  plain.time_ns = packet.time_ns;
  plain.l3 = ip;
  plain.src = load_native<std::uint32_t>(ip + 12);
  plain.dst = load_native<std::uint32_t>(ip + 16);
  plain.seq = tcp ? load_big32(at + 4) : 0;
  plain.ack = tcp ? load_big32(at + 8) : 0;
  plain.wire_length = std::max(packet.wire_length, size);
  plain.sport = load_big16(at);
  plain.dport = load_big16(at + 2);
  plain.window = tcp ? load_big16(at + 14) : std::uint16_t{0};
  plain.interface = packet.interface;
  plain.ip_length = static_cast<std::uint16_t>(total);
  plain.l3_captured = static_cast<std::uint16_t>(captured);
  plain.payload_length = static_cast<std::uint16_t>(end - kIp - header);
  plain.protocol = ip[9];
  plain.tcp_flags = tcp ? at[13] : std::uint8_t{0};
  plain.ttl = ip[8];
  plain.window_scale = syn ? window_scale(at + kTcp, header - kTcp) : std::int8_t{-1};
  return true;
}

[[gnu::always_inline]] inline void view_of(const PlainPacket& plain, PacketView& view) {
  using namespace plain_bytes;
  // What TCP's packet has in front of its data is the rest of it.
  const std::uint32_t before =
      plain.protocol == kProtoTcp ? plain.ip_length - plain.payload_length : kIp + kUdp;
  const std::uint32_t there =
      std::min<std::uint32_t>(plain.l3_captured, before + plain.payload_length);
  // In its place: an assignment would make it elsewhere first, and copy it.
  ::new (&view) PacketView{
      .time_ns = plain.time_ns,
      .src = plain_v4(plain.src),
      .dst = plain_v4(plain.dst),
      .sport = plain.sport,
      .dport = plain.dport,
      .protocol = plain.protocol,
      .tcp_flags = plain.tcp_flags,
      .ttl = plain.ttl,
      .seq = plain.seq,
      .ack = plain.ack,
      .window = plain.window,
      .window_scale = plain.window_scale,
      .interface = plain.interface,
      .wire_length = plain.wire_length,
      .ip_length = plain.ip_length,
      .payload_length = plain.payload_length,
      .payload_captured = there - before,
      .payload = plain.l3 != nullptr ? plain.l3 + before : nullptr,
      .l3 = plain.l3,
      .l3_captured = plain.l3_captured,
  };
}

// The same in one, for who has use for the view at once.
[[gnu::always_inline]] inline bool read_plain(const RawPacket& packet, PacketView& view) {
  PlainPacket plain;
  if (!read_plain(packet, plain)) return false;
  view_of(plain, view);
  return true;
}

}  // namespace endreason
