// SPDX-License-Identifier: Apache-2.0
#include "inspect/pattern_sieve.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace endreason::inspect {
namespace {

constexpr std::size_t kGramMax = 4;
constexpr std::size_t kShortest = 3;  // of fewer bytes, too much would be let through
// What a sieve may let through for the second look, of all places: more costs more than it saves.
// Estimated for text that is made as the strings are.
constexpr double kOneBankMost = 0.004, kMost = 0.04;

std::uint8_t other_case(std::uint8_t c) {
  return c >= 'a' && c <= 'z' ? static_cast<std::uint8_t>(c & ~0x20) : c;
}

}  // namespace

// Chooses of each string the bytes to look at, and its group.
class PatternSieve::Planner {
 public:
  explicit Planner(std::span<const Pattern> patterns) : patterns_(patterns) {
    double all = 0;
    for (const Pattern& p : patterns)
      for (const char c : p.bytes) seen_[index(static_cast<std::uint8_t>(c))] += 1, all += 1;
    for (double& f : seen_) f = f / (2 * all) + 1.0 / (2 * kTable);
    for (std::size_t i = 0; i < patterns.size(); ++i) order_.push_back(i);
    // Short ones are the dear ones: they choose their groups first.
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
      return patterns[a].bytes.size() < patterns[b].bytes.size();
    });
  }

  // Spreads the strings over so many groups; what share of all places is let through.
  double plan(std::size_t groups) {
    groups_.assign(groups, Group());
    for (const std::size_t i : order_) put(patterns_[i]);
    double share = 0;
    for (const Group& g : groups_) share += g.used ? g.share : 0;
    return share;
  }

  void write(PatternSieve& out) const {
    for (std::size_t g = 0; g < groups_.size(); ++g)
      for (std::size_t place = 0; groups_[g].used && place < kPlaces; ++place)
        for (std::size_t i = 0; i < kTable; ++i)
          if ((groups_[g].bytes[place] >> i & 1) != 0)
            out.tables_[g / 8][place].groups[i] |= static_cast<std::uint8_t>(1u << g % 8);
    for (const Pattern& p : patterns_) {
      std::uint32_t gram = 0;
      std::memcpy(&gram, p.bytes.data() + first_byte(p), out.gram_);
      const std::uint32_t hash = hash_of(gram & out.gram_mask_);
      out.grams_[hash / 64] |= std::uint64_t{1} << hash % 64;
    }
  }

 private:
  struct Group {
    std::array<std::uint64_t, kPlaces> bytes{};  // at each place, as bits
    std::array<double, kPlaces> frequency{};     // of any of them
    double share = 0;
    bool used = false;
  };

  static std::size_t index(std::uint8_t byte) { return byte % kTable; }
  // The bytes that are looked at begin where the rarest ones are.
  std::size_t first_byte(const Pattern& p) const {
    std::size_t best = 0;
    double rarest = 2;
    for (std::size_t at = 0; at + kPlaces <= p.bytes.size(); ++at) {
      double share = 1;
      for (std::size_t k = 0; k < kPlaces; ++k)
        share *= seen_[index(static_cast<std::uint8_t>(p.bytes[at + k]))];
      if (share < rarest) rarest = share, best = at;
    }
    return best;
  }

  Group with(const Group& group, const Pattern& p, std::size_t at) const {
    Group out = group;
    out.used = true;
    out.share = 1;
    for (std::size_t k = 0; k < kPlaces; ++k) {
      std::uint64_t bytes = ~std::uint64_t{0};  // behind the string anything may stand
      if (at + k < p.bytes.size()) {
        const auto c = static_cast<std::uint8_t>(p.bytes[at + k]);
        bytes = std::uint64_t{1} << index(c);
        if (p.nocase) bytes |= std::uint64_t{1} << index(other_case(c));
      }
      out.bytes[k] |= bytes;
      out.frequency[k] = 0;
      for (std::uint64_t rest = out.bytes[k]; rest != 0; rest &= rest - 1)
        out.frequency[k] += seen_[static_cast<std::size_t>(std::countr_zero(rest))];
      out.share *= std::min(out.frequency[k], 1.0);
    }
    return out;
  }

  void put(const Pattern& p) {
    const std::size_t at = first_byte(p);
    std::size_t best = 0;
    Group best_group;
    double least = 2;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      Group changed = with(groups_[g], p, at);
      const double more = changed.share - (groups_[g].used ? groups_[g].share : 0);
      if (more < least) least = more, best = g, best_group = changed;
    }
    groups_[best] = best_group;
  }

  std::span<const Pattern> patterns_;
  std::array<double, kTable> seen_{};
  std::vector<std::size_t> order_;
  std::vector<Group> groups_;
};

std::unique_ptr<const PatternSieve> PatternSieve::make(std::span<const Pattern> patterns) {
  if (patterns.empty() || patterns.size() > 2000) return nullptr;
  std::size_t shortest = kPlaces;
  for (const Pattern& p : patterns) shortest = std::min(shortest, p.bytes.size());
  if (shortest < kShortest) return nullptr;
  auto sieve = std::make_unique<PatternSieve>();
  sieve->shortest_ = shortest;
  sieve->gram_ = std::min(shortest, kGramMax);
  sieve->gram_mask_ = sieve->gram_ == kGramMax ? ~0u : (1u << 8 * sieve->gram_) - 1;
  Planner planner(patterns);
  if (planner.plan(8) > kOneBankMost) {
    if (planner.plan(kGroups) > kMost) return nullptr;
    sieve->banks_ = 2;
  }
  planner.write(*sieve);
  return sieve;
}

bool PatternSieve::lets_through_scalar(Bytes bytes) const {
  for (std::size_t at = 0; at + shortest_ <= bytes.size(); ++at) {
    std::array<unsigned, kBanks> groups{0xff, banks_ > 1 ? 0xffu : 0u};
    for (std::size_t k = 0; k < kPlaces; ++k) {
      const std::uint8_t byte = at + k < bytes.size() ? bytes[at + k] : 0;
      for (std::size_t b = 0; b < banks_; ++b) groups[b] &= tables_[b][k].groups[byte % kTable];
    }
    if ((groups[0] | groups[1]) == 0) continue;
    std::uint32_t gram = 0;
    std::memcpy(&gram, bytes.data() + at, std::min(kGramMax, bytes.size() - at));
    if (knows_gram(gram)) return true;
  }
  return false;
}

}  // namespace endreason::inspect
