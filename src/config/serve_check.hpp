// SPDX-License-Identifier: Apache-2.0
// What is wrong or doubtful in the section `serve` as a whole: settings that need each other, and
// files that are not there.
#pragma once

#include <vector>

#include "config/serve_settings.hpp"
#include "policy/problem.hpp"

namespace endreason {

// Of settings that were read from a file; an option of the command line could still give what one
// lacks.
std::vector<PolicyProblem> check_serve(const ServeSettings& settings);

}  // namespace endreason
