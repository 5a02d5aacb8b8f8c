// SPDX-License-Identifier: Apache-2.0
// GET /overview: totals, sessions over time, rankings, findings in sentences, and what changed.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "model/stored_column.hpp"
#include "model/verdict.hpp"
#include "server/api_support.hpp"
#include "verdict/catalogue.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kStepsMax = 200;
// Steps that people read well, in seconds.
constexpr std::int64_t kSteps[] = {1,    5,    10,    30,    60,     300,     600,      1800,
                                   3600, 7200, 21600, 86400, 604800, 2592000, 31536000, 315360000};
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

struct Sums {
  std::uint64_t rows{}, sessions{}, bytes{};
  void add(const Sums& more) {
    rows += more.rows;
    sessions += more.sessions;
    bytes += more.bytes;
  }
  void append(JsonWriter& json) const {
    json.number("rows", rows).number("sessions", sessions).number("bytes", bytes);
  }
};

struct Totals {
  Sums all, though_allowed, contradictions;
  std::map<std::pair<std::string, std::string>, Sums> final_action, outcome;
};

struct Bucket {
  std::uint64_t allowed{}, allowed_failed{}, blocked{}, undetermined{}, bytes{};
};

const char* const kSumColumns =
    "count(*) AS n, sum(sessions) AS s, sum(CASE WHEN sessions > 0 THEN bytes END) AS b";

struct Ranked {
  std::string name;
  Sums sums;
  std::string final_action, outcome;
};

// A column that rows are ranked by.
struct Key {
  Field field;
  std::string_view name;     // in the answer
  std::string_view subject;  // in filters
  std::string_view op;
};
constexpr Key kKeys[] = {{Field::Rule, "rule", "rule", "eq"},
                         {Field::App, "app", "app", "eq"},
                         {Field::Src, "src", "addr.src", "in"},
                         {Field::Dst, "dst", "addr.dst", "in"}};

class Overview {
 public:
  Overview(const ApiContext& context, Scope scope) : context_(context), scope_(std::move(scope)) {}

  Result<std::string> answer() {
    if (auto found = find_period(); !found) return tl::unexpected(found.error());
    if (auto counted = count(from_, to_, now_, &buckets_); !counted)
      return tl::unexpected(counted.error());
    if (auto counted = count_before(); !counted) return tl::unexpected(counted.error());
    if (auto ranked = rank_all(); !ranked) return tl::unexpected(ranked.error());
    if (auto found = find_causes(); !found) return tl::unexpected(found.error());
    if (auto compared = compare(); !compared) return tl::unexpected(compared.error());
    return written();
  }

 private:
  Result<Table> ask(const std::string& sql) { return context_.store.query(sql, context_.limits()); }

  Result<void> find_period() {
    from_ = scope_.from.value_or(0);
    to_ = scope_.to.value_or(0);
    if (!scope_.from || !scope_.to) {
      const auto span = ask("SELECT epoch_us(min(time)), epoch_us(max(time)) FROM traffic_rows");
      if (!span) return tl::unexpected(span.error());
      const bool none = is_null(span->rows[0][0]);
      const std::int64_t now = context_.options.now_micros();
      if (!scope_.from) from_ = none ? now - 3600 * kMicros : signed_of(span->rows[0][0]);
      if (!scope_.to) to_ = none ? now : signed_of(span->rows[0][1]) + kMicros;
    }
    to_ = std::max(to_, from_ + 1);
    step_ = kSteps[std::size(kSteps) - 1];
    for (const std::int64_t step : kSteps)
      if ((to_ - from_) / kMicros / step < kStepsMax - 1) {
        step_ = step;
        break;
      }
    first_bucket_ = from_ / kMicros / step_ * step_;
    const std::int64_t last = (to_ - 1) / kMicros / step_ * step_;
    buckets_.resize(static_cast<std::size_t>((last - first_bucket_) / step_ + 1));
    return {};
  }

