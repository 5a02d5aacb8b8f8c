// SPDX-License-Identifier: Apache-2.0
// The short way to a view, for what most packets are: TCP or UDP right behind IPv4 without options,
// right behind Ethernet, and captured up to the payload. All others, and wherever a header
// contradicts itself, take the long way, which is the meaning of this one: decoder_test.cpp and
// fuzz_decode.cpp hold them together.
//
// A PlainPacket is all that a view of such a packet is made of, in less than a cache line: what one
// thread has read can be given to another in one piece. Most of it is the headers as they lie,
// copied at once; who makes the view reads the fields.
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
  // In the place of what no view shows: the checksum of IP, and TCP's with the urgent pointer.
  static constexpr std::size_t kScale = 2, kWireLength = 28;

  std::uint8_t protocol() const { return headers[1]; }
  std::int8_t window_scale() const { return static_cast<std::int8_t>(headers[kScale]); }
  std::uint32_t wire_length() const { return load_native<std::uint32_t>(&headers[kWireLength]); }

  std::int64_t time_ns;
  const std::uint8_t* l3;                // as PacketView's; null: the bytes are gone
  std::array<std::uint8_t, 32> headers;  // from IP's time to live on; behind UDP's, anything
  std::uint16_t ip_length, l3_captured;
  std::uint16_t interface;
  std::uint16_t number;  // for whoever carries it
};
static_assert(sizeof(PlainPacket) == 56);

