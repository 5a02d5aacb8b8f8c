// SPDX-License-Identifier: Apache-2.0
#include "cli/kept_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <malloc.h>
#include <sys/mman.h>

namespace endreason {
namespace {

// What of the heap is left alone. Never given back.
void* volatile g_before_large_pages = nullptr;

}  // namespace

void keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int kLarge = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
#endif
}

// The heap is made so large at once, which takes no memory yet, and large pages are asked for. What
// lies before the first of them is taken, so that all comes behind it.
void keep_freed_memory_in_large_pages() {
  keep_freed_memory();
#if defined(__GLIBC__) && defined(MADV_HUGEPAGE)
  constexpr std::size_t kHeapBytes = std::size_t{64} << 20, kPage = std::size_t{2} << 20;
  void* const all = std::malloc(kHeapBytes);
  if (all == nullptr) return;
  const auto first = reinterpret_cast<std::uintptr_t>(all);
  const std::uintptr_t begin = (first + kPage - 1) & ~(kPage - 1);
  const std::uintptr_t end = (first + kHeapBytes) & ~(kPage - 1);
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // a wish
  std::free(all);
  g_before_large_pages = std::malloc(begin - first);
#endif
}

}  // namespace endreason
