// SPDX-License-Identifier: Apache-2.0
#include "policy/rule_sets.hpp"

#include <algorithm>

namespace endreason {
namespace {

std::uint64_t hash_of(const RuleBits& bits) {
  std::uint64_t hash = 0x9e37'79b9'7f4a'7c15;
  for (const RuleWord word : bits) {
    hash = (hash ^ word) * 0xff51'afd7'ed55'8ccd;
    hash ^= hash >> 32;
  }
  return hash;
}

void summarise(const RuleBits& bits, RuleWord* summary) {
  for (std::size_t w = 0; w < bits.size(); ++w)
    if (bits[w] != 0) summary[w / 64] |= RuleWord{1} << w % 64;
}

}  // namespace

RuleSets::RuleSets(std::size_t rules)
    : words_((rules + kRulesAWord - 1) / kRulesAWord),
      summaries_((words_ + 63) / 64),
      any_(words_, 0),
      any_summary_(summaries_, 0) {}

std::uint32_t RuleSets::add(const RuleBits& bits) {
  const std::uint64_t hash = hash_of(bits);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto candidate = first; candidate != last; ++candidate) {
    // Compared by what is stored: the dense form is not kept.
    const RuleSetView stored = view(candidate->second);
    bool same = true;
    for (std::size_t w = 0; w < words_ && same; ++w)
      same = ((stored.word(w) ^ any_[w]) == (bits[w] & ~any_[w]));
    if (same) return candidate->second;
  }
  const auto number = static_cast<std::uint32_t>(offsets_.size());
  const std::size_t offset = stored_.size();
  offsets_.push_back(offset);
  stored_.resize(offset + 2 * summaries_, 0);
  summarise(bits, stored_.data() + offset);
  RuleWord rank = 0;
  for (std::size_t w = 0; w < words_; ++w) {
    if (w % 64 == 0) stored_[offset + summaries_ + w / 64] = rank;
    if (bits[w] == 0) continue;
    stored_.push_back(bits[w]);
    ++rank;
  }
  by_hash_.emplace(hash, number);
  return number;
}

void RuleSets::finish() {
  std::ranges::fill(any_summary_, 0);
  summarise(any_, any_summary_.data());
  by_hash_.clear();
}

}  // namespace endreason
