// SPDX-License-Identifier: Apache-2.0
// Ager: finds the sessions whose time is over, in O(1) a session, on packet time.
//
// A timing wheel of four levels with 256 slots each. A tick is 2^26 ns (67 ms); it only decides
// when a session is looked at, never when it ends: deadlines are exact nanoseconds. Levels reach
// 17 s, 73 min, 13 days and 9 years. A refresh costs nothing here: a session is looked at when the
// deadline it was queued under is over, and queued again when it has got a later one meanwhile.
// Only an earlier deadline moves it at once.
//
// A slot is a list of chunks of session numbers, so that what ages together is fetched ahead of its
// use. The tick that counts stands beside the session: numbers in other slots are stale, and passed
// over when their slot's time comes, or thrown out when they are many. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/fetch_whole.hpp"
#include "session/mapped_array.hpp"
#include "session/session.hpp"

namespace endreason {

class Ager {
 public:
  struct Expired {
    std::int64_t deadline_ns;
    SessionIndex session;
  };

  Ager() = default;
  explicit Ager(std::uint32_t capacity);
  bool empty() const { return ticks_.empty() || chunks_.empty(); }

  // Once, before anything else: the time of the first packet.
  void start(std::int64_t now_ns);

  // Queues a session, or moves it when it is queued under a later deadline; else does nothing.
  // A deadline in the past comes with the next tick.
  void queue(SessionIndex session, std::int64_t deadline_ns);
  bool queued(SessionIndex session) const { return ticks_[session] != kNotQueued; }
  void remove(SessionIndex session) {
    if (!queued(session)) return;
    ticks_[session] = kNotQueued;
    --queued_;
  }
  void prefetch(SessionIndex session) const { __builtin_prefetch(&ticks_[session], 1); }
  // Numbers that stand in slots, stale ones included; for tests of how few they stay.
  std::size_t entries() const { return entries_; }

  // The time from which a tick is over.
  std::int64_t end_of_tick(std::uint32_t tick) const {
    const std::uint64_t span = (std::uint64_t{tick} + 1) << kTickShift;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(base_ns_) + span);
  }

  // True when expired() would look at something.
  bool due(std::int64_t now_ns) const { return tick_of(now_ns) > current_; }

  // Takes sessions out whose deadline lies in a tick before now's, tick by tick; within a tick by
  // deadline, then by id. The span is valid until the next call; empty when there are no more.
  //   deadline(session): in nanoseconds, now.
  //   id(session): asked of those whose deadline is the same.
  //   prefetch(session), prefetch_id(session): called some steps before deadline() and id().
  template <class Deadline, class Id, class Prefetch, class PrefetchId>
  std::span<const Expired> expired(std::int64_t now_ns, Deadline&& deadline, Id&& id,
                                   Prefetch&& prefetch, PrefetchId&& prefetch_id);
  // In which those were over that expired() gave.
  std::uint32_t tick_over() const { return current_; }

 private:
  static constexpr unsigned kTickShift = 26;
  static constexpr std::uint64_t kTickNs = std::uint64_t{1} << kTickShift;
  static constexpr unsigned kSlotBits = 8;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
  static constexpr std::size_t kLevels = 4;
  static_assert(kLevels * kSlotBits == 32, "a tick is 32 bits");
  static_assert((std::uint64_t{1} << (32 + kTickShift)) / 1'000'000'000 > 15'999'999ull * 2,
                "the longest timer reaches less far than the wheel");

  // What stands beside a session: its tick and 1.
  static constexpr std::uint32_t kNotQueued = 0;
  static constexpr std::uint32_t kLastTick = UINT32_MAX - 1;

  static constexpr std::uint32_t kNoChunk = 0;    // an empty one
  static constexpr std::uint32_t kTogether = 16;  // prefetches side by side
  struct alignas(64) Chunk {
    std::uint32_t next;
    std::uint32_t count;
    std::array<SessionIndex, 62> sessions;
  };
  static_assert(sizeof(Chunk) == 256);
  struct Stop {
    bool found;
    std::size_t level;
    std::uint32_t tick;
  };

  std::uint32_t tick_of(std::int64_t time_ns) const;
  void link(SessionIndex session, std::uint32_t tick);
  // The next tick at which a slot has to be looked at.
  Stop next_stop() const;
  // Takes the whole list of a slot; returns its first chunk.
  std::uint32_t take_slot(std::size_t level, std::uint32_t tick);
  std::uint32_t new_chunk(std::uint32_t next);
  void free_chunk(std::uint32_t chunk);
  // The most entries that are kept without throwing stale ones out: each of those was made by a
  // call, and throwing out looks at all places once.
  std::size_t entries_allowed() const { return 2 * queued_ + places_ + kFewEntries; }
  void throw_out_stale();
  void sort_by_deadline();
  template <class Id, class Prefetch>
  void sort_same_by_id(Id&& id, Prefetch&& prefetch_id);

