// SPDX-License-Identifier: Apache-2.0
#include "findings/policy_replay.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::size_t kExamples = 3;
// Pairs of rules are few; a log with made-up rule names must not fill the memory.
constexpr std::size_t kMostGroups = 100'000;
constexpr std::size_t kMostZones = 10'000;

bool blocks(Action action) {
  return action != Action::Allow;
}

ReplayOutcome outcome_of(const TrafficRecord& record, std::string_view old_rule,
                         std::string_view new_rule, const PolicyDecision& decision) {
  const bool before = was_blocked_by_policy(record);
  const bool now = blocks(decision.action);
  if (before && !now)
    return decision.depends_on_application ? ReplayOutcome::LetInAtFirst
                                           : ReplayOutcome::NowAllowed;
  if (!before && now) return ReplayOutcome::NowBlocked;
  if (before && blocks(record.action) && record.action != decision.action)
    return ReplayOutcome::OtherBlock;
  return old_rule == new_rule ? ReplayOutcome::Same : ReplayOutcome::OtherRule;
}

bool earlier(const ReplayExample& a, const ReplayExample& b) {
  return std::tie(a.file, a.line) < std::tie(b.file, b.line);
}

void keep_first(std::vector<ReplayExample>& examples, ReplayExample example) {
  const auto at = std::ranges::upper_bound(examples, example, earlier);
  if (at == examples.end() && examples.size() == kExamples) return;
  examples.insert(at, std::move(example));
  if (examples.size() > kExamples) examples.pop_back();
}

// What a group is by: its numbers, then the old rule's name, which may be anything.
void write_key(std::string& key, const ReplayedSession& session) {
  key.clear();
  key.push_back(static_cast<char>(session.outcome));
  key.push_back(static_cast<char>(session.old_action));
  key.push_back(static_cast<char>(session.new_action));
  for (unsigned shift = 0; shift < 32; shift += 8)
    key.push_back(static_cast<char>(session.new_rule >> shift & 0xff));
  key += session.old_rule;
}

}  // namespace

std::string replayed_session_text(const TrafficRecord& record) {
  const std::string_view name = protocol_name(record.proto);
  const std::string protocol =
      name.empty() ? fmt::format("protocol {}", record.proto) : std::string(name);
  const std::string port =
      record.knows(Known::Dport) && record.dport != 0 ? fmt::format("/{}", record.dport) : "";
  return fmt::format("{} -> {} {}{} {}, {} to {}", record.text(Field::Src), record.text(Field::Dst),
                     protocol, port, record.text(Field::App), record.text(Field::From),
                     record.text(Field::To));
}

bool was_blocked_by_policy(const TrafficRecord& record) {
  return blocks(record.action) || record.end_reason == EndReason::PolicyDeny;
}

std::uint64_t ReplayReport::compared() const {
  return std::accumulate(sessions.begin(), sessions.end(), std::uint64_t{0});
}

std::uint64_t ReplayReport::differing() const {
  std::uint64_t sum = 0;
  for (const ReplayOutcomeInfo& row : kReplayOutcomes)
    if (row.differs) sum += sessions[static_cast<std::size_t>(row.value)];
  return sum;
}

void PolicyReplay::add(const TrafficRecord& record) {
  const std::uint64_t count = record.repeatcnt;
  if (record.subtype == Subtype::Start) return leave_out(NotCompared::Start, count);
  const auto src = parse_ip(record.text(Field::Src));
  const auto dst = parse_ip(record.text(Field::Dst));
  const bool complete = src && dst && record.knows(Known::Proto) && record.has(Field::From) &&
                        record.has(Field::To) && record.action != Action::Absent &&
                        record.action != Action::Unrecognized;
  if (!complete) return leave_out(NotCompared::MissingColumns, count);
  PolicyQuery query;
  query.from = policy_.zone(record.text(Field::From));
  query.to = policy_.zone(record.text(Field::To));
  if (query.from == ZoneId::Unknown || query.to == ZoneId::Unknown) {
    leave_out(NotCompared::UnknownZone, count);
    for (const auto& [zone, field] : {std::pair{query.from, Field::From}, {query.to, Field::To}}) {
      const std::string_view name = record.text(field);
      if (zone != ZoneId::Unknown) continue;
      const auto at = unknown_zones_.find(name);
      if (at != unknown_zones_.end())
        at->second += count;
      else if (unknown_zones_.size() < kMostZones)
        unknown_zones_.emplace(name, count);
    }
    return;
  }
  query.src = *src;
  query.dst = *dst;
  query.protocol = record.proto;
  query.sport = record.sport;
  query.dport = record.dport;
  query.application = policy_.application(record.text(Field::App));
  query.user = policy_.user(record.text(Field::Srcuser));
  query.category = policy_.category(record.text(Field::Category));
  compare(record, query, count);
}

