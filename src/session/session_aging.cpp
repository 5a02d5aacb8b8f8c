// SPDX-License-Identifier: Apache-2.0
// SessionTable: how time ends sessions.
#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "model/protocol.hpp"
#include "session/session_table.hpp"

namespace endreason {

void SessionTable::advance(std::int64_t now_ns, SessionSink& sink) {
  if (!started_) return;
  now_ns_ = std::max(now_ns_, usable_time(now_ns));
  moment_.packet = next_packet_;
  in_hand_ = latest_ns_.size();
  age(sink);
}

void SessionTable::finish(SessionSink& sink) {
  static_cast<void>(finish_some(SIZE_MAX, sink));
  finish_rest(sink);
}

std::optional<Ended> SessionTable::finish_some(std::size_t enough, SessionSink& sink) {
  if (!started_) return std::nullopt;
  latest_ns_ = {};
  moment_.packet = UINT64_MAX;
  const std::int64_t last_packet_ns = std::exchange(now_ns_, kLatest);
  const std::uint32_t before = pool_.allocated();
  std::optional<Ended> ended;
  for (std::size_t done = 0; done < enough; done = before - pool_.allocated()) {
    if (found_.empty() && !find_expired()) break;
    const auto found = found_;
    end_found(enough - done, INT64_MAX, sink);
    ended = {ager_.tick_over(), found[found.size() - found_.size() - 1].deadline_ns};
  }
  now_ns_ = last_packet_ns;
  return ended;
}

void SessionTable::finish_until(const Ended& last, SessionSink& sink) {
  if (!started_) return;
  latest_ns_ = {};
  moment_.packet = UINT64_MAX;
  const std::int64_t last_packet_ns =
      std::exchange(now_ns_, std::min(ager_.end_of_tick(last.tick), kLatest));
  while (!found_.empty() || find_expired()) {
    end_found(SIZE_MAX, ager_.tick_over() < last.tick ? INT64_MAX : last.deadline_ns, sink);
    if (!found_.empty()) break;
  }
  now_ns_ = last_packet_ns;
}

void SessionTable::finish_rest(SessionSink& sink) {
  std::vector<std::tuple<std::int64_t, std::uint32_t, SessionIndex>>
      left;  // by deadline, by number
  for (SessionIndex i = 0; i < pool_.high_water(); ++i)
    if (pool_[i].state != SessionState::Init)
      left.emplace_back(deadline_ns(pool_[i]), pool_[i].id, i);
  std::sort(left.begin(), left.end());
  moment_ = {UINT64_MAX, Moment::kAfterAging};
  for (const auto& [deadline, id, index] : left) end(index, deadline, sink);
}

void SessionTable::clear(std::int64_t now_ns, SessionSink& sink) {
  advance(now_ns, sink);
  std::vector<std::pair<std::uint32_t, SessionIndex>> open;  // by number
  for (SessionIndex i = 0; i < pool_.high_water(); ++i)
    if (pool_[i].state != SessionState::Init) open.emplace_back(pool_[i].id, i);
  std::sort(open.begin(), open.end());
  moment_ = {UINT64_MAX, Moment::kAfterAging};
  for (const auto& [id, index] : open) {
    pool_[index].end_reasons =
        static_cast<std::uint16_t>(pool_[index].end_reasons | end_reason_bit(EndReason::Unknown));
    end(index, now_ns_, sink);
  }
}

void SessionTable::note_births() {
  notes_births_ = true;
  pool_.number_provisionally();
}

void SessionTable::take_born(Born& born) {
  std::swap(born, born_);
  born.first_id =
      (pool_.last_id() + 1 - static_cast<std::uint32_t>(born.births.size())) | kProvisionalId;
  born_.births.clear();
  born_.announced.clear();
}

void SessionTable::age(SessionSink& sink) {
  while (end_expired(sink)) {
  }
  if (latest_ns_.empty()) relax();
}

// Looked at when all that ages together has aged, and not at each end: so it is the same in
// whatever order they end, and in however many tables.
void SessionTable::relax() {
  if (accelerated_ && sessions_in_all() < relax_below_) accelerated_ = false;
}

// Where in the row of packets a tick of the ager was over: with a single table, that is at the
// packet at hand.
void SessionTable::tell_moment(std::uint32_t tick) {
  moment_.tick = tick;
  if (latest_ns_.empty()) return;
  moment_.packet = packet_at(ager_.end_of_tick(tick));
}

// The first packet of the row at which it was so late: mostly not far before the one in hand, and
// another thread has written the times, so few of them are looked at.
std::uint64_t SessionTable::packet_at(std::int64_t time_ns) const {
  std::size_t end = in_hand_, step = 1;
  for (; step <= end && latest_ns_[end - step] >= time_ns; step *= 2) end -= step;
  const auto before = latest_ns_.first(end).last(std::min(step, end));
  const auto later = std::lower_bound(before.begin(), before.end(), time_ns);
  return next_packet_ + end - static_cast<std::uint64_t>(before.end() - later);
}

// Ends what has aged in the next tick that has any. False when there is none before now.
bool SessionTable::end_expired(SessionSink& sink) {
  if (found_.empty() && !find_expired()) return false;
  end_found(SIZE_MAX, INT64_MAX, sink);
  return true;
}

bool SessionTable::find_expired() {
  found_ = ager_.expired(
      now_ns_, [this](SessionIndex i) { return deadline_ns(pool_[i]); },
      [this](SessionIndex i) { return pool_[i].id; },
      [this](SessionIndex i) { pool_.prefetch_age(i); },
      [this](SessionIndex i) { pool_.prefetch_rest(i); });
  if (found_.empty()) return false;
  tell_moment(ager_.tick_over());
  return true;
}

// Ends those that were found up to this deadline; or so many, and those that age in the same moment
// as the last of them. They may be many, and in an order that has nothing to do with their places.
void SessionTable::end_found(std::size_t enough, std::int64_t last_ns, SessionSink& sink) {
  static constexpr std::size_t kGroup = 16;    // prefetches side by side
  static constexpr std::size_t kAtOnce = 256;  // between two pauses
  const std::span<const Ager::Expired> found = found_;
  const bool wants_coming = sink.wants_coming();
  const auto group = [found](std::size_t begin) {
    const std::span rest = found.subspan(std::min(begin, found.size()));
    return rest.first(std::min(kGroup, rest.size()));
  };
  const auto fetch_sessions = [&](std::size_t begin) __attribute__((always_inline)) {
    for (const Ager::Expired& e : group(begin)) pool_.prefetch_whole(e.session);
    if (wants_coming)
      for (const Ager::Expired& e : group(begin)) sink.on_coming(e.session);
  };
  const auto fetch_buckets = [&](std::size_t begin) __attribute__((always_inline)) {
    std::array<std::uint64_t, kGroup> hashes;
    std::size_t n = 0;
    for (const Ager::Expired& e : group(begin)) hashes[n++] = table_.hash(pool_[e.session].key);
    for (std::size_t i = 0; i < n; ++i) table_.prefetch_bucket(hashes[i]);
  };
  fetch_sessions(0);
  fetch_sessions(kGroup);
  fetch_buckets(0);
  std::size_t i = 0;
  for (; i < found.size() && found[i].deadline_ns <= last_ns; ++i) {
    if (i >= enough && found[i].deadline_ns != found[i - 1].deadline_ns) break;
    if (i % kGroup == 0) {
      fetch_sessions(i + 2 * kGroup);
      fetch_buckets(i + kGroup);
    }
    if (i % kAtOnce == 0) sink.on_pause(found[i].deadline_ns);
    end_out_of_ager(found[i].session, found[i].deadline_ns, sink);
  }
  found_ = found.subspan(i);
  sink.on_pause(found_.empty() ? INT64_MAX : found_.front().deadline_ns);
}

// CLOSING, still in ager and flow table; CLOSED, out of the ager; FREE, out of both; then INIT.
void SessionTable::end(SessionIndex index, std::int64_t ended_ns, SessionSink& sink) {
  pool_[index].state = SessionState::Closing;
  ager_.remove(index);
  end_out_of_ager(index, ended_ns, sink);
}

void SessionTable::end_out_of_ager(SessionIndex index, std::int64_t ended_ns, SessionSink& sink) {
  Session& session = pool_[index];
  session.state = SessionState::Closed;
  if (session.has(kPredict)) [[unlikely]] {
    --predicted_;
    counters_.add(SessionCounter::PredictExpired);
  } else {
    if (session.key.protocol == kProtoTcp) tracker_.forget(session);
    counters_.add(SessionCounter::SessionsEnded);
    place_ = index;
    sink.on_end(session, std::max(ended_ns, session.last_ns));  // packets may come out of order
  }
  table_.erase(table_.hash(session.key), index);
  session.state = SessionState::Free;
  pool_.release(index);
}

void SessionTable::watch_utilization() {
  if (accelerated_ || !settings_.accelerated_aging || sessions_in_all() <= accelerate_above_)
    return;
  counters_.add(SessionCounter::AcceleratedAging);
  set_accelerated(true, now_ns_);
}

void SessionTable::set_accelerated(bool on, std::int64_t since_ns) {
  accelerated_ = on;
  if (!on) return;
  accelerated_since_ns_ = since_ns;
  // Deadlines come nearer for all at once; the ager learns of an earlier one only when told.
  for (SessionIndex i = 0; i < pool_.high_water(); ++i)
    if (pool_[i].state != SessionState::Init) ager_.queue(i, deadline_ns(pool_[i]));
}

}  // namespace endreason
