// SPDX-License-Identifier: Apache-2.0
#include "verdict/terms.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "model/log_flag.hpp"
#include "verdict/catalogue_entry.hpp"
#include "verdict/contradiction_texts.hpp"
#include "verdict/questions.hpp"
#include "verdict/term_texts.hpp"

namespace endreason {
namespace {

std::string capitalised(std::string_view text) {
  std::string out{text};
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return out;
}

// "Blocked: policy denied it."
std::string verdict_of(FinalAction action, std::string_view why) {
  return fmt::format("{}: {}.", capitalised(log_name(action)), why);
}

std::string leads_to(Action v) {
  const ActionRow& row = question(v);
  std::string standard = verdict_of(row.final_action[0], row.why);
  if (row.final_action[0] == row.final_action[1]) return standard;
  return fmt::format("{} {} in the rule set vendor.", standard,
                     capitalised(log_name(row.final_action[1])));
}
std::string leads_to(AppStatus v) {
  return verdict_of(question(v).final_action, question(v).why);
}
std::string leads_to(EndReason v) {
  const std::string text = verdict_of(question(v).final_action, question(v).why);
  return v == EndReason::NotEnded ? "Provisional. " + text : text;
}
std::string leads_to(Subtype v) {
  return v == Subtype::Start ? "Provisional when nothing says blocked." : "";
}
std::string leads_to(TrackerStage v) {
  return fmt::format("The log then says {}.", info(info(v).end_reason).log_name);
}

using Terms = std::vector<Term>;

// Kinds whose words are in a table of the model and lead to a verdict.
template <class Texts>
void add_words(Terms& terms, TermKind kind, const Texts& texts) {
  for (const auto& row : texts)
    terms.push_back({kind, std::string(info(row.value).log_name), "", std::string(row.meaning),
                     leads_to(row.value), std::string(row.source)});
}

// Our own words.
template <class Texts>
void add_own_words(Terms& terms, TermKind kind, const Texts& texts) {
  for (const auto& row : texts)
    terms.push_back({kind, std::string(log_name(row.value)), "", std::string(row.meaning), "",
                     std::string(row.source)});
}

void add_action_sources(Terms& terms) {
  for (const auto& row : kActionSourceTexts)
    terms.push_back({TermKind::ActionSource, std::string(info(row.value).log_name), "",
                     std::string(row.meaning), "", std::string(row.source)});
}

void add_session_states(Terms& terms) {
  for (const auto& row : kSessionStateTexts)
    terms.push_back(
        {TermKind::SessionState, std::string(info(row.value).log_name), "",
         fmt::format("{} A {} state.", row.meaning, info(row.value).stable ? "stable" : "passing"),
         "", std::string(row.source)});
}

void add_timers(Terms& terms) {
  for (const auto& row : kSessionTimerTexts) {
    const SessionTimerInfo& timer = info(row.value);
    terms.push_back({TermKind::SessionTimer, std::string(timer.log_name), "",
                     fmt::format("{} Default {} s, allowed {} to {} s.", row.meaning,
                                 timer.default_s, timer.min_s, timer.max_s),
                     "", std::string(row.source)});
  }
}

void add_flags(Terms& terms) {
  for (const LogFlagInfo& flag : kLogFlags)
    terms.push_back({TermKind::Flag, std::string(flag.log_name), fmt::format("0x{:08x}", flag.mask),
                     capitalised(flag.meaning) + ".",
                     flag.mask == kFlagUrlDenied
                         ? "An allowed session is called denied-by-url-filtering, "
                           "outcome partial; its final action stays Allowed."
                         : "",
                     std::string(cite::kTrafficLogFields)});
}

void add_columns(Terms& terms) {
  for (const FieldInfo& field : kFields)
    terms.push_back(
        {TermKind::Column, std::string(field.log_name), std::string(field.title),
         fmt::format("{} Column {} of the default format, since {}.", column_meaning(field.value),
                     index_of(field.value) + 1, field.since),
         "", std::string(cite::kTrafficLogFields)});
}

void add_reason_codes(Terms& terms) {
  for (const auto& row : kReasonCodes) {
    const CatalogueEntry& entry = catalogue_entry(row.value);
    terms.push_back({TermKind::ReasonCode, std::string(row.log_name), "",
                     std::string(entry.sentence), std::string(entry.headline) + ".",
                     std::string(entry.sources[0])});
  }
}

void add_contradictions(Terms& terms) {
  for (const ContradictionText& row : kContradictionTexts)
    terms.push_back({TermKind::Contradiction, std::string(log_name(row.value)), "",
                     std::string(row.sentence), "", std::string(row.source)});
}

Terms make_terms() {
  Terms terms;
  add_words(terms, TermKind::Action, kActionTexts);
  add_words(terms, TermKind::AppStatus, kAppStatusTexts);
  add_words(terms, TermKind::EndReason, kEndReasonTexts);
  add_words(terms, TermKind::Subtype, kSubtypeTexts);
  add_action_sources(terms);
  add_words(terms, TermKind::TrackerStage, kTrackerStageTexts);
  add_session_states(terms);
  add_timers(terms);
  add_flags(terms);
  add_columns(terms);
  add_own_words(terms, TermKind::FinalAction, kFinalActionTexts);
  add_own_words(terms, TermKind::Outcome, kOutcomeTexts);
  add_own_words(terms, TermKind::EndedBy, kEndedByTexts);
  add_own_words(terms, TermKind::Confidence, kConfidenceTexts);
  add_reason_codes(terms);
  add_contradictions(terms);
  return terms;
}

// Lower case; runs of blanks, underscores, dashes and slashes are one dash.
std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool gap = c == ' ' || c == '_' || c == '-' || c == '/';
    if (gap && (out.empty() || out.back() == '-')) continue;
    out.push_back(gap ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

// Spellings of other formats ("drop-reset", "Packets Sent", "imsi"), as the readers know them.
std::vector<const Term*> find_by_other_spelling(std::string_view word) {
  std::vector<const Term*> found;
  const auto add = [&](TermKind kind, std::string_view name) {
    for (const Term& term : all_terms())
      if (!name.empty() && term.kind == kind && term.name == name) found.push_back(&term);
  };
  add(TermKind::Action, info(action_from(word)).log_name);
  add(TermKind::EndReason, info(end_reason_from(word)).log_name);
  auto field = find_field(word);
  if (!field) field = find_field_by_title(word);
  if (field) add(TermKind::Column, info(*field).log_name);
  return found;
}

}  // namespace

std::span<const Term> all_terms() {
  static const Terms terms = make_terms();
  return terms;
}

std::vector<const Term*> find_terms(std::string_view word) {
  const std::string wanted = folded(word);
  std::vector<const Term*> by_name;
  std::vector<const Term*> by_title;
  if (wanted.empty()) return by_name;
  for (const Term& term : all_terms()) {
    if (folded(term.name) == wanted) {
      by_name.push_back(&term);
    } else if (!term.title.empty() && folded(term.title) == wanted) {
      by_title.push_back(&term);
    }
  }
  by_name.insert(by_name.end(), by_title.begin(), by_title.end());
  return by_name.empty() ? find_by_other_spelling(word) : by_name;
}

std::vector<std::string> nearest_terms(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Term& term : all_terms()) {
    names.push_back(term.name);
    if (!term.title.empty()) names.push_back(term.title);
  }
  return nearest_names(word, names, 5);
}

}  // namespace endreason
