// SPDX-License-Identifier: Apache-2.0
// Transforms that a rule asks for between buffer and contents: url_decode, to_lowercase and so on.
#pragma once

#include <cstdint>
#include <vector>

#include "inspect/threat_rule.hpp"

namespace endreason::inspect {

void apply_transform(const RuleTransform& transform, std::vector<std::uint8_t>& bytes);

}  // namespace endreason::inspect
