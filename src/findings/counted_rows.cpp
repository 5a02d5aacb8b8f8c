// SPDX-License-Identifier: Apache-2.0
#include "findings/counted_rows.hpp"

#include <algorithm>
#include <utility>

namespace endreason {

// Two small counters that would make a large one stay apart, as two rows with
// one key: so there are never more large ones than were added.
void CountedRows::combine(std::span<const RadixDigit> digits) {
  sort(digits);
  std::vector<Count> large;
  Row* out = rows_.begin();
  for (const Row* row = rows_.begin(); row != rows_.end();) {
    const std::uint64_t key = row->key;
    Count sum = count_of(*row);
    for (++row; row != rows_.end() && row->key == key; ++row) {
      const Count more = count_of(*row);
      const bool small = packs(sum) && packs(more);
      Count both = sum;
      both.add(more);
      if (small && !packs(both)) break;
      sum = both;
    }
    *out++ = {key, pack(sum, large)};
  }
  rows_.shrink_to(out);
  large_ = std::move(large);
}

}  // namespace endreason
