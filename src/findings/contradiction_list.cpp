// SPDX-License-Identifier: Apache-2.0
// What each contradiction means, and the filter that lists it. A table apart from its enum, which
// other rooms extend; a test holds the two together.
#include <algorithm>
#include <array>

#include "findings/log_filter.hpp"

namespace endreason {
namespace {

constexpr auto kDescriptions = std::to_array<ContradictionInfo>({
    {Contradiction::AllowWithThreat, "the rule allowed it, then a security profile blocked it",
     "( action eq allow ) and ( session_end_reason eq threat )"},
    {Contradiction::AllowWithPolicyDeny,
     "the rule allowed it at first, a later policy lookup denied it",
     "( action eq allow ) and ( session_end_reason eq policy-deny )"},
    {Contradiction::AllowWithDecryptFailure,
     "the rule allowed it, then the decryption profile blocked it",
     "( action eq allow ) and ( ( session_end_reason eq decrypt-cert-validation ) or "
     "( session_end_reason eq decrypt-unsupport-param ) or ( session_end_reason eq decrypt-error ) "
     ")"},
    {Contradiction::AllowWithResourcesUnavailable,
     "the rule allowed it, then the firewall ran out of a resource and dropped it",
     "( action eq allow ) and ( session_end_reason eq resources-unavailable )"},
    {Contradiction::AllowWithNotApplicable,
     "the action is allow, yet the application column says that it was discarded",
     "( action eq allow ) and ( app eq not-applicable )"},
    {Contradiction::AllowWithDenyType, "the action is allow, yet the row is of type drop or deny",
     "( action eq allow ) and ( ( subtype eq drop ) or ( subtype eq deny ) )"},
    {Contradiction::AllowWithUrlDenied,
     "the session was allowed, yet URL filtering denied a request in it",
     "( action eq allow ) and ( flags has url-denied )"},
    {Contradiction::EndWithoutReason, "the session ended, yet no reason is given",
     "( subtype eq end ) and ( session_end_reason eq n/a )"},
    {Contradiction::EndWithNothingReceived,
     "the session was allowed and ended, yet nothing came back",
     "( subtype eq end ) and ( action eq allow ) and ( pkts_received eq 0 )"},
    {Contradiction::EndWithSessionIdZero, "the session ended, yet it never had a session id",
     "( subtype eq end ) and ( sessionid eq 0 )"},
});

constexpr ContradictionInfo kUndescribed{};

}  // namespace

const ContradictionInfo& describe(Contradiction contradiction) {
  const auto row =
      std::find_if(kDescriptions.begin(), kDescriptions.end(),
                   [&](const ContradictionInfo& r) { return r.value == contradiction; });
  return row == kDescriptions.end() ? kUndescribed : *row;
}

}  // namespace endreason
