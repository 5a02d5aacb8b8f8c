// SPDX-License-Identifier: Apache-2.0
// Sorted key counts -> the leading groups of every kind. One pass, memory for the leaders only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "findings/spill.hpp"
#include "findings/summary_report.hpp"

namespace endreason {

class GroupRanker {
 public:
  explicit GroupRanker(std::size_t top) : top_(top) {}

  // Entries must come in sorted order, each key once.
  void add(const KeyCount& entry);
  std::array<Ranking, kGroupKindCount> finish();

 private:
  struct Candidate {
    std::uint64_t rank{};  // what the ranking goes by: sessions, or targets for sources
    std::uint64_t sessions{}, bytes{}, members{}, destinations{};
    std::string key;  // prefix, for causes with the bytes of the cause; empty: none
    void add(const KeyCount& entry);
    bool before(const Candidate& other) const;
  };
  void add_member(const KeyCount& entry);
  void close_group();
  void close_cause();
  void offer(GroupKind ranking, const Candidate& candidate);

  std::size_t top_;
  Candidate group_;               // the group that is being read
  Candidate cause_;               // the cause within it
  std::string last_destination_;  // of the last member of a source
  std::array<std::vector<Candidate>, kGroupKindCount> leaders_;
  std::array<std::uint64_t, kGroupKindCount> groups_{};
};

}  // namespace endreason
