// SPDX-License-Identifier: Apache-2.0
// Count: what every total of a summary says: log rows, sessions, bytes.
// Sums stop at 2^64-1 instead of wrapping, so hostile numbers cannot make a total small, and the
// order of additions still does not matter.
#pragma once

#include <cstdint>

namespace endreason {

constexpr std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  return sum | (0 - static_cast<std::uint64_t>(sum < a));
}
static_assert(saturating_sum(UINT64_MAX - 1, 5) == UINT64_MAX && saturating_sum(2, 3) == 5);

struct Count {
  std::uint64_t rows{};      // log rows, start rows included
  std::uint64_t sessions{};  // repeat counts of the rows that are not of subtype start
  std::uint64_t bytes{};     // both directions, of the rows that are not of subtype start

  void add(const Count& other) {
    rows += other.rows;
    sessions = saturating_sum(sessions, other.sessions);
    bytes = saturating_sum(bytes, other.bytes);
  }
  friend bool operator==(const Count&, const Count&) = default;
};

}  // namespace endreason
