// SPDX-License-Identifier: Apache-2.0
// SummaryReport: what a summary says, ready to be written as text or as JSON. Owns its texts.
// Rankings are in order: most sessions first, then most bytes, then by name.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "findings/count.hpp"
#include "findings/group_key.hpp"
#include "model/verdict.hpp"

namespace endreason {

// The totals of a summary. Everything here counts all rows; Count says which rows count sessions.
struct SummaryTotals {
  std::array<std::array<Count, kDecidedBy.size()>, kFinalActions.size()> by_decision{};
  std::array<std::array<Count, kOutcomes.size()>, kFinalActions.size()> by_outcome{};
  std::array<Count, kEndedBy.size()> by_ended_by{};
  std::array<Count, kReasonCodes.size()> by_reason{};
  // Rows whose action is allow, though the final action is Blocked.
  std::array<Count, kReasonCodes.size()> blocked_though_allowed{};
  std::array<Count, kContradictions.size()> by_contradiction{};
  Count contradicting;         // rows with at least one contradiction
  std::uint64_t start_rows{};  // rows of subtype start: in `rows`, in no count of sessions
  std::uint64_t provisional_rows{};

  Count all() const;
  Count of(FinalAction action) const;
  void add(const SummaryTotals& other);
};

// One line of a ranking.
struct RankedGroup {
  GroupName name;
  std::uint64_t sessions{};
  std::uint64_t bytes{};
  std::uint64_t members{};       // distinct members: sources; for CauseSource, targets
                                 // (destination, port and protocol)
  std::uint64_t destinations{};  // CauseSource only: distinct destination addresses
  std::string filter;  // for Monitor > Logs > Traffic; empty when the name cannot be quoted
};

struct Ranking {
  std::uint64_t groups{};  // how many there are in all
  std::vector<RankedGroup> leading;
};

struct SummaryReport {
  SummaryTotals totals;
  std::array<Ranking, kGroupKindCount> rankings;
  const Ranking& ranking(GroupKind kind) const { return rankings[static_cast<std::size_t>(kind)]; }
};

// A source that meets many targets with the same bad end is probably probing. Hosts that merely
// fail retry a few targets; a hundred, each tried only a few times, is the mark of a sweep.
inline constexpr std::uint64_t kScanTargetsMin = 100;
inline constexpr std::uint64_t kScanTriesPerTargetMax = 4;
constexpr bool looks_like_scan(const RankedGroup& source) {
  return source.members >= kScanTargetsMin &&
         source.sessions / kScanTriesPerTargetMax <= source.members;
}

// The short phrase for a reason ("SYN never answered"); a static text.
using ReasonPhrase = std::string_view (*)(ReasonCode);

struct SummaryTextOptions {
  ReasonPhrase why{};  // nothing: the reason codes themselves
  bool colour{};
};

// A report of at most 100 columns. Names are shown without control characters.
void append_text(const SummaryReport& report, const SummaryTextOptions& options, std::string& out);
// One JSON object on one line, with a line end; docs/formats/summary.md says what it holds.
void append_json(const SummaryReport& report, std::string& out);
// The contradictions alone: each kind that was met, what it means, and the filter that lists it.
void append_contradictions(const SummaryReport& report, const SummaryTextOptions& options,
                           std::string& out);

}  // namespace endreason
