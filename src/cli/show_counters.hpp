// SPDX-License-Identifier: Apache-2.0
// `show counter global` in the layout of the firewall's CLI, from the session engine's counters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "session/session_counters.hpp"

namespace endreason {

// `filter severity drop category tcp`: what is set has to fit.
struct CounterFilter {
  std::string severity, category, aspect;
  static Result<CounterFilter> parse(const std::vector<std::string>& words);
};

// What is counted beside the sessions, such as resets that were sent.
struct NamedEvent {
  std::string_view name;
  std::uint64_t count;
  std::string_view sentence;
};

// Counters that are not zero. The rate is over all of `elapsed_ns`.
void append_counters(std::string& out, const SessionCounters& counters,
                     const std::vector<NamedEvent>& events, const CounterFilter& filter,
                     std::int64_t elapsed_ns);

}  // namespace endreason
