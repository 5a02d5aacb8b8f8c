// SPDX-License-Identifier: Apache-2.0
// The short way to a view, for what most packets are: TCP or UDP right behind IPv4 without options,
// right behind Ethernet, and captured up to the payload. All others, and wherever a header
// contradicts itself, take the long way, which is the meaning of this one: decoder_test.cpp and
// fuzz_decode.cpp hold them together.
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

namespace plain {
constexpr std::uint32_t kEthernet = 14, kIp = 20, kTcp = 20, kUdp = 8;
constexpr std::uint16_t kEthernetLink = 1;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
}  // namespace plain

// As ::ffff:a.b.c.d, in two words rather than byte by byte.
[[gnu::always_inline]] inline IpAddress plain_v4(const std::uint8_t* from) {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t kMapped = 0xffff'0000;
    return std::bit_cast<IpAddress>(std::array<std::uint64_t, 2>{
        0, kMapped | std::uint64_t{load_native<std::uint32_t>(from)} << 32});
  } else {
    IpAddress address{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
    std::memcpy(address.bytes.data() + 12, from, 4);
    return address;
  }
}

// False, and the view is not touched, when the packet is another one. For decoders that neither
// look into tunnels nor check checksums.
[[gnu::always_inline]] inline bool read_plain(const RawPacket& packet, PacketView& view) {
  using namespace plain;
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
  // In its place: an assignment would make it elsewhere first, and copy it.
  ::new (&view) PacketView{
      .time_ns = packet.time_ns,
      .src = plain_v4(ip + 12),
      .dst = plain_v4(ip + 16),
      .sport = load_big16(at),
      .dport = load_big16(at + 2),
      .protocol = ip[9],
      .tcp_flags = tcp ? at[13] : std::uint8_t{0},
      .ttl = ip[8],
      .seq = tcp ? load_big32(at + 4) : 0,
      .ack = tcp ? load_big32(at + 8) : 0,
      .window = tcp ? load_big16(at + 14) : std::uint16_t{0},
      .window_scale = syn ? window_scale(at + kTcp, header - kTcp) : std::int8_t{-1},
      .interface = packet.interface,
      .wire_length = std::max(packet.wire_length, size),
      .ip_length = total,
      .payload_length = end - kIp - header,
      .payload_captured = std::min(captured, end) - kIp - header,
      .payload = at + header,
      .l3 = ip,
      .l3_captured = captured,
  };
  return true;
}

}  // namespace endreason
