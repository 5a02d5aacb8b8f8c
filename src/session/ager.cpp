// SPDX-License-Identifier: Apache-2.0
#include "session/ager.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <tuple>
#include <utility>

namespace endreason {

// A chunk a slot may be partly filled, and one is in hand while a slot is looked at.
Ager::Ager(std::uint32_t capacity)
    : ticks_(capacity),
      chunks_((std::size_t{3} * capacity + kFewEntries) /
                  std::tuple_size_v<decltype(Chunk::sessions)> +
              kLevels * kSlots + 4) {}

void Ager::start(std::int64_t now_ns) {
  base_ns_ = now_ns;
  current_ = 0;
}

std::uint32_t Ager::tick_of(std::int64_t time_ns) const {
  // Unsigned: the span between two times of 64 bits may not fit into a signed number.
  if (time_ns <= base_ns_) return 0;
  const std::uint64_t ticks =
      (static_cast<std::uint64_t>(time_ns) - static_cast<std::uint64_t>(base_ns_)) >> kTickShift;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(ticks, kLastTick));
}

void Ager::queue(SessionIndex session, std::int64_t deadline_ns) {
  const std::uint32_t tick = tick_of(deadline_ns);
  if (!queued(session)) {
    ++queued_;
    places_ = std::max<std::size_t>(places_, session + std::size_t{1});
  } else if (ticks_[session] - 1 <= tick) {
    return;
  }
  link(session, tick);
  if (entries_ > entries_allowed()) [[unlikely]]
    throw_out_stale();
}

void Ager::link(SessionIndex session, std::uint32_t tick) {
  tick = std::max(tick, current_);
  const std::uint32_t differing = tick ^ current_;
  const std::size_t level =
      differing == 0 ? 0 : (static_cast<std::size_t>(std::bit_width(differing)) - 1) / kSlotBits;
  const std::size_t slot = tick >> (level * kSlotBits) & (kSlots - 1);
  std::uint32_t& first = slots_[level][slot];
  if (first == kNoChunk || chunks_[first].count == chunks_[first].sessions.size())
    first = new_chunk(first);
  Chunk& chunk = chunks_[first];
  chunk.sessions[chunk.count++] = session;
  ticks_[session] = tick + 1;
  ++entries_;
  occupied_[level][slot / 64] |= std::uint64_t{1} << (slot % 64);
}

std::uint32_t Ager::new_chunk(std::uint32_t next) {
  std::uint32_t chunk = free_chunk_;
  if (chunk != kNoChunk) {
    free_chunk_ = chunks_[chunk].next;
  } else {
    chunk = chunks_made_++;
    assert(chunk < chunks_.size() && "entries are bounded");
  }
  chunks_[chunk].next = next;
  chunks_[chunk].count = 0;
  return chunk;
}

void Ager::free_chunk(std::uint32_t chunk) {
  chunks_[chunk].next = free_chunk_;
  free_chunk_ = chunk;
}

// All slots anew, from what stands beside the sessions.
void Ager::throw_out_stale() {
  for (std::size_t level = 0; level < kLevels; ++level) {
    occupied_[level] = {};
    slots_[level] = {};
  }
  free_chunk_ = kNoChunk;
  chunks_made_ = 1;
  entries_ = 0;
  for (std::size_t session = 0; session < places_; ++session)
    if (ticks_[session] != kNotQueued)
      link(static_cast<SessionIndex>(session), ticks_[session] - 1);
}

// Those of a tick lie near each other, so few bits of the deadline tell them apart: digit by digit,
// without a comparison.
void Ager::sort_by_deadline() {
  constexpr unsigned kDigitBits = 9, kDigits = 3;
  constexpr std::size_t kValues = std::size_t{1} << kDigitBits;
  constexpr std::size_t kFewToSort = 96;  // below, counting takes longer than comparing
  static_assert(kDigits * kDigitBits >= kTickShift);
  const auto earlier = [](const Expired& a, const Expired& b) {
    return a.deadline_ns < b.deadline_ns;
  };
  if (std::is_sorted(expired_.begin(), expired_.end(), earlier)) return;
  if (expired_.size() < kFewToSort) return std::sort(expired_.begin(), expired_.end(), earlier);
  const auto begin_ns = static_cast<std::uint64_t>(end_of_tick(current_)) - kTickNs;
  const auto within = [begin_ns](const Expired& e) {
    return static_cast<std::uint64_t>(e.deadline_ns) - begin_ns;
  };
  std::array<std::array<std::uint32_t, kValues>, kDigits> ends{};
  std::uint64_t any = 0;
  for (const Expired& e : expired_) {
    const std::uint64_t at = within(e);
    any |= at;
    for (unsigned digit = 0; digit < kDigits; ++digit)
      ++ends[digit][at >> (digit * kDigitBits) & (kValues - 1)];
  }
  // Some that were overdue when they were queued.
  if (any >= kTickNs) return std::sort(expired_.begin(), expired_.end(), earlier);
  sorted_.resize(expired_.size());
  for (unsigned digit = 0; digit < kDigits; ++digit) {
    std::uint32_t before = 0;
    for (std::uint32_t& place : ends[digit]) place = std::exchange(before, before + place);
    for (const Expired& e : expired_)
      sorted_[ends[digit][within(e) >> (digit * kDigitBits) & (kValues - 1)]++] = e;
    std::swap(sorted_, expired_);
  }
}

Ager::Stop Ager::next_stop() const {
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::size_t shift = level * kSlotBits;
    // On level 0 the current slot itself may be waiting; higher up it has been opened already.
    std::size_t slot = (current_ >> shift & (kSlots - 1)) + (level == 0 ? 0 : 1);
    for (; slot < kSlots; slot = (slot / 64 + 1) * 64) {
      const std::uint64_t rest = occupied_[level][slot / 64] >> (slot % 64);
      if (rest == 0) continue;
      slot += static_cast<std::size_t>(std::countr_zero(rest));
      const std::uint64_t above = std::uint64_t{current_} >> (shift + kSlotBits);
      return {true, level, static_cast<std::uint32_t>((above << kSlotBits | slot) << shift)};
    }
  }
  return {false, 0, 0};
}

std::uint32_t Ager::take_slot(std::size_t level, std::uint32_t tick) {
  const std::size_t slot = tick >> (level * kSlotBits) & (kSlots - 1);
  occupied_[level][slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  return std::exchange(slots_[level][slot], kNoChunk);
}

}  // namespace endreason
