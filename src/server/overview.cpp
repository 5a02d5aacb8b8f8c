// SPDX-License-Identifier: Apache-2.0
// GET /overview: totals, sessions over time, rankings, findings in sentences, and what changed.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "model/verdict.hpp"
#include "server/api_support.hpp"
#include "verdict/catalogue.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
// A change that is worth a sentence.
constexpr std::uint64_t kChangeMin = 10;

std::string_view phrase(std::string_view reason_code) {
  for (const auto& row : kReasonCodes) {
    if (row.log_name != reason_code) continue;
    Verdict verdict;
    verdict.reason_code = row.value;
    return why(verdict);
  }
  return {};
}

// How the columns that rows are ranked by are called, in the order of RankedBy.
struct Key {
  std::string_view name;     // in the answer
  std::string_view subject;  // in filters
  std::string_view op;
};
constexpr Key kKeys[kRankedByCount] = {{"rule", "rule", "eq"},
                                       {"app", "app", "eq"},
                                       {"src", "addr.src", "in"},
                                       {"dst", "addr.dst", "in"}};

void append_sums(JsonWriter& json, const RowSums& sums) {
  json.number("rows", sums.rows).number("sessions", sums.sessions).number("bytes", sums.bytes);
}

// What is said about the numbers.
class Overview {
 public:
  Overview(std::string filter_text, OverviewAnswer numbers)
      : filter_text_(std::move(filter_text)), numbers_(std::move(numbers)) {}

  std::string json() {
    find_causes();
    compare();
    return written();
  }

 private:
  // --- findings ------------------------------------------------------------------------------
  struct Finding {
    std::string sentence, kind, reason_code, filter;
    RowSums sums;
  };

  std::string_view severity(const RowSums& sums) const {
    const double share =
        numbers_.now.all.sessions == 0
            ? 0
            : static_cast<double>(sums.sessions) / static_cast<double>(numbers_.now.all.sessions);
    return share >= 0.05 ? "high" : share >= 0.005 ? "medium" : "low";
  }

  static std::string sessions_text(std::uint64_t n) {
    return fmt::format("{} session{}", grouped_digits(n), n == 1 ? "" : "s");
  }