namespace plain_bytes {
constexpr std::uint32_t kEthernet = 14, kIp = 20, kTcp = 20, kUdp = 8;
constexpr std::uint32_t kTtl = 8;  // of IP, where the time to live stands
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

// What is told of a plain packet before its fields are read.
struct PlainShape {
  const std::uint8_t* ip;
  std::uint32_t total, captured;  // bytes of the IP packet, and how many of them there are
  std::int8_t window_scale;       // as PacketView's
};

// False: the packet is another one. For decoders that neither look into tunnels nor check
// checksums.
[[gnu::always_inline]] inline bool is_plain(const RawPacket& packet, PlainShape& shape) {
  using namespace plain_bytes;
  const auto size = static_cast<std::uint32_t>(packet.bytes.size());
  if (packet.link_type != kEthernetLink || size < kEthernet + kIp + kUdp) return false;
  const std::uint8_t* const ip = packet.bytes.data() + kEthernet;
  const std::uint8_t* const at = ip + kIp;
  const std::uint32_t total = load_big16(ip + 2);
  const std::uint32_t captured = std::min(size - kEthernet, total);
  // The type of what Ethernet carries, and the first byte of it.
  constexpr std::uint32_t kIpv4 = as_big_lies(std::uint32_t{kTypeIpv4} << 16 | 0x4500);
  if ((load_native<std::uint32_t>(ip - 2) & as_big_lies(0xffff'ff00)) != kIpv4) return false;
  constexpr std::uint16_t kFragment = as_big_lies<std::uint16_t>(0x3fff);
  if ((load_native<std::uint16_t>(ip + 6) & kFragment) != 0) return false;
  shape = {ip, total, captured, -1};
  if (ip[9] != kProtoTcp) {
    if (ip[9] != kProtoUdp || captured < kIp + kUdp) return false;
    const std::uint32_t length = load_big16(at + 4);
    return length >= kUdp && length <= total - kIp;
  }
  if (captured < kIp + kTcp) return false;
  const std::uint32_t header = at[12] >> 2 & ~3u;
  if (header < kTcp || captured < kIp + header) return false;
  if ((at[13] & kTcpSyn) != 0) shape.window_scale = window_scale(at + kTcp, header - kTcp);
  return true;
}

// Sets all but the number. False, and `plain` is not touched, when the packet is another one.
[[gnu::always_inline]] inline bool read_plain(const RawPacket& packet, PlainPacket& plain) {
  using namespace plain_bytes;
  PlainShape shape;
  if (!is_plain(packet, shape)) return false;
  const auto size = static_cast<std::uint32_t>(packet.bytes.size());
  plain.time_ns = packet.time_ns;
  plain.l3 = shape.ip;
  if (size >= kEthernet + kTtl + plain.headers.size()) [[likely]] {
    std::memcpy(plain.headers.data(), shape.ip + kTtl, plain.headers.size());
  } else {
    plain.headers = {};
    std::memcpy(plain.headers.data(), shape.ip + kTtl, kIp + kUdp - kTtl);
  }
  plain.headers[PlainPacket::kScale] = static_cast<std::uint8_t>(shape.window_scale);
  const std::uint32_t wire_length = std::max(packet.wire_length, size);
  std::memcpy(&plain.headers[PlainPacket::kWireLength], &wire_length, sizeof wire_length);
  plain.ip_length = static_cast<std::uint16_t>(shape.total);
  plain.l3_captured = static_cast<std::uint16_t>(shape.captured);
  plain.interface = packet.interface;
  return true;
}

// What a view of a plain packet is made of beside the headers.
struct PlainRest {
  std::int64_t time_ns;
  const std::uint8_t* l3;
  std::uint32_t wire_length, ip_length, l3_captured;
  std::uint16_t interface;
  std::int8_t window_scale;
};

// `headers`: as PlainPacket's. AsTcp: there are as many bytes behind UDP's header as if it were
// TCP's, so that no one need guess which it is before they are read.
template <bool AsTcp>
[[gnu::always_inline]] inline void view_of(const std::uint8_t* headers, const PlainRest& rest,
                                           PacketView& view) {
  using namespace plain_bytes;
  const std::uint8_t* const at = headers + kIp - kTtl;
  const bool tcp = headers[1] == kProtoTcp;
  const auto of_tcp = [tcp, at](std::size_t place) -> std::uint32_t {
    if constexpr (AsTcp) {
      const std::uint32_t there = load_big32(at + place);
      return tcp ? there : 0;
    }
    return tcp ? load_big32(at + place) : 0;
  };
  const std::uint32_t shape = of_tcp(12);  // offset, flags, window
  const std::uint32_t before = kIp + (tcp ? (shape >> 28) * 4 : kUdp);
  const std::uint32_t payload =
      tcp ? rest.ip_length - before : std::uint32_t{load_big16(at + 4)} - kUdp;
  const std::uint32_t there = std::min(rest.l3_captured, before + payload);
  // In its place: an assignment would make it elsewhere first, and copy it.
  ::new (&view) PacketView{
      .time_ns = rest.time_ns,
      .src = plain_v4(load_native<std::uint32_t>(headers + 4)),
      .dst = plain_v4(load_native<std::uint32_t>(headers + 8)),
      .sport = load_big16(at),
      .dport = load_big16(at + 2),
      .protocol = headers[1],
      .tcp_flags = static_cast<std::uint8_t>(shape >> 16),
      .ttl = headers[0],
      .seq = of_tcp(4),
      .ack = of_tcp(8),
      .window = static_cast<std::uint16_t>(shape),
      .window_scale = rest.window_scale,
      .interface = rest.interface,
      .wire_length = rest.wire_length,
      .ip_length = rest.ip_length,
      .payload_length = payload,
      .payload_captured = there - before,
      .payload = rest.l3 != nullptr ? rest.l3 + before : nullptr,
      .l3 = rest.l3,
      .l3_captured = rest.l3_captured,
  };
}

[[gnu::always_inline]] inline void view_of(const PlainPacket& plain, PacketView& view) {
  view_of<true>(plain.headers.data(),
                {plain.time_ns, plain.l3, plain.wire_length(), plain.ip_length, plain.l3_captured,
                 plain.interface, plain.window_scale()},
                view);
}

// The same in one, for who has use for the view at once.
[[gnu::always_inline]] inline bool read_plain(const RawPacket& packet, PacketView& view) {
  PlainShape shape;
  if (!is_plain(packet, shape)) return false;
  const auto size = static_cast<std::uint32_t>(packet.bytes.size());
  view_of<false>(shape.ip + plain_bytes::kTtl,
                 {packet.time_ns, shape.ip, std::max(packet.wire_length, size), shape.total,
                  shape.captured, packet.interface, shape.window_scale},
                 view);
  return true;
}

}  // namespace endreason
