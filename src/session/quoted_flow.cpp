// SPDX-License-Identifier: Apache-2.0
#include "session/quoted_flow.hpp"

#include <algorithm>

namespace endreason {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Protocol numbers, from the IANA registry.
constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58, kSctp = 132, kUdpLite = 136;
constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
constexpr std::uint8_t kEchoReply = 0, kEcho = 8, kEchoV6 = 128, kEchoReplyV6 = 129;
constexpr std::size_t kMostExtensions = 8;  // as many as a sane packet has, and a bound on work

struct Quoted {
  IpAddress src, dst;
  std::uint8_t protocol{};
  Bytes transport;
};

std::uint16_t word_at(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

bool read_v4(Bytes bytes, Quoted& out) {
  const std::size_t header = std::size_t{4} * (bytes[0] & 15);
  if (header < 20 || bytes.size() < header) return false;
  if ((word_at(bytes, 6) & 0x1fff) != 0) return false;  // a later fragment has no ports
  for (IpAddress* address : {&out.src, &out.dst}) address->bytes[10] = address->bytes[11] = 0xff;
  std::copy_n(bytes.begin() + 12, 4, out.src.bytes.begin() + 12);
  std::copy_n(bytes.begin() + 16, 4, out.dst.bytes.begin() + 12);
  out.protocol = bytes[9];
  out.transport = bytes.subspan(header);
  return true;
}

bool read_v6(Bytes bytes, Quoted& out) {
  if (bytes.size() < 40) return false;
  std::copy_n(bytes.begin() + 8, 16, out.src.bytes.begin());
  std::copy_n(bytes.begin() + 24, 16, out.dst.bytes.begin());
  out.protocol = bytes[6];
  out.transport = bytes.subspan(40);
  for (std::size_t i = 0; i < kMostExtensions; ++i) {
    const std::uint8_t kind = out.protocol;
    const bool chained = kind == kHopByHop || kind == kRouting || kind == kDestination;
    if (!chained && kind != kFragment) return true;
    if (out.transport.size() < 8) return false;
    if (kind == kFragment && (word_at(out.transport, 2) & 0xfff8) != 0) return false;
    const std::size_t length = kind == kFragment ? 8 : (std::size_t{out.transport[1]} + 1) * 8;
    if (out.transport.size() < length) return false;
    out.protocol = out.transport[0];
    out.transport = out.transport.subspan(length);
  }
  return false;
}

// The ports as decoding gives them to PacketView: an echo's identifier in both, of other ICMP the
// type and the code.
bool read_ports(const Quoted& quoted, std::uint16_t& sport, std::uint16_t& dport) {
  const Bytes bytes = quoted.transport;
  const bool icmp = quoted.protocol == kIcmp || quoted.protocol == kIcmpv6;
  const bool ported = quoted.protocol == kTcp || quoted.protocol == kUdp ||
                      quoted.protocol == kSctp || quoted.protocol == kUdpLite;
  sport = dport = 0;
  if (!icmp && !ported) return true;
  if (bytes.size() < 4) return false;
  if (ported) {
    sport = word_at(bytes, 0);
    dport = word_at(bytes, 2);
    return true;
  }
  const std::uint8_t type = bytes[0];
  const bool echo = quoted.protocol == kIcmp ? type == kEcho || type == kEchoReply
                                             : type == kEchoV6 || type == kEchoReplyV6;
  if (echo && bytes.size() < 6) return false;
  sport = echo ? word_at(bytes, 4) : type;
  dport = echo ? sport : bytes[1];
  return true;
}

}  // namespace

bool quoted_flow_key(Bytes quoted, std::uint16_t zone, FlowKey& key) {
  if (quoted.size() < 20) return false;
  Quoted found;
  const unsigned version = quoted[0] >> 4;
  const bool read = version == 4   ? read_v4(quoted, found)
                    : version == 6 ? read_v6(quoted, found)
                                   : false;
  std::uint16_t sport = 0, dport = 0;
  if (!read || !read_ports(found, sport, dport)) return false;
  make_flow_key(found.src, found.dst, sport, dport, found.protocol, zone, key);
  return true;
}

}  // namespace endreason
