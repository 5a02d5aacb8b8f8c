// SPDX-License-Identifier: Apache-2.0
#include "verdict/catalogue.hpp"

#include <fmt/format.h>

#include "verdict/catalogue_entry.hpp"
#include "verdict/contradiction_texts.hpp"
#include "verdict/placeholders.hpp"
#include "verdict/questions.hpp"
#include "verdict/seen_handshake.hpp"
#include "verdict/session_counters.hpp"

namespace endreason {
namespace {

// "The column action says deny: policy denied it."
std::string decided_sentence(const TrafficRecord& r, const Verdict& v) {
  switch (v.decided_by) {
    case DecidedBy::Action:
      return fmt::format("The column action says {}: {}.", clean_text(r.text(Field::Action)),
                         question(r.action).why);
    case DecidedBy::App:
      return fmt::format("The column app says {}: {}.", clean_text(r.text(Field::App)),
                         question(r.app_status).why);
    case DecidedBy::SessionEndReason:
      return fmt::format("The column session_end_reason says {}: {}.",
                         clean_text(r.text(Field::SessionEndReason)), question(r.end_reason).why);
    case DecidedBy::Nobody:
      break;
  }
  return {};
}

// "The column action holds "quarantine"." for values that nobody documents.
std::string unrecognized_sentence(const TrafficRecord& r, const Verdict& v) {
  if (v.reason_code != ReasonCode::UnrecognizedValue || v.evidence_count == 0) return {};
  const Field f = v.evidence[0];
  const std::string value = clean_text(r.text(f));
  return value.empty() ? fmt::format("The column {} is empty or not there.", info(f).log_name)
                       : fmt::format("The column {} holds \"{}\".", info(f).log_name, value);
}

std::string amount(const WayCount& way) {
  if (way.packets_known && way.bytes_known)
    return fmt::format("{} {} ({} bytes)", way.packets, way.packets == 1 ? "packet" : "packets",
                       way.bytes);
  if (way.packets_known)
    return fmt::format("{} {}", way.packets, way.packets == 1 ? "packet" : "packets");
  return fmt::format("{} bytes", way.bytes);
}

// "Sent 3 packets (222 bytes), received 0 packets (0 bytes), in 5 s." as far as it is known.
std::string counters_sentence(const TrafficRecord& r) {
  const SessionCounters count(r);
  const bool sent = count.sent.passed() != Passed::Unknown;
  const bool received = count.received.passed() != Passed::Unknown;
  if (!sent && !received) return {};
  std::string out;
  if (sent) out = "Sent " + amount(count.sent);
  if (received) out += (sent ? ", received " : "Received ") + amount(count.received);
  if (r.knows(Known::Elapsed)) out += fmt::format(", in {} s", r.elapsed);
  return out + ".";
}

void append_sentence(std::string& text, const std::string& sentence) {
  if (!sentence.empty()) text.append(" ").append(sentence);
}

void add_notes(const TrafficRecord& r, const Verdict& v, Explanation& e) {
  for (const ContradictionText& row : kContradictionTexts)
    if (v.has(row.value)) e.notes.emplace_back(row.sentence);
  if (v.provisional && v.reason_code != ReasonCode::InProgress)
    e.notes.emplace_back(
        "The row was written before the end of the session: a later row may say "
        "otherwise.");
  if (r.repeatcnt > 1)
    e.notes.push_back(
        fmt::format("The row stands for {} sessions; its counters are theirs "
                    "together.",
                    r.repeatcnt));
  if (r.partial && v.reason_code != ReasonCode::CutBeforeVerdict)
    e.notes.emplace_back("The line was cut short: columns after the cut are missing.");
  for (const std::string_view note : catalogue_entry(v.reason_code).notes)
    if (!note.empty()) e.notes.emplace_back(note);
}

}  // namespace

Explanation explain(const TrafficRecord& record, const Verdict& verdict) {
  const CatalogueEntry& entry = catalogue_entry(verdict.reason_code);
  Explanation e;
  e.headline = entry.headline;
  e.sentence = entry.sentence;
  append_sentence(e.sentence, decided_sentence(record, verdict));
  append_sentence(e.sentence, unrecognized_sentence(record, verdict));
  append_sentence(e.sentence, handshake_sentence(record));
  append_sentence(e.sentence, icmp_error_sentence(record));
  append_sentence(e.sentence, counters_sentence(record));
  for (const std::string_view cause : entry.causes)
    if (!cause.empty()) e.causes.emplace_back(cause);
  for (const checks::Pattern& pattern : entry.checks) {
    if (pattern.text.empty()) continue;
    if (auto check = fill(pattern, record)) e.checks.push_back(std::move(*check));
  }
  add_notes(record, verdict, e);
  for (const std::string_view source : entry.sources)
    if (!source.empty()) e.sources.emplace_back(source);
  return e;
}

std::string_view why(const Verdict& verdict) {
  return catalogue_entry(verdict.reason_code).why;
}

}  // namespace endreason
