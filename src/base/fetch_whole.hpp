// SPDX-License-Identifier: Apache-2.0
// fetch_whole: prefetches of all cache lines of a value, which is to be read some steps later.
#pragma once

#include <cstddef>

namespace endreason {

// Inlined by order: GCC 12 takes a function that only prefetches for one without effect, and leaves
// out calls of it.
template <class T>
[[gnu::always_inline]] inline void fetch_whole(const T& value) {
  const auto* const at = reinterpret_cast<const char*>(&value);
  for (std::size_t byte = 0; byte < sizeof value; byte += 64) __builtin_prefetch(at + byte);
}

}  // namespace endreason
