// SPDX-License-Identifier: Apache-2.0
// pass_on: a hint that a cache line, which was just written here, is to be read by another
// processor: it may leave for the memory that both share, so that the other one need not ask this
// one for it.
#pragma once

namespace endreason {

[[gnu::always_inline]] inline void pass_on(const void* at) {
#if defined(__x86_64__)
  // CLDEMOTE; processors that do not have it take it for nothing.
  asm volatile("cldemote %0" ::"m"(*static_cast<const char*>(at)) : "memory");
#else
  static_cast<void>(at);
#endif
}

}  // namespace endreason
