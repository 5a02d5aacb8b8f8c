// SPDX-License-Identifier: Apache-2.0
// SessionPolicy: what the rules have decided about a session so far. Kept by dataplane beside the
// session table, which knows no policy. A plain value.
#pragma once

#include <cstdint>

#include "model/vocabulary.hpp"

namespace endreason {

inline constexpr std::uint32_t kNoRule = UINT32_MAX;

enum SessionPolicyFlag : std::uint8_t {
  kWaitsForApplication = 1 << 0,  // looked up again when its application is settled
  kTemporaryMatch = 1 << 1,       // passes as a carrier of what the rule allows
  kLogsStart = 1 << 2,
  kLogsEnd = 1 << 3,
  kOwesUnreachable = 1 << 4,  // the next packet of the client is answered with ICMP unreachable
  kDeniedByRule = 1 << 5,     // its row is of type deny, and has been given
  kHostRefused = 1 << 6,      // to the firewall itself, whose service is not enabled
};

struct SessionPolicy {
  std::uint32_t rule{kNoRule};  // index into the policy's rules
  Action action{Action::Allow};
  ActionSource source{ActionSource::FromPolicy};
  std::uint8_t flags{kLogsEnd};

  bool has(SessionPolicyFlag flag) const { return (flags & flag) != 0; }
  void set(SessionPolicyFlag flag) { flags = static_cast<std::uint8_t>(flags | flag); }
  void clear(SessionPolicyFlag flag) { flags = static_cast<std::uint8_t>(flags & ~flag); }
};
static_assert(sizeof(SessionPolicy) == 8);

}  // namespace endreason
