// SPDX-License-Identifier: Apache-2.0
// A scope as SQL, and its split into whole units of a roll-up and what is left at its ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/overview_question.hpp"

namespace endreason {

// On rows r; "TRUE" for all.
std::string scope_sql(const RowScope& scope);

// A scope in two: units of a roll-up that lie in it wholly, and rows.
struct ScopeParts {
  std::string units;              // a condition on `since`; empty: no roll-up is used
  std::vector<std::string> rows;  // conditions on rows r; no row meets two of them
};
// Of a scope without a condition; rows from `rolled_next_id` on are not rolled up.
ScopeParts split_by_unit(const RowScope& scope, std::int64_t unit_micros,
                         std::uint64_t rolled_next_id);

}  // namespace endreason
