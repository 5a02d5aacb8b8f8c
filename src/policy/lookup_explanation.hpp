// SPDX-License-Identifier: Apache-2.0
// Why a lookup came out as it did: the rule that decided, and for every rule before it what did not
// fit, in words. Cold: one for a person who asks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/policy.hpp"
#include "policy/policy_query.hpp"
#include "policy/rule_fit.hpp"

namespace endreason {

struct RuleStep {
  std::uint32_t rule{};
  Fit fit{Fit::No};
  Criterion misfit{Criterion::None};
  std::string why;  // "the destination 8.8.8.8 is not in dns-servers"
};

struct LookupExplanation {
  PolicyDecision decision;
  std::vector<RuleStep> earlier;   // every rule before the one that decided, in order
  std::vector<std::string> notes;  // what the decision rests on
};

// `application_name` is how the asker spells it; empty while it is not known.
LookupExplanation explain_lookup(const Policy& policy, const ResolvedPolicy& resolved,
                                 const PolicyQuery& query, std::string_view application_name);

}  // namespace endreason
