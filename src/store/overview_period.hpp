// SPDX-License-Identifier: Apache-2.0
// What an overview's answer is made of whichever database counts: its period and steps, and sums
// that belong together. Room store only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "store/overview_question.hpp"

namespace endreason {

inline constexpr unsigned kRankedMax = 10;

// The period asked for, or that of all rows, which are from `first` to `last`; its steps, empty.
void set_period(OverviewAnswer& answer, const OverviewQuestion& question,
                std::optional<std::int64_t> first, std::optional<std::int64_t> last);

// Rows that ended alike in one step.
struct CountedRows {
  std::int64_t step{};  // from 0
  std::string final_action, decided_by, outcome, reason_code;
  bool allowed_by_action{}, contradicts{};
  RowSums sums;
};
// Adds them up into totals, steps (where they are wanted) and reasons.
class OverviewCounts {
 public:
  OverviewCounts(OverviewTotals& totals, std::vector<OverviewAnswer::Step>* steps)
      : totals_(totals), steps_(steps) {}
  void add(const CountedRows& rows);
  // All that have sessions, most first.
  std::vector<RankedValue> reasons() const;

 private:
  OverviewTotals& totals_;
  std::vector<OverviewAnswer::Step>* steps_;
  std::map<std::string, std::map<std::pair<std::string, std::string>, RowSums>> by_reason_;
};

using Ranked = Result<std::vector<RankedValue>>;
// The first ten of everything that is ranked, of what was blocked and of what failed.
Result<void> rank_all(OverviewAnswer& answer,
                      const std::function<Ranked(RankedBy, bool blocked, unsigned most)>& rank);
// What is compared, in the period and in the one before.
Result<void> rank_compared(OverviewAnswer& answer,
                           const std::function<Ranked(RankedBy, bool before, unsigned most)>& rank);

}  // namespace endreason
