// SPDX-License-Identifier: Apache-2.0
// Times as filters write them: full times, days and minutes, "now-2h", the firewall's periods
// ("last-6-hrs"), and intervals. Text -> FilterTime with its canonical spelling. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "query/filter_ast.hpp"

namespace endreason {

enum class TimeProblem : std::uint8_t {
  NotATime,
  NoNow,     // it counts from now, and the caller gave none
  Calendar,  // last-calendar-day: where a day begins depends on a zone that nobody named
};
struct SpelledTime {
  FilterTime time;
  std::string text;  // canonical; reads back to the same time
};

//   interval: also take periods and "A/B" (both ends included), as `in` does.
std::variant<TimeProblem, SpelledTime> read_filter_time(std::string_view text, bool interval,
                                                        std::optional<std::int64_t> now_utc_micros);

}  // namespace endreason
