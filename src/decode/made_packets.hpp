// SPDX-License-Identifier: Apache-2.0
// For the tests of this room: packets made by hand, header by header, from the inside out, with
// right lengths and checksums unless a test spoils them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "decode/checksum.hpp"
#include "model/ip_address.hpp"
#include "model/raw_packet.hpp"

namespace endreason::made {

using Bytes = std::vector<std::uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Bytes text(std::string_view s) {
  return {s.begin(), s.end()};
}
inline Bytes zeros(std::size_t n) {
  return Bytes(n, 0);
}
// "08 00 45": bytes in hexadecimal, blanks between them.
inline Bytes hex(std::string_view digits) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    while (i < digits.size() && digits[i] == ' ') ++i;
    if (i + 1 >= digits.size()) break;
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoul(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}
inline void put16(Bytes& bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
inline Bytes be16(std::size_t value) {
  Bytes bytes(2);
  put16(bytes, 0, value);
  return bytes;
}

// The checksum that makes the sum all ones.
inline std::uint16_t checksum_of(const Bytes& bytes, std::uint64_t sum = 0) {
  sum = checksum_add(bytes.data(), static_cast<std::uint32_t>(bytes.size()), sum);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  const auto value = static_cast<std::uint16_t>(~sum);
  return static_cast<std::uint16_t>(value << 8 | value >> 8);
}

struct Ends {
  std::string src = "10.0.0.1", dst = "10.0.0.2";
};
inline Bytes address_bytes(std::string_view text_form) {
  const IpAddress address = *parse_ip(text_form);
  return address.is_v4() ? Bytes(address.bytes.begin() + 12, address.bytes.end())
                         : Bytes(address.bytes.begin(), address.bytes.end());
}

struct Ipv4Fields {
  Ends ends;
  std::size_t identification = 1;
  std::size_t fragment = 0;  // flags and offset, as the field has them
  Bytes options;             // a multiple of four
};
inline Bytes ipv4(std::uint8_t protocol, const Bytes& payload, const Ipv4Fields& f = {}) {
  Bytes header = hex("45 00 0000 0000 0000 40 00 0000");
  header[0] = static_cast<std::uint8_t>(0x45 + f.options.size() / 4);
  header[9] = protocol;
  header = header + address_bytes(f.ends.src) + address_bytes(f.ends.dst) + f.options;
  put16(header, 2, header.size() + payload.size());
  put16(header, 4, f.identification);
  put16(header, 6, f.fragment);
  put16(header, 10, checksum_of(header));
  return header + payload;
}

inline const Ends kEnds6{"2001:db8::1", "2001:db8::2"};
inline Bytes ipv6(std::uint8_t next_header, const Bytes& payload, const Ends& ends = kEnds6) {
  Bytes header = hex("60 00 00 00 0000 00 40");
  header[6] = next_header;
  put16(header, 4, payload.size());
  return header + address_bytes(ends.src) + address_bytes(ends.dst) + payload;
}

inline std::uint64_t pseudo(const Ends& ends, std::uint8_t protocol, std::size_t length) {
  const IpAddress src = *parse_ip(ends.src), dst = *parse_ip(ends.dst);
  return pseudo_header_sum(src, dst, !src.is_v4(), protocol, static_cast<std::uint32_t>(length));
}

struct TcpFields {
  std::uint8_t flags = 0x18;
  Bytes options;  // a multiple of four
  Ends ends;      // for the checksum
};
inline Bytes tcp(std::size_t sport, std::size_t dport, const Bytes& payload,
                 const TcpFields& f = {}) {
  Bytes segment = be16(sport) + be16(dport) + hex("01020304 05060708 50 00 2000 0000 0000");
  segment[12] = static_cast<std::uint8_t>((5 + f.options.size() / 4) << 4);
  segment[13] = f.flags;
  segment = segment + f.options + payload;
  put16(segment, 16, checksum_of(segment, pseudo(f.ends, 6, segment.size())));
  return segment;
}
inline Bytes udp(std::size_t sport, std::size_t dport, const Bytes& payload,
                 const Ends& ends = {}) {
  Bytes datagram = be16(sport) + be16(dport) + be16(8 + payload.size()) + be16(0) + payload;
  put16(datagram, 6, checksum_of(datagram, pseudo(ends, 17, datagram.size())));
  return datagram;
}
inline Bytes icmp(std::uint8_t type, std::uint8_t code, std::size_t word, const Bytes& payload) {
  Bytes message = Bytes{type, code, 0, 0} + be16(word) + be16(1) + payload;
  put16(message, 2, checksum_of(message));
  return message;
}

inline Bytes ethernet(std::size_t type, const Bytes& payload) {
  return hex("020000000002 020000000001") + be16(type) + payload;
}

inline RawPacket raw(const Bytes& bytes, std::uint16_t link_type = 1, std::int64_t time_ns = 0) {
  RawPacket packet;
  packet.time_ns = time_ns;
  packet.bytes = bytes;
  packet.wire_length = static_cast<std::uint32_t>(bytes.size());
  packet.link_type = link_type;
  return packet;
}

}  // namespace endreason::made
