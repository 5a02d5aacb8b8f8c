// SPDX-License-Identifier: Apache-2.0
// Sixteen bytes at once from a text that may end sooner, without reading from a page that the text
// is not on. SSE2 only: every x86-64 has it. Pure functions.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace endreason {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kLoadMayPassTheEnd = false;  // the sanitizers see bytes, not pages
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
inline constexpr bool kLoadMayPassTheEnd = false;
#else
inline constexpr bool kLoadMayPassTheEnd = true;
#endif
#else
inline constexpr bool kLoadMayPassTheEnd = true;
#endif

// The first 16 of `size` bytes; where there are fewer, the rest of the vector is any bytes.
// Memory protection knows whole pages, so bytes behind a text but on its last page are readable;
// texts of a record lie in chunks and scratch strings whose ends nobody else writes meanwhile.
inline __m128i load_16(const char* text, std::size_t size) {
  constexpr std::uintptr_t kPage = 4096;  // the smallest there is on x86-64
  const bool near_page_end = (reinterpret_cast<std::uintptr_t>(text) & (kPage - 1)) > kPage - 16;
  if (size >= 16 || (kLoadMayPassTheEnd && !near_page_end))
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  alignas(16) char copy[16] = {};
  std::memcpy(copy, text, size);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(copy));
}

// Bit i: byte i cannot stand in a JSON string as it is (a control character, a quote, a backslash,
// or not ASCII). The signed comparison catches the control characters and the upper half together.
inline unsigned special_bytes(__m128i bytes) {
  const __m128i low_or_high = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return static_cast<unsigned>(
      _mm_movemask_epi8(_mm_or_si128(low_or_high, _mm_or_si128(quote, backslash))));
}

// Bit i: byte i is no decimal digit.
inline unsigned non_digit_bytes(__m128i bytes) {
  const __m128i above = _mm_cmpgt_epi8(bytes, _mm_set1_epi8('9'));
  const __m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8('0'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(above, below)));
}

}  // namespace endreason
#endif
