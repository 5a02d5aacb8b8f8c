// SPDX-License-Identifier: Apache-2.0
// GateCounters: what came of rules and inspection beside the packets' own counters.
#pragma once

#include <cstdint>

namespace endreason {

struct GateCounters {
  std::uint64_t resets{};                // packets that the firewall sent itself
  std::uint64_t unreachables{};          // likewise
  std::uint64_t unreachables_limited{};  // not sent: too many in that second
  std::uint64_t rows_not_logged{};       // sessions and refused packets whose rule does not log
};

}  // namespace endreason
