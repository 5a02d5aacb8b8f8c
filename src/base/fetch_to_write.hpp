// SPDX-License-Identifier: Apache-2.0
// fetch_to_write: a prefetch of a cache line that another processor has read or written, and that
// is to be written here. An ordinary one would only fetch a copy, and the first write would wait
// until the other one has given up its own.
#pragma once

namespace endreason {

[[gnu::always_inline]] inline void fetch_to_write(const void* at) {
#if defined(__x86_64__)
  // GCC makes it of __builtin_prefetch(at, 1) only where all processors have it; those that do not
  // (before 2014) take it for nothing.
  asm volatile("prefetchw %0" ::"m"(*static_cast<const char*>(at)));
#else
  __builtin_prefetch(at, 1);
#endif
}

}  // namespace endreason
