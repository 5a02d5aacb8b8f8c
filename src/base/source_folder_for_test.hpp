// SPDX-License-Identifier: Apache-2.0
// Where the project's own folder is, for tests that read data from it or beside it. It is defined
// in one file, so that no other test is compiled anew for a checkout that lies elsewhere.
#pragma once

#include <string>

namespace endreason {

std::string source_folder();

}  // namespace endreason
