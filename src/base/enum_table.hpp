// SPDX-License-Identifier: Apache-2.0
// Domain facts are rows of constexpr tables; these checks keep a table in step with its enum.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace endreason {

// True when row i describes enumerator i (rows have a member `value`).
template <class Row, std::size_t N>
consteval bool rows_in_enum_order(const std::array<Row, N>& rows) {
  for (std::size_t i = 0; i < N; ++i)
    if (static_cast<std::size_t>(rows[i].value) != i) return false;
  return true;
}

// True when no two rows share a log_name (rows without a spelling have an empty one).
template <class Row, std::size_t N>
consteval bool log_names_unique(const std::array<Row, N>& rows) {
  for (std::size_t i = 0; i < N; ++i)
    for (std::size_t j = i + 1; j < N; ++j)
      if (!rows[i].log_name.empty() && rows[i].log_name == rows[j].log_name) return false;
  return true;
}

}  // namespace endreason
