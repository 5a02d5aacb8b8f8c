// SPDX-License-Identifier: Apache-2.0
// A small reader of captures for tests of rooms that may not see rooms sources and decode.
// In: a pcap or pcapng file, plain. Out: its TCP and UDP packets that are no fragments. It reads
// what the test captures hold and skips the rest; it is no model for reading hostile files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "model/packet_view.hpp"
#include "model/protocol.hpp"

namespace endreason::test {

class Capture {
 public:
  explicit Capture(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
    if (bytes_.size() < 24) return;
    const std::uint32_t magic = u32(0);
    if (magic == 0x0a0d0d0a)
      read_blocks();
    else
      read_records(magic);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  // Views into the capture's bytes.
  const std::vector<PacketView>& packets() const { return packets_; }

 private:
  std::uint32_t u32(std::size_t at) const {
    std::uint32_t v = 0;
    std::memcpy(&v, bytes_.data() + at, 4);
    return swapped_ ? __builtin_bswap32(v) : v;
  }
  std::uint16_t u16(std::size_t at) const {
    std::uint16_t v = 0;
    std::memcpy(&v, bytes_.data() + at, 2);
    return swapped_ ? __builtin_bswap16(v) : v;
  }
  static std::uint16_t net16(const std::uint8_t* p) {
    return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
  }
  static std::uint32_t net32(const std::uint8_t* p) {
    return std::uint32_t{net16(p)} << 16 | net16(p + 2);
  }

  void read_records(std::uint32_t magic) {
    swapped_ = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
    const bool nanoseconds = magic == 0xa1b23c4d || magic == 0x4d3cb2a1;
    const std::uint32_t link = u32(20) & 0xffff;
    for (std::size_t at = 24; at + 16 <= bytes_.size();) {
      const std::int64_t fraction = std::int64_t{u32(at + 4)} * (nanoseconds ? 1 : 1000);
      const std::size_t length = u32(at + 8);
      if (at + 16 + length > bytes_.size()) return;
      take(link, std::int64_t{u32(at)} * 1'000'000'000 + fraction, at + 16, length, u32(at + 12));
      at += 16 + length;
    }
  }

  struct Interface {
    std::uint32_t link;
    std::int64_t tick_ns;
  };
  // Option if_tsresol: a power of ten. Without it, microseconds.
  std::int64_t nanoseconds_a_tick(std::size_t block, std::size_t length) const {
    for (std::size_t at = block + 16; at + 8 <= block + length;
         at += 4 + (u16(at + 2) + 3U) / 4 * 4)
      if (u16(at) == 9) return bytes_[at + 4] == 9 ? 1 : 1000;
    return 1000;
  }

  void read_blocks() {
    std::vector<Interface> interfaces;
    for (std::size_t at = 0; at + 12 <= bytes_.size();) {
      std::uint32_t type = u32(at);
      if (type == 0x0a0d0d0a) {
        swapped_ = false;
        swapped_ = u32(at + 8) != 0x1a2b3c4d;
        interfaces.clear();
      }
      const std::size_t length = u32(at + 4);
      if (length < 12 || at + length > bytes_.size()) return;
      if (type == 1) interfaces.push_back({u16(at + 8), nanoseconds_a_tick(at, length)});
      if (type == 6 && length >= 32) {
        const std::size_t captured = u32(at + 20);
        const std::uint32_t interface = u32(at + 8);
        const std::int64_t ticks = std::int64_t{u32(at + 12)} << 32 | u32(at + 16);
        if (captured <= length - 32 && interface < interfaces.size())
          take(interfaces[interface].link, ticks * interfaces[interface].tick_ns, at + 28, captured,
               u32(at + 24));
      }
      at += length;
    }
  }

  void take(std::uint32_t link, std::int64_t time_ns, std::size_t at, std::size_t length,
            std::uint32_t wire) {
    const std::uint8_t* p = bytes_.data() + at;
    const std::uint8_t* end = p + length;
    if (!skip_link(link, p, end)) return;
    PacketView view;
    view.time_ns = time_ns;
    view.wire_length = wire;
    if (read_ip(p, end, view)) packets_.push_back(view);
  }

  static bool skip_link(std::uint32_t link, const std::uint8_t*& p, const std::uint8_t* end) {
    const auto left = static_cast<std::size_t>(end - p);
    if (link == 0 && left > 4) p += 4;      // BSD loopback
    if (link == 113 && left > 16) p += 16;  // Linux cooked
    if (link == 276 && left > 20) p += 20;  // Linux cooked, version 2
    if (link != 1) return true;
    if (left < 14) return false;
    std::uint16_t ether_type = net16(p + 12);
    p += 14;
    while ((ether_type == 0x8100 || ether_type == 0x88a8) && end - p >= 4) {
      ether_type = net16(p + 2);
      p += 4;
    }
    if (ether_type == 0x8864 && end - p > 8) {  // PPPoE session and the PPP protocol
      p += 8;
      return true;
    }
    return ether_type == 0x0800 || ether_type == 0x86dd;
  }

  static bool read_ip(const std::uint8_t* p, const std::uint8_t* end, PacketView& view) {
    if (end - p < 20) return false;
    std::size_t behind = 0;  // bytes behind the IP headers, as the header says
    if (p[0] >> 4 == 4) {
      const std::size_t header = (p[0] & 15U) * 4;
      const std::size_t total = net16(p + 2);
      if (header < 20 || total < header || (net16(p + 6) & 0x3fff) != 0) return false;
      address4(p + 12, view.src);
      address4(p + 16, view.dst);
      view.protocol = p[9];
      behind = total - header;
      p += header;
    } else if (p[0] >> 4 == 6 && end - p >= 40) {
      view.ipv6 = true;
      std::memcpy(view.src.bytes.data(), p + 8, 16);
      std::memcpy(view.dst.bytes.data(), p + 24, 16);
      view.protocol = p[6];
      behind = net16(p + 4);
      p += 40;
      while ((view.protocol == 0 || view.protocol == 60) && end - p >= 8) {  // options
        const std::size_t length = 8 + std::size_t{p[1]} * 8;
        if (behind < length) return false;
        view.protocol = p[0];
        behind -= length;
        p += length;
      }
    } else {
      return false;
    }
    return read_transport(p, end, behind, view);
  }

  static bool read_transport(const std::uint8_t* p, const std::uint8_t* end, std::size_t behind,
                             PacketView& view) {
    std::size_t header = 8;
    if (view.protocol == kProtoTcp) {
      if (end - p < 20) return false;
      header = (p[12] >> 4U) * 4U;
      view.seq = net32(p + 4);
      view.ack = net32(p + 8);
      view.tcp_flags = p[13];
      view.window = net16(p + 14);
    } else if (view.protocol != kProtoUdp || end - p < 8) {
      return false;
    }
    if (behind < header || end < p + header) return false;
    view.sport = net16(p);
    view.dport = net16(p + 2);
    view.payload = p + header;
    view.payload_length = static_cast<std::uint32_t>(behind - header);
    view.payload_captured =
        std::min(view.payload_length, static_cast<std::uint32_t>(end - view.payload));
    return true;
  }

  static void address4(const std::uint8_t* p, IpAddress& out) {
    out.bytes = {};
    out.bytes[10] = out.bytes[11] = 0xff;
    std::memcpy(out.bytes.data() + 12, p, 4);
  }

  std::vector<std::uint8_t> bytes_;
  std::vector<PacketView> packets_;
  bool swapped_{};
};

}  // namespace endreason::test
