// SPDX-License-Identifier: Apache-2.0
// SessionCounters: what a record counted each way, with "not known" kept apart from "nothing".
// A side that is missing is derived from the total and the other side. Hot; no allocation.
#pragma once

#include <cstdint>

#include "model/log_flag.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

// Whether anything went one way.
enum class Passed : std::uint8_t { Unknown, Nothing, Something };

struct WayCount {
  std::uint64_t packets{}, bytes{};
  bool packets_known{}, bytes_known{};

  Passed passed() const {
    if ((packets_known && packets > 0) || (bytes_known && bytes > 0)) return Passed::Something;
    return packets_known || bytes_known ? Passed::Nothing : Passed::Unknown;
  }
  bool nothing() const { return passed() == Passed::Nothing; }
  bool something() const { return passed() == Passed::Something; }
};

struct SessionCounters {
  WayCount sent, received;

  explicit SessionCounters(const TrafficRecord& r) {
    sent = {r.pkts_sent, r.bytes_sent, r.knows(Known::PktsSent), r.knows(Known::BytesSent)};
    received = {r.pkts_received, r.bytes_received, r.knows(Known::PktsReceived),
                r.knows(Known::BytesReceived)};
    if (r.knows(Known::Packets))
      derive(r.packets, sent.packets, sent.packets_known, received.packets, received.packets_known);
    if (r.knows(Known::Bytes))
      derive(r.bytes, sent.bytes, sent.bytes_known, received.bytes, received.bytes_known);
  }
  bool packets_known() const { return sent.packets_known && received.packets_known; }

 private:
  static void derive(std::uint64_t total, std::uint64_t& a, bool& a_known, std::uint64_t& b,
                     bool& b_known) {
    if (a_known == b_known || total < (a_known ? a : b)) return;
    (a_known ? b : a) = total - (a_known ? a : b);
    a_known = b_known = true;
  }
};

// The largest packet without payload: Ethernet 14, VLAN tag 4, IPv4 20 or IPv6 40, TCP with the
// options of a SYN 44. Real lines show SYNs of 74 and 78 bytes, so the log counts Ethernet headers.
inline constexpr std::uint64_t kBarePacketBytesV4 = 82;
inline constexpr std::uint64_t kBarePacketBytesV6 = 102;

inline bool is_ipv6(const TrafficRecord& r) {
  return r.text(Field::Src).find(':') != std::string_view::npos;
}

// True when the bytes are so few that none of the packets can have carried much payload.
inline bool only_bare_packets(const WayCount& way, bool ipv6) {
  const std::uint64_t limit = ipv6 ? kBarePacketBytesV6 : kBarePacketBytesV4;
  return way.packets_known && way.bytes_known && way.packets < 1'000'000'000 &&
         way.bytes <= way.packets * limit;
}

}  // namespace endreason
