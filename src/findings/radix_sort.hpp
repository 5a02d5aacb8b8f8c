// SPDX-License-Identifier: Apache-2.0
// Radix sort, least digit first: fixed-size entries by chosen bits of a 64-bit
// key, through a second buffer of the same size. Stable. Digits in which no two
// keys differ cost nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace endreason {

struct RadixDigit {
  unsigned shift, bits;
};
inline constexpr unsigned kRadixBitsMax = 11;  // 2048 counters stay in the first cache

// Sorts data[0, size) by the digits, the one that weighs least first. The
// result is in `data` or in `scratch`, whichever is returned.
template <class Entry, class KeyOf>
Entry* radix_sort(Entry* data, Entry* scratch, std::size_t size, std::span<const RadixDigit> digits,
                  KeyOf&& key_of) {
  std::uint64_t any = 0;
  std::uint64_t all = ~std::uint64_t{0};
  for (std::size_t i = 0; i < size; ++i) {
    any |= key_of(data[i]);
    all &= key_of(data[i]);
  }
  for (const RadixDigit& digit : digits) {
    const std::uint64_t mask = (std::uint64_t{1} << digit.bits) - 1;
    if (size == 0 || ((any ^ all) >> digit.shift & mask) == 0) continue;
    std::array<std::uint32_t, std::size_t{1} << kRadixBitsMax> place{};
    for (std::size_t i = 0; i < size; ++i) ++place[key_of(data[i]) >> digit.shift & mask];
    std::uint32_t begin = 0;
    for (std::size_t value = 0; value <= mask; ++value) begin += std::exchange(place[value], begin);
    for (std::size_t i = 0; i < size; ++i)
      scratch[place[key_of(data[i]) >> digit.shift & mask]++] = data[i];
    std::swap(data, scratch);
  }
  return data;
}

}  // namespace endreason
