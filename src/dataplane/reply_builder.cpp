// SPDX-License-Identifier: Apache-2.0
#include "dataplane/reply_builder.hpp"

#include <algorithm>
#include <cstring>

#include "decode/checksum.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40, kTcpHeader = 20, kIcmpHeader = 8;
constexpr std::uint8_t kHops = 64;
// A quote is as much of the packet as fits into these (RFC 1812 section 4.3.2.3, RFC 4443
// section 3.1).
constexpr std::size_t kMostIpv4 = 576, kMostIpv6 = 1280;

struct Unreachable {
  std::uint8_t type, code;
};
// "Communication administratively prohibited": RFC 1812 section 5.2.7.1, RFC 4443 section 3.1.
constexpr Unreachable kProhibited4{3, 13}, kProhibited6{1, 1};

void put16(std::uint8_t* to, std::size_t value) {
  to[0] = static_cast<std::uint8_t>(value >> 8);
  to[1] = static_cast<std::uint8_t>(value);
}
void put32(std::uint8_t* to, std::uint32_t value) {
  put16(to, value >> 16);
  put16(to + 2, value & 0xffff);
}

std::size_t header_length(bool ipv6) {
  return ipv6 ? kIpv6Header : kIpv4Header;
}

// Room for the IP header and what follows it are there; the rest of the bytes are 0.
void put_ip_header(std::uint8_t* to, bool ipv6, std::size_t length, std::uint8_t protocol,
                   const IpAddress& src, const IpAddress& dst) {
  if (ipv6) {
    to[0] = 0x60;
    put16(to + 4, length - kIpv6Header);
    to[6] = protocol;
    to[7] = kHops;
    std::memcpy(to + 8, src.bytes.data(), 16);
    std::memcpy(to + 24, dst.bytes.data(), 16);
    return;
  }
  to[0] = 0x45;
  put16(to + 2, length);
  to[6] = 0x40;  // don't fragment, so the identification may be 0 (RFC 6864)
  to[8] = kHops;
  to[9] = protocol;
  std::memcpy(to + 12, src.bytes.data() + 12, 4);
  std::memcpy(to + 16, dst.bytes.data() + 12, 4);
  put_checksum(to + 10, checksum_add(to, kIpv4Header));
}

// One host, which may be told of an error.
bool is_one_host(const IpAddress& a) {
  const std::uint8_t first = a.is_v4() ? a.bytes[12] : a.bytes[0];
  if (!a.is_v4()) {
    const bool unspecified = std::ranges::all_of(a.bytes, [](std::uint8_t b) { return b == 0; });
    return first != 0xff && !unspecified;
  }
  return first != 0 && first != 127 && first < 224;  // this network, loopback, multicast and above
}

std::uint32_t sequence_length(const PacketView& p) {
  return p.payload_length + ((p.tcp_flags & kTcpSyn) != 0 ? 1 : 0) +
         ((p.tcp_flags & kTcpFin) != 0 ? 1 : 0);
}

// The number that the flow's receiver expects next.
std::uint32_t expected(const Session& session, Flow flow, const PacketView& p, Flow packet_flow) {
  const FlowState& own = session.flow(flow);
  if (!session.has(sequence_known(flow))) return session.flow(other(flow)).acked;
  const std::uint32_t length = sequence_length(p);
  const bool just_taken = flow == packet_flow && p.seq + length == own.next_seq;
  return just_taken ? p.seq : own.next_seq;
}

}  // namespace

std::uint8_t* ReplyBuilder::add(ReplyKind kind, const PacketView& packet, std::uint64_t cause,
                                std::size_t length) {
  const std::size_t offset = bytes_.size();
  bytes_.resize(offset + length);
  replies_.push_back({cause, packet.time_ns, static_cast<std::uint32_t>(offset),
                      static_cast<std::uint32_t>(length), kind});
  return bytes_.data() + offset;
}

void ReplyBuilder::add_reset(const Session& session, Flow to, const PacketView& packet,
                             Flow packet_flow, std::uint64_t cause) {
  const bool to_client = to == Flow::S2c;
  const IpAddress& src = to_client ? session.server() : session.client();
  const IpAddress& dst = to_client ? session.client() : session.server();
  const bool ipv6 = !src.is_v4() || !dst.is_v4();
  const std::size_t header = header_length(ipv6);
  std::uint8_t* const ip = add(ReplyKind::Reset, packet, cause, header + kTcpHeader);
  put_ip_header(ip, ipv6, header + kTcpHeader, kProtoTcp, src, dst);
  std::uint8_t* const tcp = ip + header;
  put16(tcp, to_client ? session.server_port() : session.client_port());
  put16(tcp + 2, to_client ? session.client_port() : session.server_port());
  put32(tcp + 4, expected(session, to, packet, packet_flow));
  // What the receiver has sent, the packet in hand included: it has arrived here.
  const Flow back = other(to);
  put32(tcp + 8,
        session.has(sequence_known(back)) ? session.flow(back).next_seq : session.flow(to).acked);
  tcp[12] = kTcpHeader / 4 << 4;
  tcp[13] = kTcpRst | kTcpAck;
  const std::uint64_t sum = pseudo_header_sum(src, dst, ipv6, kProtoTcp, kTcpHeader);
  put_checksum(tcp + 16, checksum_add(tcp, kTcpHeader, sum));
}

bool ReplyBuilder::add_unreachable(const PacketView& p, const IpAddress* from,
                                   std::uint64_t cause) {
  if (!is_one_host(p.src) || !is_one_host(p.dst) || p.l3 == nullptr || p.l3_captured == 0)
    return false;
  const IpAddress& src = from != nullptr ? *from : p.dst;
  const std::size_t header = header_length(p.ipv6);
  const std::size_t most = (p.ipv6 ? kMostIpv6 : kMostIpv4) - header - kIcmpHeader;
  const std::size_t quoted = std::min<std::size_t>(std::min(p.l3_captured, p.ip_length), most);
  const std::size_t length = header + kIcmpHeader + quoted;
  const std::uint8_t protocol = p.ipv6 ? kProtoIcmp6 : kProtoIcmp;
  std::uint8_t* const ip = add(ReplyKind::Unreachable, p, cause, length);
  put_ip_header(ip, p.ipv6, length, protocol, src, p.src);
  std::uint8_t* const icmp = ip + header;
  const Unreachable& message = p.ipv6 ? kProhibited6 : kProhibited4;
  icmp[0] = message.type;
  icmp[1] = message.code;
  std::memcpy(icmp + kIcmpHeader, p.l3, quoted);
  const auto covered = static_cast<std::uint32_t>(kIcmpHeader + quoted);
  const std::uint64_t sum =
      p.ipv6 ? pseudo_header_sum(src, p.src, true, protocol, covered) : std::uint64_t{0};
  put_checksum(icmp + 2, checksum_add(icmp, covered, sum));
  return true;
}

}  // namespace endreason
