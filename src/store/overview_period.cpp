// SPDX-License-Identifier: Apache-2.0
#include "store/overview_period.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kStepsMax = 200;
constexpr unsigned kComparedMax = 200;
// Steps that people read well, in seconds.
constexpr std::int64_t kSteps[] = {1,    5,    10,    30,    60,     300,     600,      1800,
                                   3600, 7200, 21600, 86400, 604800, 2592000, 31536000, 315360000};

}  // namespace

void set_period(OverviewAnswer& answer, const OverviewQuestion& question,
                std::optional<std::int64_t> first, std::optional<std::int64_t> last) {
  const std::int64_t now = question.now_micros;
  answer.from = question.scope.from.value_or(first.value_or(now - 3600 * kMicros));
  answer.to = std::max(question.scope.to.value_or(last ? *last + kMicros : now), answer.from + 1);
  answer.step_seconds = kSteps[std::size(kSteps) - 1];
  const std::int64_t seconds = (answer.to - answer.from) / kMicros;
  for (const std::int64_t step : kSteps)
    if (seconds / step < kStepsMax - 1 && (step >= 60 || seconds < 1800)) {
      answer.step_seconds = step;
      break;
    }
  const std::int64_t step = answer.step_seconds;
  answer.first_step_seconds = answer.from / kMicros / step * step;
  const std::int64_t last_step = (answer.to - 1) / kMicros / step * step;
  answer.steps.resize(static_cast<std::size_t>((last_step - answer.first_step_seconds) / step + 1));
}

void OverviewCounts::add(const CountedRows& rows) {
  totals_.all.add(rows.sums);
  totals_.by_decision[{rows.final_action, rows.decided_by}].add(rows.sums);
  totals_.by_outcome[{rows.final_action, rows.outcome}].add(rows.sums);
  by_reason_[rows.reason_code][{rows.final_action, rows.outcome}].add(rows.sums);
  if (rows.allowed_by_action && rows.final_action == "blocked")
    totals_.blocked_though_allowed.add(rows.sums);
  if (rows.contradicts) totals_.contradictions.add(rows.sums);
  const auto at = static_cast<std::size_t>(rows.step);
  if (steps_ == nullptr || at >= steps_->size()) return;
  OverviewAnswer::Step& step = (*steps_)[at];
  (rows.final_action == "blocked"        ? step.blocked
   : rows.final_action == "undetermined" ? step.undetermined
   : rows.outcome == "failed"            ? step.allowed_failed
                                         : step.allowed) += rows.sums.sessions;
  step.bytes += rows.sums.bytes;
}

std::vector<RankedValue> OverviewCounts::reasons() const {
  std::vector<RankedValue> reasons;
  for (const auto& [reason, parts] : by_reason_) {
    RankedValue value{reason, {}, {}, {}};
    std::uint64_t most = 0;
    for (const auto& [key, part] : parts) {
      value.sums.add(part);
      if (part.sessions < most || (part.sessions == most && !value.outcome.empty())) continue;
      most = part.sessions;
      std::tie(value.final_action, value.outcome) = key;
    }
    if (value.sums.sessions > 0) reasons.push_back(std::move(value));
  }
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.sums.sessions > b.sums.sessions; });
  return reasons;
}

Result<void> rank_all(OverviewAnswer& answer,
                      const std::function<Ranked(RankedBy, bool, unsigned)>& rank) {
  for (std::size_t i = 0; i < kRankedByCount; ++i) {
    for (const bool blocked : {true, false}) {
      auto ranked = rank(static_cast<RankedBy>(i), blocked, kRankedMax);
      if (!ranked) return tl::unexpected(ranked.error());
      (blocked ? answer.blocked : answer.allowed_but_failed)[i] = *std::move(ranked);
    }
  }
  return {};
}

Result<void> rank_compared(OverviewAnswer& answer,
                           const std::function<Ranked(RankedBy, bool, unsigned)>& rank) {
  for (std::size_t i = 0; i < answer.compared.size(); ++i) {
    for (const bool before : {false, true}) {
      auto ranked = rank(static_cast<RankedBy>(i), before, kComparedMax);
      if (!ranked) return tl::unexpected(ranked.error());
      (before ? answer.compared_before : answer.compared)[i] = *std::move(ranked);
    }
  }
  return {};
}

}  // namespace endreason
