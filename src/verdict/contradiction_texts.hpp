// SPDX-License-Identifier: Apache-2.0
// What each contradiction between columns means, for explanations and for `endreason terms`.
#pragma once

#include <array>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/verdict.hpp"
#include "verdict/citations.hpp"

namespace endreason {

struct ContradictionText {
  Contradiction value;
  std::string_view sentence;
  std::string_view source;
};
inline constexpr auto kContradictionTexts = std::to_array<ContradictionText>({
    {Contradiction::AllowWithThreat,
     "The action says allow, the end reason says threat: the rule allowed the session and a "
     "security profile ended it.",
     cite::kKbThreat},
    {Contradiction::AllowWithPolicyDeny,
     "The action says allow, the end reason says policy-deny: a later policy lookup denied what "
     "the first one allowed.",
     cite::kLivePolicyDeny},
    {Contradiction::AllowWithDecryptFailure,
     "The action says allow, the end reason says that decryption blocked the session.",
     cite::kKbEndReasons},
    {Contradiction::AllowWithResourcesUnavailable,
     "The action says allow, the end reason says that the firewall ran into a resource limit.",
     cite::kKbSessionTracker},
    {Contradiction::AllowWithNotApplicable,
     "The action says allow, the application not-applicable says that no rule allows the port or "
     "service.",
     cite::kLiveAppStatuses},
    {Contradiction::AllowWithDenyType,
     "The action says allow, the type of the row (deny or drop) says that it was blocked.",
     cite::kPinningBlog},
    {Contradiction::AllowWithUrlDenied,
     "The action says allow, flag 0x00800000 says that URL filtering denied a request.",
     cite::kTrafficLogFields},
    {Contradiction::EndWithoutReason,
     "The type says that the session ended, yet the row gives no end reason.", cite::kObserved},
    {Contradiction::EndWithNothingReceived,
     "The session was allowed and ended, and nothing was received: allowed does not mean that it "
     "worked.",
     cite::kObserved},
    {Contradiction::EndWithSessionIdZero,
     "The type says that a session ended, yet the session id is 0, which stands for no session.",
     cite::kObserved},
});
static_assert(rows_in_enum_order(kContradictionTexts) &&
              kContradictionTexts.size() == kContradictions.size());

}  // namespace endreason
