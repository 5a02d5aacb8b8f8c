// SPDX-License-Identifier: Apache-2.0
// SessionTimeouts: how long each of the vendor's timers runs, in seconds. A plain value; setters
// refuse what is out of the vendor's range and say which range that is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "model/session_terms.hpp"

namespace endreason {

class SessionTimeouts {
 public:
  SessionTimeouts();  // the vendor's defaults

  Result<void> set(SessionTimer timer, std::uint64_t seconds);
  // By the CLI key, such as "timeout-tcp".
  Result<void> set(std::string_view name, std::uint64_t seconds);

  // The value as it was set.
  std::uint32_t configured(SessionTimer timer) const { return seconds_[slot(timer)]; }
  // The value as it acts: time-wait never lasts longer than half-closed.
  std::uint32_t seconds(SessionTimer timer) const { return effective_[slot(timer)]; }

 private:
  static std::size_t slot(SessionTimer timer) { return static_cast<std::size_t>(timer); }
  using Seconds = std::array<std::uint32_t, kSessionTimers.size()>;
  Seconds seconds_{};
  Seconds effective_{};
};

}  // namespace endreason
