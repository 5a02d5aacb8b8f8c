// SPDX-License-Identifier: Apache-2.0
// PolicyQuery: what a session is, as far as rules ask. PolicyDecision: what the rules say of it.
// Plain values without texts.
#pragma once

#include <cstdint>

#include "model/ip_address.hpp"
#include "model/vocabulary.hpp"
#include "policy/resolved_policy.hpp"

namespace endreason {

struct PolicyQuery {
  ZoneId from{}, to{};
  IpAddress src, dst;  // before translation; the zones are those after it
  std::uint8_t protocol{};
  std::uint16_t sport{}, dport{};
  PolicyApp application{PolicyApp::NotYetKnown};
  bool application_may_change{};  // a carrier such as ssl, inside which another may be found
  UserId user{UserId::NotKnown};
  CategoryId category{CategoryId::NotKnown};
};

struct PolicyDecision {
  std::uint32_t rule{};  // index into the rules; intrazone-default and interzone-default are last
  Action action{Action::Deny};
  ActionSource source{ActionSource::FromPolicy};
  bool depends_on_application{};  // look up again when the application is known, or another
  bool temporary{};      // passes as a carrier of what a rule allows: flag 0x2000 of the log
  bool ports_assumed{};  // application-default, and the standard ports are not known here
  bool icmp_unreachable{};
  bool log_start{}, log_end{};
  friend bool operator==(const PolicyDecision&, const PolicyDecision&) = default;
};

}  // namespace endreason
