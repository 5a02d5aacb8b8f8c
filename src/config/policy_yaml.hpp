// SPDX-License-Identifier: Apache-2.0
// A Policy back to the sections of the configuration file that read_policy_*() take. Reading what
// was written gives the same policy.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/policy.hpp"

namespace endreason {

// `effective`: with the default rules and limits as they act, whether written or not.
std::string policy_yaml(const Policy& policy, bool effective = false);

// A section of plain values: "sessions:\n  tcp-reject-non-syn: no\n"; nothing when it is empty.
std::string section_yaml(std::string_view name,
                         const std::vector<std::pair<std::string, std::string>>& values);

// A text as YAML writes it: in quotes where it could be taken for something else.
std::string yaml_text(std::string_view text);

}  // namespace endreason