  static constexpr std::size_t kFewEntries = 4096;

  MappedArray<std::uint32_t> ticks_;  // of each session
  MappedArray<Chunk> chunks_;         // 0 is none
  std::array<std::array<std::uint32_t, kSlots>, kLevels> slots_{};
  std::array<std::array<std::uint64_t, kSlots / 64>, kLevels> occupied_{};
  std::vector<Expired> expired_, sorted_;
  std::uint32_t free_chunk_ = kNoChunk;
  std::uint32_t chunks_made_ = 1;
  std::size_t entries_ = 0;
  std::size_t queued_ = 0;
  std::size_t places_ = 0;     // sessions from here on were never queued
  std::int64_t base_ns_ = 0;   // time of tick 0
  std::uint32_t current_ = 0;  // ticks before this one are over and done
};

// Many may have the same deadline; what is asked of them lies anywhere.
template <class Id, class Prefetch>
void Ager::sort_same_by_id(Id&& id, Prefetch&& prefetch_id) {
  const std::size_t count = expired_.size();
  const auto same = [this](std::size_t i) {
    return expired_[i].deadline_ns == expired_[i - 1].deadline_ns;
  };
  std::size_t fetched = 1;
  const auto fetch_until = [&](std::size_t end) __attribute__((always_inline)) {
    for (; fetched < std::min(end, count); ++fetched)
      if (same(fetched)) {
        prefetch_id(expired_[fetched - 1].session);
        prefetch_id(expired_[fetched].session);
      }
  };
  for (std::size_t first = 0; first < count;) {
    if (first + kTogether >= fetched) fetch_until(first + 2 * kTogether);
    std::size_t behind = first + 1;
    while (behind < count && same(behind)) ++behind;
    if (behind - first > 1)
      std::sort(
          expired_.begin() + static_cast<std::ptrdiff_t>(first),
          expired_.begin() + static_cast<std::ptrdiff_t>(behind),
          [&id](const Expired& a, const Expired& b) { return id(a.session) < id(b.session); });
    first = behind;
  }
}

template <class Deadline, class Id, class Prefetch, class PrefetchId>
std::span<const Ager::Expired> Ager::expired(std::int64_t now_ns, Deadline&& deadline, Id&& id,
                                             Prefetch&& prefetch, PrefetchId&& prefetch_id) {
  expired_.clear();
  if (!due(now_ns)) return {};
  const auto fetch = [&](const Chunk& chunk, std::uint32_t begin) __attribute__((always_inline)) {
    const std::uint32_t end = std::min(begin + kTogether, chunk.count);
    for (std::uint32_t i = begin; i < end; ++i) this->prefetch(chunk.sessions[i]);
    for (std::uint32_t i = begin; i < end; ++i) prefetch(chunk.sessions[i]);
  };
  const std::uint32_t target = tick_of(now_ns);
  while (expired_.empty()) {
    const Stop stop = next_stop();
    // A slot of a higher level that begins at the target is opened: the rest of it lies ahead.
    if (!stop.found || stop.tick > target || (stop.level == 0 && stop.tick == target)) {
      current_ = target;
      break;
    }
    current_ = stop.tick;
    const std::size_t shift = stop.level * kSlotBits;
    std::uint32_t at = take_slot(stop.level, stop.tick);
    fetch(chunks_[at], 0);
    while (at != kNoChunk) {
      const Chunk& chunk = chunks_[at];
      const std::uint32_t next = chunk.next;
      fetch_whole(chunks_[next]);
      for (std::uint32_t i = 0; i < chunk.count; ++i) {
        if (i % kTogether == 0) {
          if (i + kTogether < chunk.count)
            fetch(chunk, i + kTogether);
          else
            fetch(chunks_[next], 0);
        }
        const SessionIndex session = chunk.sessions[i];
        if (!queued(session) || (ticks_[session] - 1) >> shift != stop.tick >> shift) continue;
        const std::int64_t deadline_ns = deadline(session);
        const std::uint32_t tick = tick_of(deadline_ns);
        if (stop.level == 0 && tick <= current_) {
          remove(session);
          expired_.push_back({deadline_ns, session});
        } else {
          link(session, tick);
        }
      }
      entries_ -= chunk.count;
      free_chunk(at);
      at = next;
    }
  }
  sort_by_deadline();
  sort_same_by_id(id, prefetch_id);
  return expired_;
}

}  // namespace endreason
