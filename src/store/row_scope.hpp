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

struct UnitSplit {
  std::string units;  // on `since`: units that lie in the scope wholly
  std::vector<RowScope> edges;
};
// Scopes without a condition.
UnitSplit split_by_unit(const RowScope& scope, std::int64_t unit_micros);

}  // namespace endreason
