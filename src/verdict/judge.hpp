// SPDX-License-Identifier: Apache-2.0
// judge: one traffic record -> Verdict. A pure function: no state, no clock, no allocation, safe to
// call from any thread. The final action comes from the three questions of questions.hpp and from
// nothing else; outcome, reason code, confidence and evidence come from every column that helps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/session_terms.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"

namespace endreason {

// The session timeouts of the firewall that wrote the records, in seconds; the vendor's defaults
// until set. An application's own timeouts are not in the log, so these are the upper bound.
class Timers {
 public:
  constexpr Timers() {
    for (const SessionTimerInfo& row : kSessionTimers) seconds_[slot(row.value)] = row.default_s;
  }
  constexpr std::uint32_t operator[](SessionTimer t) const { return seconds_[slot(t)]; }
  constexpr void set(SessionTimer t, std::uint32_t seconds) { seconds_[slot(t)] = seconds; }

 private:
  static constexpr std::size_t slot(SessionTimer t) { return static_cast<std::size_t>(t); }
  std::array<std::uint32_t, kSessionTimers.size()> seconds_{};
};

[[nodiscard]] Verdict judge(const TrafficRecord& record, Ruleset ruleset, const Timers& timers);

}  // namespace endreason
