// SPDX-License-Identifier: Apache-2.0
// Puts a plain IP packet around a payload, because the inspection library reads nothing else. What
// the wire had around it (VLANs, tunnels, extension headers, fragments, a snapped end) is gone, so
// the library sees the same packet whichever way it came. One thread an instance.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "model/packet_view.hpp"

namespace endreason {

class IpPacket {
 public:
  // The packet lives until the next call. Behind its end stand kTail zero bytes: a dissector that
  // looks too far finds the same whatever packet came before. Payload behind kPayloadMax bytes is
  // left out.
  std::span<const std::uint8_t> wrap(const PacketView& packet);

  static constexpr std::size_t kHeadersMax = 40 + 20;  // IPv6 and TCP without options
  static constexpr std::size_t kPayloadMax = 16384;  // a TLS record; segments are shorter on wires
  static constexpr std::size_t kTail = 64;

 private:
  std::array<std::uint8_t, kHeadersMax + kPayloadMax + kTail> bytes_;
};

}  // namespace endreason