  Result<void> count(std::int64_t from, std::int64_t to, Totals& totals,
                     std::vector<Bucket>* buckets) {
    const std::string bucket =
        buckets == nullptr
            ? "0::BIGINT"
            : fmt::format("epoch_us(r.time) // {} - {}", step_ * kMicros, first_bucket_ / step_);
    const auto table = ask(fmt::format(
        "SELECT {} AS k, final_action, outcome, decided_by, action = 'allow' AS allow, "
        "contradictions <> 0 AS contradicts, {} FROM traffic_rows r WHERE {} GROUP BY ALL",
        bucket, kSumColumns, scope_.where_between(from, to)));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows) {
      const Sums sums{number_of(row[6]), number_of(row[7]), number_of(row[8])};
      const std::string final_action(text_of(row[1]));
      const std::string outcome(text_of(row[2]));
      totals.all.add(sums);
      totals.final_action[{final_action, std::string(text_of(row[3]))}].add(sums);
      totals.outcome[{final_action, outcome}].add(sums);
      if (std::get<bool>(row[4]) && final_action == "blocked") totals.though_allowed.add(sums);
      if (std::get<bool>(row[5])) totals.contradictions.add(sums);
      if (buckets == nullptr) continue;
      const auto at = static_cast<std::size_t>(signed_of(row[0]));
      if (at >= buckets->size()) continue;
      Bucket& b = (*buckets)[at];
      (final_action == "blocked"        ? b.blocked
       : final_action == "undetermined" ? b.undetermined
       : outcome == "failed"            ? b.allowed_failed
                                        : b.allowed) += sums.sessions;
      b.bytes += sums.bytes;
    }
    return {};
  }

  Result<void> count_before() {
    if (!scope_.from && !scope_.to) return {};  // everything: there is nothing before
    if (auto counted = count(from_ - (to_ - from_), from_, before_, nullptr); !counted)
      return counted;
    has_before_ = before_.all.rows > 0;
    return {};
  }

  std::string period_where(std::string_view more) const {
    return fmt::format("{} AND {}", scope_.where_between(from_, to_), more);
  }

  // The first groups of a column, most sessions first.
  Result<std::vector<Ranked>> rank(const Key& key, const std::string& where, unsigned most) {
    const StoredColumn& column = stored(key.field);
    const std::string name(info(key.field).log_name);
    std::string sql;
    if (column.as == StoredAs::Address) {
      sql = fmt::format(
          "SELECT address_text(k), n, s, b FROM (SELECT \"{}\" AS k, {} FROM traffic_rows r WHERE "
          "{} "
          "GROUP BY k HAVING sum(sessions) > 0 AND k IS NOT NULL ORDER BY s DESC, b DESC, k LIMIT "
          "{})",
          name, kSumColumns, where, most);
    } else {
      const StoredGroupInfo& group = info(column.group);
      sql = fmt::format(
          "SELECT g.\"{0}\" AS k, sum(n)::UBIGINT, sum(s) AS s, sum(b) AS b FROM (SELECT {1}, {2} "
          "FROM "
          "traffic_rows r WHERE {3} GROUP BY {1}) t JOIN {4} g ON t.{1} = g.id WHERE g.\"{0}\" <> "
          "'' "
          "GROUP BY k HAVING sum(s) > 0 ORDER BY s DESC, b DESC, k LIMIT {5}",
          name, group.id, kSumColumns, where, group.table, most);
    }
    const auto table = ask(sql);
    if (!table) return tl::unexpected(table.error());
    std::vector<Ranked> ranked;
    for (const auto& row : table->rows)
      ranked.push_back({std::string(text_of(row[0])),
                        {number_of(row[1]), number_of(row[2]), number_of(row[3])},
                        {},
                        {}});
    return ranked;
  }

  Result<std::vector<Ranked>> rank_reasons(const std::string& where) {
    const auto table = ask(
        fmt::format("SELECT reason_code, first(final_action ORDER BY s DESC), "
                    "first(outcome ORDER BY s DESC), sum(n)::UBIGINT, sum(s) AS s, sum(b) FROM "
                    "(SELECT reason_code, final_action, outcome, {} FROM traffic_rows r WHERE {} "
                    "GROUP BY ALL) GROUP BY reason_code HAVING sum(s) > 0 ORDER BY s DESC, "
                    "reason_code::VARCHAR",
                    kSumColumns, where));
    if (!table) return tl::unexpected(table.error());
    std::vector<Ranked> ranked;
    for (const auto& row : table->rows)
      ranked.push_back({std::string(text_of(row[0])),
                        {number_of(row[3]), number_of(row[4]), number_of(row[5])},
                        std::string(text_of(row[1])),
                        std::string(text_of(row[2]))});
    return ranked;
  }

  Result<void> rank_all() {
    auto reasons = rank_reasons(scope_.where_between(from_, to_));
    if (!reasons) return tl::unexpected(reasons.error());
    reasons_ = *std::move(reasons);
    for (std::size_t i = 0; i < std::size(kKeys); ++i) {
      auto blocked = rank(kKeys[i], period_where("r.final_action = 'blocked'"), 10);
      if (!blocked) return tl::unexpected(blocked.error());
      blocked_[i] = *std::move(blocked);
      auto failed =
          rank(kKeys[i], period_where("r.final_action = 'allowed' AND r.outcome = 'failed'"), 10);
      if (!failed) return tl::unexpected(failed.error());
      failed_[i] = *std::move(failed);
    }
    return {};
  }

  // --- findings ------------------------------------------------------------------------------
  struct Finding {
    std::string sentence, kind, reason_code, filter;
    Sums sums;
  };

  std::string_view severity(const Sums& sums) const {
    const double share = now_.all.sessions == 0 ? 0
                                                : static_cast<double>(sums.sessions) /
                                                      static_cast<double>(now_.all.sessions);
    return share >= 0.05 ? "high" : share >= 0.005 ? "medium" : "low";
  }

  static std::string sessions_text(std::uint64_t n) {
    return fmt::format("{} session{}", grouped_digits(n), n == 1 ? "" : "s");
  }

  Result<void> find_causes() {
    if (now_.though_allowed.sessions > 0)
      findings_.push_back(
          {fmt::format("{} {} allowed by action and blocked in fact.",
                       sessions_text(now_.though_allowed.sessions),
                       now_.though_allowed.sessions == 1 ? "was" : "were"),
           "blocked-though-allowed", "",
           joined(scope_.filter_text, "( action eq allow ) and ( final_action eq blocked )"),
           now_.though_allowed});
    if (auto found = find_failing_servers(); !found) return found;
    if (auto found = find_blocking_rules(); !found) return found;
    if (auto found = find_scans(); !found) return found;
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return a.sums.sessions > b.sums.sessions;
    });
    return {};
  }

  Result<void> find_failing_servers() {
    const auto table = ask(fmt::format(
        "SELECT address_text(dst), dport, protocol_text(proto), reason_code, {}, "
        "count(DISTINCT src) FROM traffic_rows r WHERE {} GROUP BY dst, dport, proto, reason_code "
        "HAVING sum(sessions) > 1 ORDER BY s DESC, dst, dport LIMIT 5",
        kSumColumns, period_where("r.final_action = 'allowed' AND r.outcome = 'failed'")));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows) {
      const std::string_view reason = text_of(row[3]);
      const Sums sums{number_of(row[4]), number_of(row[5]), number_of(row[6])};
      const std::uint64_t sources = number_of(row[7]);
      const bool port = !is_null(row[1]) && number_of(row[1]) != 0;
      std::string filter = comparison("addr.dst", "in", text_of(row[0]));
      if (port) filter += " and " + comparison("port.dst", "eq", std::to_string(number_of(row[1])));
      filter += " and " + comparison("reason_code", "eq", reason);
      findings_.push_back(
          {fmt::format("{} to {}{} failed, from {} source{}: {}.", sessions_text(sums.sessions),
                       text_of(row[0]),
                       port ? fmt::format(" port {} ({})", number_of(row[1]), text_of(row[2]))
                            : fmt::format(" ({})", text_of(row[2])),
                       grouped_digits(sources), sources == 1 ? "" : "s", phrase(reason)),
           "failing-server", std::string(reason), joined(scope_.filter_text, filter), sums});
    }
    return {};
  }

  Result<void> find_blocking_rules() {
    const auto table = ask(fmt::format(
        "SELECT g.rule AS k, reason_code, sum(n)::UBIGINT, sum(s) AS s, sum(b) FROM (SELECT "
        "rule_id, "
        "reason_code, {} FROM traffic_rows r WHERE {} GROUP BY ALL) t JOIN rules g ON t.rule_id = "
        "g.id "
        "WHERE g.rule <> '' GROUP BY k, reason_code HAVING sum(s) > 1 ORDER BY s DESC, k LIMIT 5",
        kSumColumns, period_where("r.final_action = 'blocked'")));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows) {
      const std::string_view rule = text_of(row[0]);
      const std::string_view reason = text_of(row[1]);
      const Sums sums{number_of(row[2]), number_of(row[3]), number_of(row[4])};
      findings_.push_back(
          {fmt::format("Of rule \"{}\" {} {} blocked: {}.", rule, sessions_text(sums.sessions),
                       sums.sessions == 1 ? "was" : "were", phrase(reason)),
           "blocking-rule", std::string(reason),
           joined(scope_.filter_text, comparison("rule", "eq", rule) + " and " +
                                          comparison("reason_code", "eq", reason)),
           sums});
    }
    return {};
  }

  // A hundred targets, each tried a few times, is the mark of a sweep.
  Result<void> find_scans() {
    const auto table = ask(fmt::format(
        "SELECT address_text(src), {}, count(DISTINCT (dst, dport, proto)) AS targets FROM "
        "traffic_rows r WHERE {} GROUP BY src HAVING count(*) >= 100 AND targets >= 100 AND s <= 4 "
        "* "
        "targets ORDER BY targets DESC, src LIMIT 3",
        kSumColumns,
        period_where("(r.final_action = 'blocked' OR r.outcome = 'failed') AND r.sessions > 0")));
    if (!table) return tl::unexpected(table.error());
    for (const auto& row : table->rows) {
      const Sums sums{number_of(row[1]), number_of(row[2]), number_of(row[3])};
      findings_.push_back(
          {fmt::format(
               "{} tried {} targets in {} that were blocked or failed: it looks like a scan.",
               text_of(row[0]), grouped_digits(number_of(row[4])), sessions_text(sums.sessions)),
           "scanning-host", "",
           joined(scope_.filter_text,
                  comparison("addr.src", "in", text_of(row[0])) +
                      " and ( ( final_action eq blocked ) or ( outcome eq failed ) )"),
           sums});
    }
    return {};
  }

  // --- what changed --------------------------------------------------------------------------
  struct Change {
    std::string_view what, subject;
    std::string name;
    std::uint64_t now, before;
    std::uint64_t difference() const { return now > before ? now - before : before - now; }
  };

  Result<void> compare() {
    if (!has_before_) return {};
    const std::string before = scope_.where_between(from_ - (to_ - from_), from_);
    const std::string now = scope_.where_between(from_, to_);
    auto reasons = rank_reasons(before);
    if (!reasons) return tl::unexpected(reasons.error());
    note_changes("reason_code", "reason_code", reasons_, *reasons);
    for (const Key& key : {kKeys[0], kKeys[1]}) {
      auto then = rank(key, before, 200);
      if (!then) return tl::unexpected(then.error());
      auto today = rank(key, now, 200);
      if (!today) return tl::unexpected(today.error());
      note_changes(key.name, key.subject, *today, *then);
    }
    std::stable_sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
      return a.difference() > b.difference();
    });
    if (changes_.size() > 10) changes_.resize(10);
    return {};
  }

  void note_changes(std::string_view what, std::string_view subject, const std::vector<Ranked>& now,
                    const std::vector<Ranked>& before) {
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> both;
    for (const Ranked& r : now) both[r.name].first = r.sums.sessions;
    for (const Ranked& r : before) both[r.name].second = r.sums.sessions;
    for (const auto& [name, sessions] : both) {
      const Change change{what, subject, name, sessions.first, sessions.second};
      // Half as many again, or two thirds of what there was.
      if (change.difference() >= kChangeMin &&
          change.difference() * 2 >= std::min(change.now, change.before))
        changes_.push_back(change);
    }
  }

  // --- the answer ----------------------------------------------------------------------------
  void append_totals(JsonWriter& json, const Totals& totals) const {
    json.object();
    totals.all.append(json);
    json.key("final_action").array();
    for (const auto& [key, sums] : totals.final_action) {
      json.object().text("final_action", key.first);
      if (key.second != "none") json.text("decided_by", key.second);
      sums.append(json);
      json.end_object();
    }
    json.end_array().key("outcome").array();
    for (const auto& [key, sums] : totals.outcome) {
      json.object().text("final_action", key.first).text("outcome", key.second);
      sums.append(json);
      json.end_object();
    }
    json.end_array().end_object();
  }

  void append_counted(JsonWriter& json, const Sums& sums, std::string_view filter) const {
    json.object();
    sums.append(json);
    json.text("filter", joined(scope_.filter_text, filter)).end_object();
  }

  void append_ranked(JsonWriter& json, const Key& key, const std::vector<Ranked>& ranked,
                     std::string_view kind) const {
    json.array();
    for (const Ranked& r : ranked) {
      json.object().text("name", r.name);
      json.number("sessions", r.sums.sessions).number("bytes", r.sums.bytes);
      json.text("filter", joined(scope_.filter_text, std::string(kind) + " and " +
                                                         comparison(key.subject, key.op, r.name)));
      json.end_object();
    }
    json.end_array();
  }

  void append_reasons(JsonWriter& json) const {
    json.array();
    for (std::size_t i = 0; i < reasons_.size() && i < 10; ++i) {
      const Ranked& r = reasons_[i];
      json.object().text("name", r.name).text("title", phrase(r.name));
      json.text("final_action", r.final_action).text("outcome", r.outcome);
      json.number("sessions", r.sums.sessions).number("bytes", r.sums.bytes);
      json.text("filter", joined(scope_.filter_text, comparison("reason_code", "eq", r.name)));
      json.end_object();
    }
    json.end_array();
  }

  void append_series(JsonWriter& json) const {
    json.array();
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      const Bucket& b = buckets_[i];
      json.object();
      json.text("time",
                time_text((first_bucket_ + static_cast<std::int64_t>(i) * step_) * kMicros));
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
      json.text("filter", joined(scope_.filter_text, comparison(c.subject, "eq", c.name)));
      json.end_object();
    }
    json.end_array();
  }

  std::string written() const {
    std::string body;
    JsonWriter json(body);
    json.object().text("from", time_text(from_)).text("to", time_text(to_));
    json.number("step_seconds", step_);
    append_series(json.key("series"));
    append_totals(json.key("totals"), now_);
    if (has_before_) {
      append_totals(json.key("before"), before_);
    } else {
      json.key("before").null();
    }
    append_counted(json.key("allowed_by_action_alone_blocked_in_fact"), now_.though_allowed,
                   "( action eq allow ) and ( final_action eq blocked )");
    append_counted(json.key("contradictions"), now_.contradictions, "( contradictions neq none )");
    json.key("top").object();
    append_reasons(json.key("reason_code"));
    json.key("blocked").object();
    for (std::size_t i = 0; i < std::size(kKeys); ++i)
      append_ranked(json.key(kKeys[i].name), kKeys[i], blocked_[i], "( final_action eq blocked )");
    json.end_object().key("allowed_but_failed").object();
    for (std::size_t i = 0; i < std::size(kKeys); ++i)
      append_ranked(json.key(kKeys[i].name), kKeys[i], failed_[i],
                    "( final_action eq allowed ) and ( outcome eq failed )");
    json.end_object().end_object();
    append_findings(json.key("findings"));
    append_changes(json.key("changes"));
    json.end_object();
    return body;
  }

  const ApiContext& context_;
  Scope scope_;
  std::int64_t from_ = 0, to_ = 0, step_ = 1, first_bucket_ = 0;
  std::vector<Bucket> buckets_;
  Totals now_, before_;
  bool has_before_ = false;
  std::vector<Ranked> reasons_;
  std::array<std::vector<Ranked>, std::size(kKeys)> blocked_, failed_;
  std::vector<Finding> findings_;
  std::vector<Change> changes_;
};

}  // namespace

HttpResponse answer_overview(const HttpRequest& request, const ApiContext& context) {
  auto scope = scope_of(request, context);
  if (!scope) return scope.error();
  auto body = Overview(context, *std::move(scope)).answer();
  if (!body) return store_error(body.error());
  return json_answer(*std::move(body));
}

}  // namespace endreason
