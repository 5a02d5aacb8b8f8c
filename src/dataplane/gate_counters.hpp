// SPDX-License-Identifier: Apache-2.0
// GateCounters: what came of rules and inspection beside the packets' own counters.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace endreason {

struct GateCounters {
  std::uint64_t resets{};                // packets that the firewall sent itself
  std::uint64_t unreachables{};          // likewise
  std::uint64_t unreachables_limited{};  // not sent: too many in that second
  std::uint64_t rows_not_logged{};       // sessions and refused packets whose rule does not log
};

// Named in the manner of `show counter global`.
struct GateEventInfo {
  std::string_view log_name;
  std::uint64_t GateCounters::*count;
  std::string_view sentence;
};
inline constexpr auto kGateEvents = std::to_array<GateEventInfo>({
    {"flow_rst_sent", &GateCounters::resets, "TCP resets that the firewall sent because of rules."},
    {"flow_icmp_unreachable_sent", &GateCounters::unreachables,
     "ICMP unreachables that it sent because of rules."},
    {"flow_icmp_unreachable_limited", &GateCounters::unreachables_limited,
     "ICMP unreachables that it did not send: too many in that second."},
    {"log_not_wanted_by_rule", &GateCounters::rows_not_logged,
     "Rows that are not written, because the rule does not log."},
});

}  // namespace endreason
