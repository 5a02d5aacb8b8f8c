// SPDX-License-Identifier: Apache-2.0
// Whether one rule takes everything that another would, so that the later of both never decides.
#pragma once

#include "policy/resolved_policy.hpp"

namespace endreason {

bool covers(const ResolvedRule& earlier, const ResolvedRule& later);

}  // namespace endreason
