// SPDX-License-Identifier: Apache-2.0
// The first words of a rule: action, protocol, addresses, ports, direction. Internal to the parser.
#pragma once

#include <string_view>

#include "inspect/rule_parser.hpp"

namespace endreason::inspect {

// Reads up to the parenthesis; the offset of what is behind it, or what is wrong.
RuleResult<std::size_t> parse_header(std::string_view text, const RuleVariables& variables,
                                     ThreatRule& rule);

}  // namespace endreason::inspect
