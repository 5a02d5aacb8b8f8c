// SPDX-License-Identifier: Apache-2.0
// MatrixCase: a folder with a capture's command line and the rows and packets that are expected of
// it; running it gives what came instead. See tests/matrix/README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

// The columns that a case compares.
inline constexpr std::string_view kMatrixFields =
    "subtype,sessionid,src,dst,dport,proto,app,rule,action,action_source,session_end_reason,"
    "tracker_stage,final_action,reason_code";

struct MatrixCase {
  std::string name;                             // of the folder
  std::string title;                            // the first line of its README.md
  std::string rows, replies;                    // as they came
  std::string expected_rows, expected_replies;  // empty replies: none is sent
  bool passed() const { return rows == expected_rows && replies == expected_replies; }
};

// The cases of a folder, in the order of their names.
Result<std::vector<std::string>> list_matrix_cases(const std::string& folder);
// Fails when the case cannot be run: a file is missing, an option wrong.
Result<MatrixCase> run_matrix_case(const std::string& folder, const std::string& name);
// Writes what came as what is expected.
Result<void> accept_matrix_case(const std::string& folder, const MatrixCase& one);

}  // namespace endreason
