// SPDX-License-Identifier: Apache-2.0
// The vector kernel of the sieve: a table of 64 entries is one instruction (VPERMB), which takes
// the low six bits of each byte by itself.
#include "inspect/pattern_sieve.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>

#define ER_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi,bmi,bmi2")))
#define ER_AVX512_LAMBDA \
  __attribute__((target("avx512f,avx512bw,avx512vbmi,bmi,bmi2"), always_inline))
#define ER_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vbmi,bmi,bmi2"), always_inline)) inline

namespace endreason::inspect {
namespace {

constexpr std::size_t kBlock = 64;

// The first n bits.
ER_AVX512 __mmask64 first_bits(std::size_t n) {
  return n >= kBlock ? ~0ull : _bzhi_u64(~0ull, static_cast<unsigned>(n));
}

}  // namespace

template <std::size_t Banks>
ER_TARGET_AVX512 bool PatternSieve::vector_kernel(Bytes bytes) const {
  __m512i tables[Banks][kPlaces];
#pragma GCC unroll 2
  for (std::size_t b = 0; b < Banks; ++b)
#pragma GCC unroll 8
    for (std::size_t k = 0; k < kPlaces; ++k)
      tables[b][k] = _mm512_load_si512(tables_[b][k].groups.data());
  // Which of the 64 places from `at` may begin a string; `left` bytes are there, zeros behind them.
  const auto look = [&](const std::uint8_t* at, std::size_t left) ER_AVX512_LAMBDA {
    __m512i groups[Banks];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < kPlaces; ++k) {
      const __m512i block =
          left >= kBlock + kPlaces
              ? _mm512_loadu_si512(at + k)
              : _mm512_maskz_loadu_epi8(first_bits(left > k ? left - k : 0), at + k);
#pragma GCC unroll 2
      for (std::size_t b = 0; b < Banks; ++b) {
        const __m512i of_byte = _mm512_permutexvar_epi8(block, tables[b][k]);
        groups[b] = k == 0 ? of_byte : _mm512_and_si512(groups[b], of_byte);
      }
    }
    __m512i any = groups[0];
    if constexpr (Banks > 1) any = _mm512_or_si512(any, groups[1]);
    return static_cast<std::uint64_t>(_mm512_test_epi8_mask(any, any));
  };
  const auto gram_among = [&](const std::uint8_t* at, std::size_t left,
                              std::uint64_t found) ER_AVX512_LAMBDA {
    for (; found != 0; found &= found - 1) {
      const auto place = static_cast<std::size_t>(__builtin_ctzll(found));
      std::uint32_t gram = 0;
      std::memcpy(&gram, at + place, std::min(sizeof gram, left - place));
      if (knows_gram(gram)) return true;
    }
    return false;
  };
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= kBlock + kPlaces; at += kBlock, left -= kBlock)
    if (const std::uint64_t found = look(at, kBlock + kPlaces);
        found != 0 && gram_among(at, kBlock + kPlaces, found))
      return true;
  for (; left >= shortest_; at += kBlock, left -= std::min(left, kBlock)) {
    const std::uint64_t found = look(at, left) & first_bits(left - shortest_ + 1);
    if (gram_among(at, left, found)) return true;
  }
  return false;
}

bool PatternSieve::runs_fast() {
  static const bool fast = __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi2");
  return fast;
}

bool PatternSieve::lets_through(Bytes bytes) const {
  if (bytes.size() < shortest_) return false;
  return banks_ > 1 ? vector_kernel<2>(bytes) : vector_kernel<1>(bytes);
}

}  // namespace endreason::inspect

#else

namespace endreason::inspect {

bool PatternSieve::runs_fast() {
  return false;
}
bool PatternSieve::lets_through(Bytes bytes) const {
  return lets_through_scalar(bytes);
}

}  // namespace endreason::inspect

#endif
