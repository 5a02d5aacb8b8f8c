// SPDX-License-Identifier: Apache-2.0
// The text of openapi.json, built in.
#pragma once

#include <string_view>

namespace endreason {

extern const std::string_view kOpenapiText;

}  // namespace endreason
