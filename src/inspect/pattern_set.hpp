// SPDX-License-Identifier: Apache-2.0
// PatternSet: many byte strings at once over a buffer, with Vectorscan; says which of them occur.
// A set is constant and shared; PatternScratch belongs to one thread. Scanning allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.hpp"
#include "inspect/pattern_sieve.hpp"

struct hs_database;
struct hs_scratch;

namespace endreason::inspect {

class PatternScratch {
 public:
  PatternScratch() = default;
  ~PatternScratch();
  PatternScratch(const PatternScratch&) = delete;
  PatternScratch& operator=(const PatternScratch&) = delete;

 private:
  friend class PatternSet;
  hs_scratch* scratch_ = nullptr;
};

class PatternSet {
 public:
  using Bytes = std::span<const std::uint8_t>;
  struct Entry {
    std::string bytes;
    bool nocase{};
    std::size_t reach{};   // it must end within so many first bytes; 0: anywhere
    std::uint32_t user{};  // what scan() reports; several entries may have the same bytes
  };

  PatternSet();
  ~PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;

  // Of longer ones this much is looked for: they are found too often then, never too seldom.
  static constexpr std::size_t kPatternMax = 64;

  Result<void> compile(std::vector<Entry> entries);
  // Makes the scratch large enough for this set; before the first scan.
  Result<void> prepare(PatternScratch& scratch) const;

  bool empty() const { return database_ == nullptr; }
  std::size_t longest() const { return longest_; }  // bytes of the longest pattern

  // Calls found(user) for each entry whose bytes occur, once or several times.
  template <class Found>
  void scan(Bytes bytes, PatternScratch& scratch, Found&& found) const {
    // A call costs about as much as a hundred bytes: none where nothing can fit.
    if (database_ == nullptr || bytes.size() < shortest_) return;
    if (reach_ != 0 && bytes.size() > reach_) bytes = bytes.first(reach_);
    struct Target {
      const PatternSet* set;
      std::remove_reference_t<Found>* found;
    } target{this, &found};
    run(bytes, scratch, &target, [](std::uint32_t pattern, void* to) {
      const Target& t = *static_cast<Target*>(to);
      for (std::uint32_t i = t.set->first_[pattern]; i < t.set->first_[pattern + 1]; ++i)
        (*t.found)(t.set->users_[i]);
    });
  }

 private:
  using OnPattern = void (*)(std::uint32_t pattern, void* target);
  void make_sieve(const std::vector<Entry>& entries);
  void run(Bytes bytes, PatternScratch& scratch, void* target, OnPattern on_pattern) const;

  hs_database* database_ = nullptr;
  std::vector<std::uint32_t> first_;  // pattern -> its users, [first_[p], first_[p + 1])
  std::vector<std::uint32_t> users_;
  std::size_t longest_ = 0, shortest_ = 1;
  std::size_t reach_ = 0;                      // no pattern ends behind so many bytes; 0: anywhere
  std::unique_ptr<const PatternSieve> sieve_;  // null: every buffer is scanned
};

}  // namespace endreason::inspect
