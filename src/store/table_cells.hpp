// SPDX-License-Identifier: Apache-2.0
// Cells of an answer as the values that the asker expects.
#pragma once

#include <cstdint>
#include <string_view>

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

}  // namespace endreason
