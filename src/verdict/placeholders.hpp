// SPDX-License-Identifier: Apache-2.0
// Fills the places of a check pattern with a record's values. Values come from outside: control
// characters are taken out, and a value is quoted unless it is a plain word. Cold, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/traffic_record.hpp"
#include "verdict/check_patterns.hpp"

namespace endreason {

// The check with its values, or nothing when the record cannot fill what it needs.
std::optional<NextCheck> fill(const checks::Pattern& pattern, const TrafficRecord& record);

// Text of a record for a person: without control characters, at most 200 bytes.
std::string clean_text(std::string_view text);

}  // namespace endreason
