// SPDX-License-Identifier: Apache-2.0
// RuleSets: the sets of rules that one criterion lets through, one set a value (a zone, a stretch
// of addresses or ports, an application). Bit r of a set is rule r. Rules that take any value are
// kept once; the rest of a set is sparse: words without a bit are left out, and a summary word
// tells which of 64 are there. Built cold, read by any number of threads; reading allocates
// nothing.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace endreason {

using RuleWord = std::uint64_t;
inline constexpr std::size_t kRulesAWord = 64;
using RuleBits = std::vector<RuleWord>;  // all words, while building

inline void set_bit(RuleBits& bits, std::size_t rule) {
  bits[rule / kRulesAWord] |= RuleWord{1} << rule % kRulesAWord;
}
inline void flip_bit(RuleBits& bits, std::size_t rule) {
  bits[rule / kRulesAWord] ^= RuleWord{1} << rule % kRulesAWord;
}

// One set, to be read while the sets that it is of live.
struct RuleSetView {
  const RuleWord* any;          // every word
  const RuleWord* any_summary;  // bit w % 64 of word w / 64: word w of `any` is not 0
  const RuleWord* own_summary;
  const RuleWord* own_ranks;  // words before those of summary word i
  const RuleWord* own_words;
  RuleWord summary(std::size_t i) const { return any_summary[i] | own_summary[i]; }
  RuleWord word(std::size_t w) const {
    const RuleWord there = own_summary[w / 64];
    const RuleWord mask = RuleWord{1} << w % 64;
    if ((there & mask) == 0) return any[w];
    const auto rank = own_ranks[w / 64] + static_cast<RuleWord>(std::popcount(there & (mask - 1)));
    return any[w] | own_words[rank];
  }
};

class RuleSets {
 public:
  explicit RuleSets(std::size_t rules);
  std::size_t words() const { return words_; }
  std::size_t summary_words() const { return summaries_; }
  RuleBits no_rules() const { return RuleBits(words_, 0); }

  // Rules that take any value; they are in every set.
  void set_any(std::size_t rule) { set_bit(any_, rule); }
  // The number of a set; equal sets have one.
  std::uint32_t add(const RuleBits& bits);
  void finish();  // after the last set_any()

  RuleSetView view(std::uint32_t set) const {
    const RuleWord* at = stored_.data() + offsets_[set];
    return {any_.data(), any_summary_.data(), at, at + summaries_, at + 2 * summaries_};
  }

 private:
  std::size_t words_, summaries_;
  RuleBits any_, any_summary_;
  std::vector<RuleWord> stored_;  // of each set: summary, ranks, words
  std::vector<std::size_t> offsets_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_hash_;
};

// A key to the set of the stretch that it lies in.
template <class Key>
class StretchTable {
 public:
  // Stretches in rising order; the first begins with the lowest key.
  void add(Key first, std::uint32_t set) {
    if (!sets_.empty() && sets_.back() == set) return;
    firsts_.push_back(first);
    sets_.push_back(set);
  }
  std::uint32_t find(const Key& key) const {
    std::size_t at = 0;
    // Without a branch that a predictor would have to guess.
    for (std::size_t n = firsts_.size(); n > 1;) {
      const std::size_t half = n / 2;
      at += firsts_[at + half] <= key ? half : 0;
      n -= half;
    }
    return sets_[at];
  }
  std::size_t size() const { return sets_.size(); }

 private:
  std::vector<Key> firsts_;
  std::vector<std::uint32_t> sets_;
};

// Where a rule's stretch begins (or ends: the key behind it), while a table is built.
template <class Key>
struct StretchEdge {
  Key at;
  std::uint32_t rule;
};

}  // namespace endreason
