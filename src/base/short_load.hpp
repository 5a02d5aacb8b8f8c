// SPDX-License-Identifier: Apache-2.0
// Loads of short texts into registers, whole, without reading where nothing may be read.
// A load past the end of the text stays within the page of its first byte, which is mapped because
// the text is; what was read behind the end is masked away. Under AddressSanitizer the bytes are
// copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace endreason {

#if defined(__SANITIZE_ADDRESS__)
#define ER_COPY_SHORT_LOADS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define ER_COPY_SHORT_LOADS 1
#endif
#endif

// GCC sees the constant texts of callers and warns that the load is wider than they are; that it
// may be, within the page, is what this file is about.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"
#endif

inline constexpr std::uintptr_t kPageBytes = 4096;  // the smallest page of any platform we run on

// The first n bytes of p (n <= 8), the first in the lowest byte, zeros behind.
inline std::uint64_t load_up_to_8(const char* p, std::size_t n) {
  if (n == 0) return 0;
  std::uint64_t word = 0;
#if !defined(ER_COPY_SHORT_LOADS)
  if ((reinterpret_cast<std::uintptr_t>(p) & (kPageBytes - 1)) <= kPageBytes - 8) [[likely]] {
    std::memcpy(&word, p, 8);
    return n >= 8 ? word : word & ((std::uint64_t{1} << (n * 8)) - 1);
  }
#endif
  std::memcpy(&word, p, n);
  return word;
}

#if defined(__SSE2__)
// The first n bytes of p (n <= 16); what is behind them is undefined, mask it.
inline __m128i load_up_to_16(const char* p, std::size_t n) {
#if !defined(ER_COPY_SHORT_LOADS)
  if ((reinterpret_cast<std::uintptr_t>(p) & (kPageBytes - 1)) <= kPageBytes - 16) [[likely]]
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
#endif
  char copy[16] = {};
  std::memcpy(copy, p, n);
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(copy));
}
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// Equality of short texts without a call: words of a vocabulary.
inline bool equal_bytes(const char* a, const char* b, std::size_t n) {
  std::uint64_t x = 0, y = 0;
  while (n > 8) {
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    if (x != y) return false;
    a += 8;
    b += 8;
    n -= 8;
  }
  if (n == 8) {
    std::memcpy(&x, a, 8);
    std::memcpy(&y, b, 8);
    return x == y;
  }
  if (n >= 4) {
    std::uint32_t u = 0, v = 0, u2 = 0, v2 = 0;
    std::memcpy(&u, a, 4);
    std::memcpy(&v, b, 4);
    std::memcpy(&u2, a + n - 4, 4);
    std::memcpy(&v2, b + n - 4, 4);
    return u == v && u2 == v2;
  }
  for (std::size_t i = 0; i < n; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

}  // namespace endreason
