// SPDX-License-Identifier: Apache-2.0
#include "appid/ip_packet.hpp"

#include <algorithm>
#include <cstring>

#include "model/protocol.hpp"

namespace endreason {

namespace {

class HeaderWriter {
 public:
  explicit HeaderWriter(std::uint8_t* at) : at_(at) {}
  void u8(std::size_t value) { *at_++ = static_cast<std::uint8_t>(value); }
  void u16(std::size_t value) {
    u8(value >> 8);
    u8(value & 0xff);
  }
  void u32(std::size_t value) {
    u16(value >> 16);
    u16(value & 0xffff);
  }
  void address(const IpAddress& a, bool v6) {
    const std::size_t skip = v6 ? 0 : 12;
    std::memcpy(at_, a.bytes.data() + skip, a.bytes.size() - skip);
    at_ += a.bytes.size() - skip;
  }
  std::uint8_t* at() const { return at_; }

 private:
  std::uint8_t* at_;
};

constexpr std::size_t kIpv4Header = 20, kTcpHeader = 20, kUdpHeader = 8;
constexpr std::size_t kHopsLeft = 64;

void write_ip(HeaderWriter& out, const PacketView& p, std::size_t behind) {
  if (p.ipv6) {
    out.u32(0x60000000);
    out.u16(behind);
    out.u8(p.protocol);
    out.u8(kHopsLeft);
  } else {
    out.u16(0x4500);
    out.u16(kIpv4Header + behind);
    out.u32(0);  // no fragment
    out.u8(kHopsLeft);
    out.u8(p.protocol);
    out.u16(0);
  }
  out.address(p.src, p.ipv6);
  out.address(p.dst, p.ipv6);
}

void write_tcp(HeaderWriter& out, const PacketView& p) {
  out.u32(p.seq);
  out.u32(p.ack);
  out.u8((kTcpHeader / 4) << 4);
  out.u8(p.tcp_flags);
  out.u16(p.window);
  out.u32(0);
}

}  // namespace

std::span<const std::uint8_t> IpPacket::wrap(const PacketView& p) {
  const bool tcp = p.protocol == kProtoTcp;
  const std::size_t payload = std::min<std::size_t>(p.payload_captured, kPayloadMax);
  const std::size_t behind = (tcp ? kTcpHeader : kUdpHeader) + payload;
  HeaderWriter out(bytes_.data());
  write_ip(out, p, behind);
  out.u16(p.sport);
  out.u16(p.dport);
  if (tcp) {
    write_tcp(out, p);
  } else {
    out.u16(behind);
    out.u16(0);
  }
  if (payload != 0) std::memcpy(out.at(), p.payload, payload);
  std::memset(out.at() + payload, 0, kTail);
  return {bytes_.data(), static_cast<std::size_t>(out.at() - bytes_.data()) + payload};
}

}  // namespace endreason
