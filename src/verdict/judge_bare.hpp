// SPDX-License-Identifier: Apache-2.0
// judge_bare: judge() for those who only count: everything but the evidence, which stays empty.
#pragma once

#include "verdict/judge.hpp"

namespace endreason {

[[nodiscard]] Verdict judge_bare(const TrafficRecord& record, Ruleset ruleset,
                                 const Timers& timers);

}  // namespace endreason
