// SPDX-License-Identifier: Apache-2.0
// The question behind the overview, and its answer: numbers only, in whatever way a store finds
// them. What is said about them is the asker's.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace endreason {

// Which rows a question is about.
struct RowScope {
  std::string condition;                 // on rows r, as the store's SQL has it; empty: all
  std::optional<std::int64_t> from, to;  // UTC microseconds; `to` is not included
};

struct OverviewQuestion {
  RowScope scope;
  std::int64_t now_micros{};  // where the period ends when nothing is stored
};

struct RowSums {
  std::uint64_t rows{}, sessions{}, bytes{};
  void add(const RowSums& more) {
    rows += more.rows;
    sessions += more.sessions;
    bytes += more.bytes;
  }
};

struct OverviewTotals {
  RowSums all, blocked_though_allowed, contradictions;
  std::map<std::pair<std::string, std::string>, RowSums> by_decision;  // final action, decided by
  std::map<std::pair<std::string, std::string>, RowSums> by_outcome;   // final action, outcome
};

// A value that rows are ranked by. Of its sums only sessions and bytes are known to every store.
struct RankedValue {
  std::string name;
  RowSums sums;
  std::string final_action, outcome;  // of reasons: the prevailing ones
};

enum class RankedBy : std::uint8_t { Rule, App, Src, Dst };
inline constexpr std::size_t kRankedByCount = 4;
using RankedValues = std::array<std::vector<RankedValue>, kRankedByCount>;

struct OverviewAnswer {
  std::int64_t from{}, to{};
  std::int64_t step_seconds{1}, first_step_seconds{};
  struct Step {
    std::uint64_t allowed{}, allowed_failed{}, blocked{}, undetermined{}, bytes{};
  };
  std::vector<Step> steps;  // every step of the period
  OverviewTotals now;
  std::optional<OverviewTotals> before;      // of a period as long; none: it has no rows
  std::vector<RankedValue> reasons;          // all, most sessions first
  RankedValues blocked, allowed_but_failed;  // the first ten each

  // What is compared with the period before; empty when there is none. Rules and applications.
  std::vector<RankedValue> reasons_before;
  std::array<std::vector<RankedValue>, 2> compared, compared_before;

  struct FailingServer {
    std::string dst, proto;
    std::optional<std::uint64_t> dport;
    std::string reason_code;
    RowSums sums;
    std::uint64_t sources{};
  };
  std::vector<FailingServer> failing_servers;
  struct BlockingRule {
    std::string rule, reason_code;
    RowSums sums;
  };
  std::vector<BlockingRule> blocking_rules;
  // A source with a hundred targets and more that were blocked or failed.
  struct ScanningHost {
    std::string src;
    RowSums sums;
    std::uint64_t targets{};
  };
  std::vector<ScanningHost> scanning_hosts;
};

}  // namespace endreason
