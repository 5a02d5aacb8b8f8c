// SPDX-License-Identifier: Apache-2.0
// The leading groups of every kind, and sorted key counts -> those. Memory for
// the leaders only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "findings/count.hpp"
#include "findings/spill.hpp"
#include "findings/summary_report.hpp"

namespace endreason {

// What a group, or a cause within one, is ranked by; its key decides where
// these are equal.
struct GroupCounts {
  std::uint64_t rank{};  // what the ranking goes by: sessions, or targets for sources
  std::uint64_t sessions{}, bytes{}, members{}, destinations{};

  void add(std::uint64_t more_sessions, std::uint64_t more_bytes, std::uint64_t more_members) {
    sessions = saturating_sum(sessions, more_sessions);
    bytes = saturating_sum(bytes, more_bytes);
    members += more_members;
  }
  // Sources are ranked by how widely they fail: the count by sessions has a
  // ranking of its own.
  void set_rank(GroupKind ranking) {
    rank = ranking == GroupKind::CauseSource ? members : sessions;
  }
  friend bool operator==(const GroupCounts&, const GroupCounts&) = default;
};

class Leaders {
 public:
  explicit Leaders(std::size_t top) : top_(top) {}

  // One whole group or cause. Its key (the prefix, for causes with the bytes of
  // the cause) is asked for only when the counts do not already rule it out:
  // build_key() -> std::string_view.
  template <class BuildKey>
  void offer(GroupKind ranking, const GroupCounts& counts, BuildKey&& build_key) {
    if (may_lead(ranking, counts)) place(ranking, counts, build_key());
  }
  // The same in two steps, for counts that are dear to know: whether one whole group or cause with
  // at most these may lead, and what it then has exactly.
  bool may_lead(GroupKind ranking, const GroupCounts& at_most) {
    ++groups_[static_cast<std::size_t>(ranking)];
    const std::vector<Leader>& leaders = leaders_[static_cast<std::size_t>(ranking)];
    if (top_ == 0) return false;
    return leaders.size() < top_ || !falls_behind(at_most, leaders.back().counts);
  }
  void place(GroupKind ranking, const GroupCounts& counts, std::string_view key);
  // All of `other`, which has no group or cause that was offered here.
  void take(Leaders&& other);
  std::size_t top() const { return top_; }
  std::array<Ranking, kGroupKindCount> finish();

 private:
  struct Leader {
    GroupCounts counts;
    std::string key;
    bool before(const Leader& other) const;
  };
  // Whatever the keys are.
  static bool falls_behind(const GroupCounts& a, const GroupCounts& b) {
    if (a.rank != b.rank) return a.rank < b.rank;
    if (a.sessions != b.sessions) return a.sessions < b.sessions;
    return a.bytes < b.bytes;
  }

  std::size_t top_;
  std::array<std::vector<Leader>, kGroupKindCount> leaders_;
  std::array<std::uint64_t, kGroupKindCount> groups_{};
};

class GroupRanker {
 public:
  explicit GroupRanker(Leaders& leaders) : leaders_(leaders) {}

  // Entries must come in sorted order, each key once. An entry that ends with
  // its cause may stand for several members.
  void add(const KeyCount& entry, std::uint64_t members = 1);
  void finish();  // after the last entry

 private:
  struct Open {
    GroupCounts counts;
    std::string key;  // empty: none
  };
  void add_cause(const KeyCount& entry, std::uint64_t members);
  void close_group();
  void close_cause();

  Leaders& leaders_;
  Open group_;                    // the group that is being read
  Open cause_;                    // the cause within it
  std::string last_destination_;  // of the last member of a source
};

}  // namespace endreason
