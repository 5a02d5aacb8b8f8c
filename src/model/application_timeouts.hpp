// SPDX-License-Identifier: Apache-2.0
// ApplicationTimeouts: an application's own timers, which win over the general ones once its
// session is established. Source: "Session Timeouts" and "Applications" (timeout, TCP timeout, UDP
// timeout, half closed, time wait) of the 11.2 help.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/session_terms.hpp"

namespace endreason {

// The timers that an application may have; Default is for what is neither TCP nor UDP.
inline constexpr auto kApplicationTimers = std::to_array<SessionTimer>({
    SessionTimer::Default,
    SessionTimer::Tcp,
    SessionTimer::Udp,
    SessionTimer::TcpHalfClosed,
    SessionTimer::TcpTimeWait,
});

struct ApplicationTimeouts {
  std::string app;                                             // as the log spells it
  std::vector<std::pair<SessionTimer, std::uint32_t>> timers;  // seconds
};

}  // namespace endreason