void PolicyReplay::compare(const TrafficRecord& record, const PolicyQuery& query,
                           std::uint64_t count) {
  const PolicyDecision decision = policy_.lookup(query);
  const std::string_view old_rule = record.text(Field::Rule);
  const ReplayedSession session{
      .outcome = outcome_of(record, old_rule, policy_.rule(decision.rule).name, decision),
      .old_rule = old_rule,
      .old_action = record.action,
      .new_rule = decision.rule,
      .new_action = decision.action,
      .ports_assumed = decision.ports_assumed,
      .file = record.file,
      .line = record.line};
  count_session(session, count);
  if (auto* examples = examples_for(session, count))
    keep_first(*examples, {record.file, record.line, replayed_session_text(record)});
}

void PolicyReplay::add(const ReplayedSession& session, std::string_view text) {
  count_session(session, 1);
  if (auto* examples = examples_for(session, 1))
    keep_first(*examples, {session.file, session.line, std::string(text)});
}

void PolicyReplay::count_session(const ReplayedSession& session, std::uint64_t count) {
  sessions_[static_cast<std::size_t>(session.outcome)] += count;
  if (session.ports_assumed) ports_assumed_ += count;
}

std::vector<ReplayExample>* PolicyReplay::examples_for(const ReplayedSession& session,
                                                       std::uint64_t count) {
  if (session.outcome == ReplayOutcome::Same) return nullptr;
  write_key(key_, session);
  auto at = groups_.find(std::string_view(key_));
  if (at == groups_.end()) {
    if (groups_.size() == kMostGroups) {
      in_no_group_ += count;
      return nullptr;
    }
    at = groups_.emplace(key_, Tally{}).first;
  }
  Tally& tally = at->second;
  tally.sessions += count;
  if (session.ports_assumed) tally.ports_assumed += count;
  // Later lines than those that are kept are the common case, and cost nothing more.
  const ReplayExample place{session.file, session.line, {}};
  if (tally.examples.size() == kExamples && !earlier(place, tally.examples.back())) return nullptr;
  return &tally.examples;
}

void PolicyReplay::merge(PolicyReplay&& other) {
  for (std::size_t i = 0; i < sessions_.size(); ++i) sessions_[i] += other.sessions_[i];
  for (std::size_t i = 0; i < not_compared_.size(); ++i) not_compared_[i] += other.not_compared_[i];
  ports_assumed_ += other.ports_assumed_;
  in_no_group_ += other.in_no_group_;
  for (const auto& [zone, count] : other.unknown_zones_) unknown_zones_[zone] += count;
  for (auto& [key, tally] : other.groups_) {
    Tally& mine = groups_[key];
    mine.sessions += tally.sessions;
    mine.ports_assumed += tally.ports_assumed;
    for (ReplayExample& example : tally.examples) keep_first(mine.examples, std::move(example));
  }
}

ReplayReport PolicyReplay::report() const {
  ReplayReport report;
  report.sessions = sessions_;
  report.not_compared = not_compared_;
  report.ports_assumed = ports_assumed_;
  report.in_no_group = in_no_group_;
  report.unknown_zones.assign(unknown_zones_.begin(), unknown_zones_.end());
  std::ranges::stable_sort(report.unknown_zones, std::ranges::greater{},
                           &std::pair<std::string, std::uint64_t>::second);
  for (const auto& [key, tally] : groups_) {
    ReplayGroup& group = report.groups.emplace_back();
    const auto byte = [&key = key](std::size_t i) { return static_cast<unsigned char>(key[i]); };
    group.outcome = static_cast<ReplayOutcome>(byte(0));
    group.old_action = static_cast<Action>(byte(1));
    group.new_action = static_cast<Action>(byte(2));
    std::uint32_t rule = 0;
    for (std::size_t i = 0; i < 4; ++i) rule |= std::uint32_t{byte(3 + i)} << 8 * i;
    group.new_rule = policy_.rule(rule).name;
    group.old_rule = key.substr(7);
    group.sessions = tally.sessions;
    group.ports_assumed = tally.ports_assumed;
    group.examples = tally.examples;
  }
  std::ranges::stable_sort(report.groups, [](const ReplayGroup& a, const ReplayGroup& b) {
    const bool a_differs = info(a.outcome).differs, b_differs = info(b.outcome).differs;
    return a_differs != b_differs ? a_differs : a.sessions > b.sessions;
  });
  return report;
}

}  // namespace endreason
