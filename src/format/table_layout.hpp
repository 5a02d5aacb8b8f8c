// SPDX-License-Identifier: Apache-2.0
// How wide each column of a table is, so that a row fits the terminal. Pure functions.
#pragma once

#include <cstddef>
#include <vector>

namespace endreason {

inline constexpr std::size_t kColumnGap = 2;

// One concession to a narrow terminal: a column is cut to `width`, or dropped when that is 0.
struct LayoutStep {
  std::size_t column;
  std::size_t width;
};

// The width of every column, 0 for one that is left out. `natural` are the widths that show
// everything (0: nothing to show). Together with the gaps they take at most `available` (0: no
// limit) when the steps, taken in order and no further than needed, allow it. What is free in the
// end goes back to the columns that were cut, the last one cut first.
std::vector<std::size_t> fit_columns(const std::vector<std::size_t>& natural,
                                     const std::vector<LayoutStep>& steps, std::size_t available);

}  // namespace endreason
