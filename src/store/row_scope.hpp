// SPDX-License-Identifier: Apache-2.0
// A scope as SQL, and its split into whole units of a roll-up and what is left at its ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/overview_question.hpp"
#include "store/rollups.hpp"

namespace endreason {

// On rows r; "TRUE" for all.
std::string scope_sql(const RowScope& scope);

// A scope in two: units of a roll-up's levels that lie in it wholly, and rows.
struct ScopeParts {
  struct Units {
    std::string table, condition;
    std::size_t level;
  };
  std::vector<Units> units;
  std::vector<std::string> rows;  // conditions on rows r; no row is in two of all these
};
// Of a scope without a condition. Levels whose units are no whole parts of `whole_micros` are left
// out (0: none). `end`: there are no rows with this id or a higher one.
ScopeParts split_by_units(const RowScope& scope, const RollupInfo& rollup, const RollupState& state,
                          std::int64_t whole_micros = 0, std::uint64_t end = UINT64_MAX);

}  // namespace endreason
