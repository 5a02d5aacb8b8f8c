// SPDX-License-Identifier: Apache-2.0
// What SessionTable knows of a packet before its session is looked for: a cache line. Internal to
// this room.
#pragma once

#include "session/session_table.hpp"

namespace endreason {

struct alignas(64) SessionTable::Arrival {
  enum class Kind : std::uint8_t { Packet, IcmpError, IcmpErrorUnread, NotDecoded };
  FlowKey key;
  std::uint64_t hash{};
  std::int64_t at_ns{};
  // What the key may lead to; what it led to when it was looked up.
  SessionIndex likely{kNoSession};
  KeyDirection way{};
  Kind kind{};
  PacketZones zones{};
};

}  // namespace endreason
