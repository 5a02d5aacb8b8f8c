// SPDX-License-Identifier: Apache-2.0
#include "findings/ranking.hpp"

#include <algorithm>
#include <utility>

#include "findings/log_filter.hpp"

namespace endreason {

bool Leaders::Leader::before(const Leader& other) const {
  if (falls_behind(other.counts, counts)) return true;
  return !falls_behind(counts, other.counts) && key < other.key;
}

void Leaders::place(GroupKind ranking, const GroupCounts& counts, std::string_view key) {
  std::vector<Leader>& leaders = leaders_[static_cast<std::size_t>(ranking)];
  Leader candidate{counts, std::string(key)};
  if (leaders.size() == top_) {
    if (!candidate.before(leaders.back())) return;
    leaders.pop_back();
  }
  const auto place = std::upper_bound(leaders.begin(), leaders.end(), candidate,
                                      [](const Leader& a, const Leader& b) { return a.before(b); });
  leaders.insert(place, std::move(candidate));
}

void Leaders::take(Leaders&& other) {
  for (std::size_t kind = 0; kind < kGroupKindCount; ++kind) {
    groups_[kind] += other.groups_[kind];
    for (const Leader& leader : other.leaders_[kind])
      place(static_cast<GroupKind>(kind), leader.counts, leader.key);
  }
}

std::array<Ranking, kGroupKindCount> Leaders::finish() {
  std::array<Ranking, kGroupKindCount> rankings;
  for (std::size_t kind = 0; kind < kGroupKindCount; ++kind) {
    rankings[kind].groups = groups_[kind];
    for (const Leader& leader : leaders_[kind]) {
      RankedGroup group;
      group.name = is_cause(static_cast<GroupKind>(kind)) ? decode_cause(leader.key)
                                                          : decode_group(leader.key);
      group.sessions = leader.counts.sessions;
      group.bytes = leader.counts.bytes;
      group.members = leader.counts.members;
      group.destinations = leader.counts.destinations;
      group.filter = log_filter(group.name);
      rankings[kind].leading.push_back(std::move(group));
    }
  }
  return rankings;
}

void GroupRanker::add(const KeyCount& entry, std::uint64_t members) {
  if (entry.key.empty()) return;
  if (entry.prefix() != group_.key) {
    close_cause();
    close_group();
    group_.key.assign(entry.prefix());
  }
  group_.counts.add(entry.sessions, entry.bytes, members);
  if (cause_bytes(kind_of(entry.key)) > 0) add_cause(entry, members);
}

void GroupRanker::add_cause(const KeyCount& entry, std::uint64_t members) {
  const GroupKind kind = kind_of(entry.key);
  const std::size_t size = entry.prefix_size + cause_bytes(kind);
  const std::string_view cause = entry.key.substr(0, size);
  if (cause != cause_.key) {
    close_cause();
    cause_.key.assign(cause);
  }
  cause_.counts.add(entry.sessions, entry.bytes, members);
  if (cause_of(kind) != GroupKind::CauseSource) return;
  const std::string_view member = entry.key.substr(cause.size());
  const std::string_view destination = member.substr(0, address_size(member));
  if (cause_.counts.destinations == 0 || destination != last_destination_)
    ++cause_.counts.destinations;
  last_destination_.assign(destination);
}

void GroupRanker::close_group() {
  if (group_.key.empty()) return;
  const GroupKind ranking = kind_of(group_.key);
  group_.counts.set_rank(ranking);
  leaders_.offer(ranking, group_.counts, [&] { return std::string_view(group_.key); });
  group_ = {};
}

void GroupRanker::close_cause() {
  if (cause_.key.empty()) return;
  const GroupKind ranking = cause_of(kind_of(cause_.key));
  cause_.counts.set_rank(ranking);
  leaders_.offer(ranking, cause_.counts, [&] { return std::string_view(cause_.key); });
  cause_ = {};
}

void GroupRanker::finish() {
  close_cause();
  close_group();
}

}  // namespace endreason
