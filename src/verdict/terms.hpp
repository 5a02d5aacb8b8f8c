// SPDX-License-Identifier: Apache-2.0
// Terms: every word of a traffic log and of our verdicts, with what it means, the verdict it leads
// to, and the public source. The list is built once, on first use; after that everything is
// read-only and safe to call from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_table.hpp"

namespace endreason {

enum class TermKind : std::uint8_t {
  Action,
  AppStatus,
  EndReason,
  Subtype,
  ActionSource,
  TrackerStage,
  SessionState,
  SessionTimer,
  Flag,
  Column,
  FinalAction,
  Outcome,
  EndedBy,
  Confidence,
  ReasonCode,
  Contradiction
};
struct TermKindInfo {
  TermKind value;
  std::string_view log_name;  // "application status": how a reader calls the kind
};
inline constexpr auto kTermKinds = std::to_array<TermKindInfo>({
    {TermKind::Action, "action"},
    {TermKind::AppStatus, "application status"},
    {TermKind::EndReason, "session end reason"},
    {TermKind::Subtype, "type of a traffic log row"},
    {TermKind::ActionSource, "action source"},
    {TermKind::TrackerStage, "tracker stage"},
    {TermKind::SessionState, "session state"},
    {TermKind::SessionTimer, "session timer"},
    {TermKind::Flag, "flag"},
    {TermKind::Column, "column"},
    {TermKind::FinalAction, "final action (verdict)"},
    {TermKind::Outcome, "outcome (verdict)"},
    {TermKind::EndedBy, "ended by (verdict)"},
    {TermKind::Confidence, "confidence (verdict)"},
    {TermKind::ReasonCode, "reason code (verdict)"},
    {TermKind::Contradiction, "contradiction (verdict)"},
});
static_assert(rows_in_enum_order(kTermKinds) && log_names_unique(kTermKinds));
constexpr const TermKindInfo& info(TermKind v) {
  return kTermKinds[static_cast<std::size_t>(v)];
}

struct Term {
  TermKind kind{};
  std::string name;      // as the log, the command line or our output spells it
  std::string title;     // columns: the title in the web interface; flags: the bit mask
  std::string meaning;   // one or more sentences
  std::string leads_to;  // the verdict that follows from it; empty when none does
  std::string source;    // a public page, or "observed, not documented"
};

// In the order of the kinds, within a kind in the order of its table.
std::span<const Term> all_terms();

// Every term of that name or title; case is ignored, and blanks, underscores and dashes are equal.
// One word may be several terms: `unknown` is an end reason, an action source, and an outcome.
std::vector<const Term*> find_terms(std::string_view word);

// For a word that is no term: the nearest names, best first.
std::vector<std::string> nearest_terms(std::string_view word);

}  // namespace endreason