  void find_causes() {
    const RowSums& though_allowed = numbers_.now.blocked_though_allowed;
    if (though_allowed.sessions > 0)
      findings_.push_back(
          {fmt::format("{} {} allowed by action and blocked in fact.",
                       sessions_text(though_allowed.sessions),
                       though_allowed.sessions == 1 ? "was" : "were"),
           "blocked-though-allowed", "",
           joined(filter_text_, "( action eq allow ) and ( final_action eq blocked )"),
           though_allowed});
    for (const auto& server : numbers_.failing_servers) tell_failing_server(server);
    for (const auto& rule : numbers_.blocking_rules)
      findings_.push_back(
          {fmt::format("Of rule \"{}\" {} {} blocked: {}.", rule.rule,
                       sessions_text(rule.sums.sessions), rule.sums.sessions == 1 ? "was" : "were",
                       phrase(rule.reason_code)),
           "blocking-rule", rule.reason_code,
           joined(filter_text_, comparison("rule", "eq", rule.rule) + " and " +
                                    comparison("reason_code", "eq", rule.reason_code)),
           rule.sums});
    for (const auto& host : numbers_.scanning_hosts)
      findings_.push_back(
          {fmt::format(
               "{} tried {} targets in {} that were blocked or failed: it looks like a scan.",
               host.src, grouped_digits(host.targets), sessions_text(host.sums.sessions)),
           "scanning-host", "",
           joined(filter_text_,
                  comparison("addr.src", "in", host.src) +
                      " and ( ( final_action eq blocked ) or ( outcome eq failed ) )"),
           host.sums});
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return a.sums.sessions > b.sums.sessions;
    });
  }

  void tell_failing_server(const OverviewAnswer::FailingServer& server) {
    std::string filter = comparison("addr.dst", "in", server.dst);
    if (server.dport)
      filter += " and " + comparison("port.dst", "eq", std::to_string(*server.dport));
    filter += " and " + comparison("reason_code", "eq", server.reason_code);
    findings_.push_back(
        {fmt::format("{} to {}{} failed, from {} source{}: {}.",
                     sessions_text(server.sums.sessions), server.dst,
                     server.dport ? fmt::format(" port {} ({})", *server.dport, server.proto)
                                  : fmt::format(" ({})", server.proto),
                     grouped_digits(server.sources), server.sources == 1 ? "" : "s",
                     phrase(server.reason_code)),
         "failing-server", server.reason_code, joined(filter_text_, filter), server.sums});
  }

  // --- what changed --------------------------------------------------------------------------
  struct Change {
    std::string_view what, subject;
    std::string name;
    std::uint64_t now, before;
    std::uint64_t difference() const { return now > before ? now - before : before - now; }
  };

  void compare() {
    if (!numbers_.before) return;
    note_changes("reason_code", "reason_code", numbers_.reasons, numbers_.reasons_before);
    for (std::size_t i = 0; i < numbers_.compared.size(); ++i)
      note_changes(kKeys[i].name, kKeys[i].subject, numbers_.compared[i],
                   numbers_.compared_before[i]);
    std::stable_sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
      return a.difference() > b.difference();
    });
    if (changes_.size() > 10) changes_.resize(10);
  }

  void note_changes(std::string_view what, std::string_view subject,
                    const std::vector<RankedValue>& now, const std::vector<RankedValue>& before) {
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> both;
    for (const RankedValue& r : now) both[r.name].first = r.sums.sessions;
    for (const RankedValue& r : before) both[r.name].second = r.sums.sessions;
    for (const auto& [name, sessions] : both) {
      const Change change{what, subject, name, sessions.first, sessions.second};
      // Half as many again, or two thirds of what there was.
      if (change.difference() >= kChangeMin &&
          change.difference() * 2 >= std::min(change.now, change.before))
        changes_.push_back(change);
    }
  }

  // --- the answer ----------------------------------------------------------------------------
  void append_totals(JsonWriter& json, const OverviewTotals& totals) const {
    json.object();
    append_sums(json, totals.all);
    json.key("final_action").array();
    for (const auto& [key, sums] : totals.by_decision) {
      json.object().text("final_action", key.first);
      if (key.second != "none") json.text("decided_by", key.second);
      append_sums(json, sums);
      json.end_object();
    }
    json.end_array().key("outcome").array();
    for (const auto& [key, sums] : totals.by_outcome) {
      json.object().text("final_action", key.first).text("outcome", key.second);
      append_sums(json, sums);
      json.end_object();
    }
    json.end_array().end_object();
  }

  void append_counted(JsonWriter& json, const RowSums& sums, std::string_view filter) const {
    json.object();
    append_sums(json, sums);
    json.text("filter", joined(filter_text_, filter)).end_object();
  }

  void append_ranked(JsonWriter& json, const Key& key, const std::vector<RankedValue>& ranked,
                     std::string_view kind) const {
    json.array();
    for (const RankedValue& r : ranked) {
      json.object().text("name", r.name);
      json.number("sessions", r.sums.sessions).number("bytes", r.sums.bytes);
      json.text("filter", joined(filter_text_, std::string(kind) + " and " +
                                                   comparison(key.subject, key.op, r.name)));
      json.end_object();
    }
    json.end_array();
  }

  void append_reasons(JsonWriter& json) const {
    json.array();
    for (std::size_t i = 0; i < numbers_.reasons.size() && i < 10; ++i) {
      const RankedValue& r = numbers_.reasons[i];
      json.object().text("name", r.name).text("title", phrase(r.name));
      json.text("final_action", r.final_action).text("outcome", r.outcome);
      json.number("sessions", r.sums.sessions).number("bytes", r.sums.bytes);
      json.text("filter", joined(filter_text_, comparison("reason_code", "eq", r.name)));
      json.end_object();
    }
    json.end_array();
  }

  void append_series(JsonWriter& json) const {
    json.array();
    for (std::size_t i = 0; i < numbers_.steps.size(); ++i) {
      const OverviewAnswer::Step& b = numbers_.steps[i];
      json.object();
      json.text("time", time_text((numbers_.first_step_seconds +
                                   static_cast<std::int64_t>(i) * numbers_.step_seconds) *
                                  kMicros));
      json.number("allowed", b.allowed).number("allowed_failed", b.allowed_failed);
      json.number("blocked", b.blocked).number("undetermined", b.undetermined);
      json.number("bytes", b.bytes).end_object();
    }
    json.end_array();
  }

  void append_findings(JsonWriter& json) const {
    json.array();
    for (std::size_t i = 0; i < findings_.size() && i < 12; ++i) {
      const Finding& f = findings_[i];
      json.object().text("sentence", f.sentence).text("kind", f.kind);
      json.text_or_null("reason_code", f.reason_code);
      json.number("sessions", f.sums.sessions).number("bytes", f.sums.bytes);
      json.text("filter", f.filter).text("severity", severity(f.sums)).end_object();
    }
    json.end_array();
  }

  void append_changes(JsonWriter& json) const {
    json.array();
    for (const Change& c : changes_) {
      const std::string title = c.what == "reason_code" ? std::string(phrase(c.name))
                                : c.what == "rule"      ? fmt::format("Rule \"{}\"", c.name)
                                                        : fmt::format("Application {}", c.name);
      json.object();
      json.text("sentence",
                c.before == 0
                    ? fmt::format("{}: {}, none in the period before.", title, sessions_text(c.now))
                    : fmt::format("{}: {}, {} in the period before.", title, sessions_text(c.now),
                                  grouped_digits(c.before)));
      json.text("what", c.what).text("name", c.name);
      json.number("sessions", c.now).number("sessions_before", c.before);
      json.text("filter", joined(filter_text_, comparison(c.subject, "eq", c.name)));
      json.end_object();
    }
    json.end_array();
  }

  std::string written() const {
    std::string body;
    JsonWriter json(body);
    json.object().text("from", time_text(numbers_.from)).text("to", time_text(numbers_.to));
    json.number("step_seconds", numbers_.step_seconds);
    append_series(json.key("series"));
    append_totals(json.key("totals"), numbers_.now);
    if (numbers_.before) {
      append_totals(json.key("before"), *numbers_.before);
    } else {
      json.key("before").null();
    }
    append_counted(json.key("allowed_by_action_alone_blocked_in_fact"),
                   numbers_.now.blocked_though_allowed,
                   "( action eq allow ) and ( final_action eq blocked )");
    append_counted(json.key("contradictions"), numbers_.now.contradictions,
                   "( contradictions neq none )");
    json.key("top").object();
    append_reasons(json.key("reason_code"));
    json.key("blocked").object();
    for (std::size_t i = 0; i < std::size(kKeys); ++i)
      append_ranked(json.key(kKeys[i].name), kKeys[i], numbers_.blocked[i],
                    "( final_action eq blocked )");
    json.end_object().key("allowed_but_failed").object();
    for (std::size_t i = 0; i < std::size(kKeys); ++i)
      append_ranked(json.key(kKeys[i].name), kKeys[i], numbers_.allowed_but_failed[i],
                    "( final_action eq allowed ) and ( outcome eq failed )");
    json.end_object().end_object();
    append_findings(json.key("findings"));
    append_changes(json.key("changes"));
    json.end_object();
    return body;
  }

  std::string filter_text_;
  OverviewAnswer numbers_;
  std::vector<Finding> findings_;
  std::vector<Change> changes_;
};

}  // namespace

HttpResponse answer_overview(const HttpRequest& request, const ApiContext& context) {
  auto scope = scope_of(request, context);
  if (!scope) return scope.error();
  auto numbers =
      context.store.overview({scope->rows(), context.options.now_micros()}, context.limits());
  if (!numbers) return store_error(numbers.error());
  return json_answer(Overview(std::move(scope->filter_text), *std::move(numbers)).json());
}

}  // namespace endreason
