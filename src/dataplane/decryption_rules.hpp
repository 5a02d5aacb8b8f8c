// SPDX-License-Identifier: Apache-2.0
// The decryption rules and profiles of a policy as what inspection is to hold sessions to.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "inspect/decryption_terms.hpp"
#include "policy/policy.hpp"

namespace endreason {

// By the index of the decryption rule. Fails for an algorithm that a profile names and nobody
// knows.
Result<std::vector<inspect::DecryptionTerms>> decryption_terms(const Policy& policy);

}  // namespace endreason
