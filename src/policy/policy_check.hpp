// SPDX-License-Identifier: Apache-2.0
// check_policy(): everything that is wrong or doubtful in a policy: names that nothing has, groups
// within themselves, names given twice, rules that are never reached, values out of range. In the
// order of the lines.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.hpp"
#include "policy/problem.hpp"

namespace endreason {

std::vector<PolicyProblem> check_policy(const Policy& policy);

// "policy.yaml:12: warning: rule 'b': ...": one line for a person.
std::string to_line(const PolicyProblem& problem, std::string_view source);

}  // namespace endreason
