// SPDX-License-Identifier: Apache-2.0
#include "session/session_timeouts.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/nearest_name.hpp"

namespace endreason {

SessionTimeouts::SessionTimeouts() {
  for (const SessionTimerInfo& row : kSessionTimers) seconds_[slot(row.value)] = row.default_s;
  effective_ = seconds_;
}

Result<void> SessionTimeouts::set(SessionTimer timer, std::uint64_t seconds) {
  const SessionTimerInfo& row = info(timer);
  if (seconds < row.min_s || seconds > row.max_s)
    return fail(Error::Code::Usage, fmt::format("{}: {} s is out of range (set {} to {} s)",
                                                row.log_name, seconds, row.min_s, row.max_s));
  seconds_[slot(timer)] = static_cast<std::uint32_t>(seconds);
  effective_ = seconds_;
  // "Session Timeouts" of the 11.2 help: a longer time-wait can be committed and has no effect.
  effective_[slot(SessionTimer::TcpTimeWait)] =
      std::min(configured(SessionTimer::TcpTimeWait), configured(SessionTimer::TcpHalfClosed));
  return {};
}

Result<void> SessionTimeouts::set(std::string_view name, std::uint64_t seconds) {
  std::vector<std::string_view> names;
  for (const SessionTimerInfo& row : kSessionTimers) {
    if (row.log_name == name) return set(row.value, seconds);
    names.push_back(row.log_name);
  }
  const auto near = nearest_names(name, names, 1);
  return fail(Error::Code::Usage,
              fmt::format("unknown session timer '{}'{}", name,
                          near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
}

}  // namespace endreason
