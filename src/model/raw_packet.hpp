// SPDX-License-Identifier: Apache-2.0
// RawPacket: one packet as a capture or an interface gives it. Made by room sources, read by room
// decode. Borrows its bytes: it dies with the batch that it came in.
#pragma once

#include <cstdint>
#include <span>

namespace endreason {

struct RawPacket {
  std::int64_t time_ns{};               // since the epoch, UTC
  std::span<const std::uint8_t> bytes;  // as captured, from the first byte of the link layer
  std::uint32_t wire_length{};          // bytes on the wire; more than were captured when snapped
  std::uint16_t link_type{};            // LINKTYPE number, as files carry it (1: Ethernet)
  std::uint16_t interface {};           // index into the interfaces of the source
};

}  // namespace endreason
