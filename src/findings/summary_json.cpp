// SPDX-License-Identifier: Apache-2.0
// SummaryReport -> one JSON object. Keys and their order: docs/formats/summary.md.
#include <span>

#include <fmt/format.h>

#include "findings/log_filter.hpp"
#include "findings/printable.hpp"
#include "findings/summary_report.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

// Writes the keys of objects and the items of arrays, with commas where they belong.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
  }
  void open(std::string_view key, char bracket) {
    name(key);
    out_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    first_ = false;
  }
  void number(std::string_view key, std::uint64_t value) {
    name(key);
    out_ += fmt::format("{}", value);
  }
  void text(std::string_view key, std::string_view value) {
    name(key);
    append_json_string(value, out_);
  }
  void boolean(std::string_view key, bool value) {
    name(key);
    out_ += value ? "true" : "false";
  }
  void counts(const Count& count) {
    number("rows", count.rows);
    number("sessions", count.sessions);
    number("bytes", count.bytes);
  }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void name(std::string_view key) {
    separate();
    append_json_string(key, out_);
    out_ += ':';
  }
  std::string& out_;
  bool first_ = true;
};

void put_counting(JsonWriter& json) {
  json.open("counting", '{');
  json.text("rows", "traffic log rows of every subtype");
  json.text("sessions", "repeat counts of the rows that are not of subtype start");
  json.text("bytes", "both directions, of the rows that are not of subtype start");
  json.close('}');
}

// Allowed, the three ways to be Blocked, and undetermined are always there.
bool always_shown(FinalAction action, DecidedBy decided_by) {
  return (action == FinalAction::Blocked) == (decided_by != DecidedBy::Nobody);
}

void put_final_actions(JsonWriter& json, const SummaryTotals& totals) {
  json.open("final_action", '[');
  for (const auto& action : kFinalActions)
    for (const auto& decided_by : kDecidedBy) {
      const Count& count = totals.by_decision[static_cast<std::size_t>(action.value)]
                                             [static_cast<std::size_t>(decided_by.value)];
      if (count.rows == 0 && !always_shown(action.value, decided_by.value)) continue;
      json.open('{');
      json.text("final_action", action.log_name);
      if (!decided_by.log_name.empty()) json.text("decided_by", decided_by.log_name);
      json.counts(count);
      json.close('}');
    }
  json.close(']');
}

void put_outcomes(JsonWriter& json, const SummaryTotals& totals) {
  json.open("outcome", '[');
  for (const auto& action : kFinalActions)
    for (const auto& outcome : kOutcomes) {
      const Count& count = totals.by_outcome[static_cast<std::size_t>(action.value)]
                                            [static_cast<std::size_t>(outcome.value)];
      if (count.rows == 0) continue;
      json.open('{');
      json.text("final_action", action.log_name);
      json.text("outcome", outcome.log_name);
      json.counts(count);
      json.close('}');
    }
  json.close(']');
}

// Those of a vocabulary that were met.
template <class Names>
void put_met(JsonWriter& json, std::string_view array, std::string_view key, const Names& names,
             std::span<const Count> counts) {
  json.open(array, '[');
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i].rows == 0) continue;
    json.open('{');
    json.text(key, names[i].log_name);
    json.counts(counts[i]);
    json.close('}');
  }
  json.close(']');
}

void put_blocked_though_allowed(JsonWriter& json, const SummaryTotals& totals) {
  Count sum;
  for (const Count& count : totals.blocked_though_allowed) sum.add(count);
  json.open("allowed_by_action_alone_blocked_in_fact", '{');
  json.counts(sum);
  put_met(json, "reason_code", "reason_code", kReasonCodes, totals.blocked_though_allowed);
  json.close('}');
}

void put_contradictions(JsonWriter& json, const SummaryTotals& totals) {
  json.open("contradictions", '{');
  json.counts(totals.contradicting);
  json.open("kinds", '[');
  for (std::size_t i = 0; i < kContradictions.size(); ++i) {
    if (totals.by_contradiction[i].rows == 0) continue;
    const ContradictionInfo& about = describe(kContradictions[i].value);
    json.open('{');
    json.text("contradiction", kContradictions[i].log_name);
    json.counts(totals.by_contradiction[i]);
    if (!about.filter.empty()) json.text("filter", about.filter);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

void put_cause(JsonWriter& json, const RankedGroup& group) {
  const GroupName& name = group.name;
  json.text("reason_code", log_name(name.reason));
  if (name.kind == GroupKind::CauseBlockedRule) {
    json.text("rule", name.subject);
  } else if (name.kind == GroupKind::CauseSource) {
    json.text("src", name.subject);
  } else {
    json.text("dst", name.subject);
    if (name.service.port) json.number("dport", *name.service.port);
    if (name.service.proto) {
      const std::string_view proto = protocol_name(*name.service.proto);
      json.text("proto", proto.empty() ? fmt::format("{}", *name.service.proto) : proto);
    }
  }
}

void put_ranking(JsonWriter& json, const SummaryReport& report, GroupKind kind) {
  const Ranking& ranking = report.ranking(kind);
  const bool cause = is_cause(kind);
  json.open(kGroupKinds[static_cast<std::size_t>(kind)].log_name, '{');
  json.number("distinct", ranking.groups);
  json.open("leading", '[');
  for (const RankedGroup& group : ranking.leading) {
    json.open('{');
    if (cause)
      put_cause(json, group);
    else
      json.text("name", group.name.subject);
    json.number("sessions", group.sessions);
    json.number("bytes", group.bytes);
    if (kind == GroupKind::CauseSource) {
      json.number("destinations", group.destinations);
      json.number("targets", group.members);
      json.boolean("looks_like_scan", looks_like_scan(group));
    } else if (cause) {
      json.number("sources", group.members);
    }
    if (!group.filter.empty()) json.text("filter", group.filter);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

void put_rankings(JsonWriter& json, std::string_view key, const SummaryReport& report,
                  GroupKind first, GroupKind last) {
  json.open(key, '{');
  for (auto kind = static_cast<unsigned>(first); kind <= static_cast<unsigned>(last); ++kind)
    put_ranking(json, report, static_cast<GroupKind>(kind));
  json.close('}');
}

}  // namespace

void append_json(const SummaryReport& report, std::string& out) {
  const SummaryTotals& totals = report.totals;
  JsonWriter json(out);
  json.open('{');
  json.text("schema", "endreason.summary/1");
  json.counts(totals.all());
  json.number("start_rows", totals.start_rows);
  json.number("provisional_rows", totals.provisional_rows);
  put_counting(json);
  put_final_actions(json, totals);
  put_outcomes(json, totals);
  put_met(json, "ended_by", "ended_by", kEndedBy, totals.by_ended_by);
  put_met(json, "reason_code", "reason_code", kReasonCodes, totals.by_reason);
  put_blocked_though_allowed(json, totals);
  put_contradictions(json, totals);
  put_rankings(json, "root_causes", report, GroupKind::CauseFailedDestination,
               GroupKind::CauseSource);
  json.open("top", '{');
  put_rankings(json, "blocked", report, GroupKind::BlockedRule, GroupKind::BlockedDestination);
  put_rankings(json, "allowed_but_failed", report, GroupKind::FailedRule,
               GroupKind::FailedDestination);
  json.close('}');
  json.close('}');
  out += '\n';
}

}  // namespace endreason
