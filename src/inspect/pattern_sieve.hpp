// SPDX-License-Identifier: Apache-2.0
// PatternSieve: can any of many byte strings occur here? It says no for most buffers in a fraction
// of the time that finding them takes, and never says no where one occurs. Strings are spread over
// up to 16 groups; for each of eight bytes in a row a table says which groups have such a byte at
// that place, 64 positions at a time. What is left is held against the strings' first bytes.
// A constant value, shared by threads. It pays with AVX-512 (VBMI), and for some hundred strings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace endreason::inspect {

class PatternSieve {
 public:
  using Bytes = std::span<const std::uint8_t>;
  struct Pattern {
    std::string bytes;  // in lower case when nocase
    bool nocase{};
  };

  // Null where a sieve would not pay: strings too short or too many.
  static std::unique_ptr<const PatternSieve> make(std::span<const Pattern> patterns);

  // Whether the machine has what makes it fast.
  static bool runs_fast();
  // False: none of the strings occurs. The kernel is for machines where runs_fast().
  bool lets_through(Bytes bytes) const;
  bool lets_through_scalar(Bytes bytes) const;

 private:
  static constexpr std::size_t kPlaces = 8;
  static constexpr std::size_t kBanks = 2;
  static constexpr std::size_t kGroups = kBanks * 8;
  static constexpr std::size_t kTable = 64;  // by the low six bits of a byte
  static constexpr unsigned kGramBits = 14;

  struct alignas(64) Table {
    std::array<std::uint8_t, kTable> groups{};
  };
  class Planner;

  static std::uint32_t hash_of(std::uint32_t gram) {
    return (gram | 0x2020'2020u) * 0x9e37'79b1u >> (32 - kGramBits);
  }
  bool knows_gram(std::uint32_t gram) const {
    const std::uint32_t hash = hash_of(gram & gram_mask_);
    return (grams_[hash / 64] >> hash % 64 & 1) != 0;
  }
  template <std::size_t Banks>
  bool vector_kernel(Bytes bytes) const;

  std::array<std::array<Table, kPlaces>, kBanks> tables_{};
  std::size_t banks_ = 1;
  std::size_t shortest_ = 0;  // bytes of the shortest string, as far as the tables look
  std::size_t gram_ = 0;      // so many first bytes are held against the strings'
  std::uint32_t gram_mask_ = 0;
  std::array<std::uint64_t, (1u << kGramBits) / 64> grams_{};
};

}  // namespace endreason::inspect
