// SPDX-License-Identifier: Apache-2.0
#include "findings/session_replay.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace endreason {

SessionReplay::Seen SessionReplay::seen(const TrafficRecord& r) {
  Seen s;
  s.ends = fmt::format("{} {} {} {} {}", r.text(Field::Src), r.text(Field::Sport),
                       r.text(Field::Dst), r.text(Field::Dport), r.proto);
  if (r.engine != nullptr) s.first_packet = r.engine->text(EngineColumn::FirstPacket);
  s.rule = r.text(Field::Rule);
  s.text = replayed_session_text(r);
  s.line = r.line;
  s.file = r.file;
  s.action = r.action;
  s.subtype = r.subtype;
  s.blocked = was_blocked_by_policy(r);
  return s;
}

void SessionReplay::merge(SessionReplay&& other) {
  std::ranges::move(other.old_, std::back_inserter(old_));
  std::ranges::move(other.new_, std::back_inserter(new_));
}

ReplayOutcome SessionReplay::outcome_of(const Seen& before, const Seen& now) {
  if (before.blocked != now.blocked)
    return now.blocked ? ReplayOutcome::NowBlocked : ReplayOutcome::NowAllowed;
  if (before.blocked && before.action != now.action) return ReplayOutcome::OtherBlock;
  return before.rule == now.rule ? ReplayOutcome::Same : ReplayOutcome::OtherRule;
}

// Old sessions are asked about in the order of their first packets.
const SessionReplay::Seen* SessionReplay::counterpart(const Seen& before) {
  const auto found = by_ends_.find(before.ends);
  if (found == by_ends_.end()) return nullptr;
  Same& same = found->second;
  while (same.taken < same.sessions.size() &&
         new_[same.sessions[same.taken]].first_packet < before.first_packet)
    ++same.taken;
  if (same.taken < same.sessions.size()) {
    const Seen& next = new_[same.sessions[same.taken]];
    if (next.first_packet == before.first_packet) {
      ++same.taken;
      return &next;
    }
  }
  // It began within another one's DISCARD, or is a packet of one that was let in.
  if (same.taken == 0 || before.subtype == Subtype::Drop) return nullptr;
  const Seen& earlier = new_[same.sessions[same.taken - 1]];
  return earlier.blocked ? &earlier : nullptr;
}

ReplayReport SessionReplay::report(const CompiledPolicy& policy) && {
  const auto in_time = [](const Seen& a, const Seen& b) {
    return std::tie(a.first_packet, a.line) < std::tie(b.first_packet, b.line);
  };
  std::ranges::sort(old_, in_time);
  std::ranges::sort(new_, in_time);
  for (std::size_t i = 0; i < new_.size(); ++i) by_ends_[new_[i].ends].sessions.push_back(i);
  std::unordered_map<std::string_view, std::uint32_t> rules;
  for (std::uint32_t i = 0; i < policy.rule_count(); ++i) rules.emplace(policy.rule(i).name, i);
  PolicyReplay tally(policy);
  for (const Seen& before : old_) {
    const Seen* now = counterpart(before);
    if (now == nullptr) {
      tally.leave_out(NotCompared::Repeated, 1);
      continue;
    }
    // What was refused before its application was known may be known by now.
    const bool known_now = before.subtype == Subtype::Drop && now->subtype != Subtype::Drop;
    tally.add({.outcome = outcome_of(before, *now),
               .old_rule = before.rule,
               .old_action = before.action,
               .new_rule = rules[now->rule],
               .new_action = now->action,
               .ports_assumed = false,
               .file = before.file,
               .line = before.line},
              known_now ? now->text : before.text);
  }
  return tally.report();
}

}  // namespace endreason
