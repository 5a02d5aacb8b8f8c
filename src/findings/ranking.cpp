// SPDX-License-Identifier: Apache-2.0
#include "findings/ranking.hpp"

#include <algorithm>
#include <utility>

#include "findings/count.hpp"
#include "findings/log_filter.hpp"

namespace endreason {

bool GroupRanker::Candidate::before(const Candidate& other) const {
  if (rank != other.rank) return rank > other.rank;
  if (sessions != other.sessions) return sessions > other.sessions;
  if (bytes != other.bytes) return bytes > other.bytes;
  return key < other.key;
}

void GroupRanker::Candidate::add(const KeyCount& entry) {
  sessions = saturating_sum(sessions, entry.sessions);
  bytes = saturating_sum(bytes, entry.bytes);
  ++members;
}

void GroupRanker::add(const KeyCount& entry) {
  if (entry.key.empty()) return;
  if (entry.prefix() != group_.key) {
    close_cause();
    close_group();
    group_.key.assign(entry.prefix());
  }
  group_.add(entry);
  if (cause_bytes(kind_of(entry.key)) > 0) add_member(entry);
}

void GroupRanker::add_member(const KeyCount& entry) {
  const GroupKind kind = kind_of(entry.key);
  const std::size_t size = entry.prefix_size + cause_bytes(kind);
  const std::string_view cause = entry.key.substr(0, size);
  if (cause != cause_.key) {
    close_cause();
    cause_.key.assign(cause);
  }
  cause_.add(entry);
  if (cause_of(kind) != GroupKind::CauseSource) return;
  const std::string_view member = entry.key.substr(cause.size());
  const std::string_view destination = member.substr(0, address_size(member));
  if (cause_.destinations == 0 || destination != last_destination_) ++cause_.destinations;
  last_destination_.assign(destination);
}

void GroupRanker::close_group() {
  if (group_.key.empty()) return;
  group_.rank = group_.sessions;
  offer(kind_of(group_.key), group_);
  group_ = Candidate{};
}

void GroupRanker::close_cause() {
  if (cause_.key.empty()) return;
  const GroupKind ranking = cause_of(kind_of(cause_.key));
  // Sources are ranked by how widely they fail: the count by sessions has a ranking of its own.
  cause_.rank = ranking == GroupKind::CauseSource ? cause_.members : cause_.sessions;
  offer(ranking, cause_);
  cause_ = Candidate{};
}

void GroupRanker::offer(GroupKind ranking, const Candidate& candidate) {
  const auto kind = static_cast<std::size_t>(ranking);
  ++groups_[kind];
  std::vector<Candidate>& leaders = leaders_[kind];
  if (top_ == 0 || (leaders.size() == top_ && !candidate.before(leaders.back()))) return;
  if (leaders.size() == top_) leaders.pop_back();
  const auto place =
      std::upper_bound(leaders.begin(), leaders.end(), candidate,
                       [](const Candidate& a, const Candidate& b) { return a.before(b); });
  leaders.insert(place, candidate);
}

std::array<Ranking, kGroupKindCount> GroupRanker::finish() {
  close_cause();
  close_group();
  std::array<Ranking, kGroupKindCount> rankings;
  for (std::size_t kind = 0; kind < kGroupKindCount; ++kind) {
    rankings[kind].groups = groups_[kind];
    for (const Candidate& leader : leaders_[kind]) {
      RankedGroup group;
      group.name = is_cause(static_cast<GroupKind>(kind)) ? decode_cause(leader.key)
                                                          : decode_group(leader.key);
      group.sessions = leader.sessions;
      group.bytes = leader.bytes;
      group.members = leader.members;
      group.destinations = leader.destinations;
      group.filter = log_filter(group.name);
      rankings[kind].leading.push_back(std::move(group));
    }
  }
  return rankings;
}

}  // namespace endreason
