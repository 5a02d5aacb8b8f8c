// SPDX-License-Identifier: Apache-2.0
// Cells of an answer as the values that the asker expects.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.hpp"

namespace endreason {

inline std::uint64_t number_of(const Cell& cell) {
  if (const auto* u = std::get_if<std::uint64_t>(&cell)) return *u;
  if (const auto* i = std::get_if<std::int64_t>(&cell))
    return *i < 0 ? 0 : static_cast<std::uint64_t>(*i);
  if (const auto* d = std::get_if<double>(&cell))
    return *d < 0 ? 0 : static_cast<std::uint64_t>(*d);
  return 0;
}
inline std::int64_t signed_of(const Cell& cell) {
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return *i;
  return static_cast<std::int64_t>(number_of(cell));
}
inline std::string_view text_of(const Cell& cell) {
  const auto* s = std::get_if<std::string>(&cell);
  return s != nullptr ? std::string_view(*s) : std::string_view();
}
inline bool is_null(const Cell& cell) {
  return std::holds_alternative<std::monostate>(cell);
}

// Rows, sessions and bytes, side by side.
inline RowSums sums_at(const std::vector<Cell>& row, std::size_t at) {
  return {number_of(row[at]), number_of(row[at + 1]), number_of(row[at + 2])};
}
// A group of `keys` columns, then its sums, and how many sessions of it were blocked and failed.
inline GroupedRows grouped_rows(const std::vector<Cell>& row, std::size_t keys) {
  GroupedRows group;
  for (std::size_t i = 0; i < keys; ++i)
    group.key.push_back(is_null(row[i]) ? std::nullopt
                                        : std::optional<std::string>(text_of(row[i])));
  group.sums = sums_at(row, keys);
  group.blocked = number_of(row[keys + 3]);
  group.failed = number_of(row[keys + 4]);
  return group;
}

}  // namespace endreason
