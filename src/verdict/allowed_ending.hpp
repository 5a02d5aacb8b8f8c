// SPDX-License-Identifier: Apache-2.0
// What became of a session that the firewall let through: did it work, who ended it, how sure.
// Reads the end reason, the application status, and the counters each way. Pure, hot.
#pragma once

#include "model/traffic_record.hpp"
#include "model/verdict.hpp"
#include "verdict/judge.hpp"

namespace endreason {

struct Ending {
  ReasonCode reason_code{ReasonCode::UnrecognizedValue};
  Outcome outcome{Outcome::Unknown};
  EndedBy ended_by{EndedBy::Unknown};
  Confidence confidence{Confidence::Low};
};

[[nodiscard]] Ending allowed_ending(const TrafficRecord& record, const Timers& timers);

}  // namespace endreason
