// SPDX-License-Identifier: Apache-2.0
#include "format/table_layout.hpp"

#include <algorithm>

namespace endreason {
namespace {

std::size_t row_width(const std::vector<std::size_t>& widths) {
  std::size_t sum = 0;
  for (const std::size_t width : widths)
    if (width > 0) sum += width + (sum > 0 ? kColumnGap : 0);
  return sum;
}

}  // namespace

std::vector<std::size_t> fit_columns(const std::vector<std::size_t>& natural,
                                     const std::vector<LayoutStep>& steps, std::size_t available) {
  std::vector<std::size_t> widths = natural;
  if (available == 0) return widths;
  std::size_t taken = 0;
  for (; taken < steps.size() && row_width(widths) > available; ++taken) {
    std::size_t& width = widths[steps[taken].column];
    const std::size_t excess = row_width(widths) - available;
    if (steps[taken].width == 0) {
      width = 0;
    } else if (width > steps[taken].width) {
      width = std::max(steps[taken].width, width - std::min(width, excess));
    }
  }
  while (taken > 0) {
    const std::size_t column = steps[--taken].column;
    const std::size_t used = row_width(widths);
    if (used >= available) break;
    if (widths[column] > 0)
      widths[column] = std::min(natural[column], widths[column] + (available - used));
  }
  return widths;
}

}  // namespace endreason
