// SPDX-License-Identifier: Apache-2.0
// The folder of `serve`, for the commands that work with it.
#pragma once

#include <string>

namespace endreason {

// As given, or where it is by default.
std::string serve_folder(const std::string& given);

}  // namespace endreason
