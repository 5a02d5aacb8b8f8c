// SPDX-License-Identifier: Apache-2.0
#include "session/ager.hpp"

#include <algorithm>
#include <bit>

namespace endreason {

Ager::Ager(std::uint32_t capacity) : links_(std::size_t{capacity} + kFirstSession) {
  if (links_.empty()) return;
  for (std::uint32_t node = 1; node < kFirstSession; ++node) links_[node] = {node, node, 0};
}

void Ager::start(std::int64_t now_ns) {
  base_ns_ = now_ns;
  current_ = 0;
}

std::uint32_t Ager::tick_of(std::int64_t time_ns) const {
  // Unsigned: the span between two times of 64 bits may not fit into a signed number.
  if (time_ns <= base_ns_) return 0;
  const std::uint64_t ticks =
      (static_cast<std::uint64_t>(time_ns) - static_cast<std::uint64_t>(base_ns_)) >> kTickShift;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(ticks, UINT32_MAX));
}

void Ager::queue(SessionIndex session, std::int64_t deadline_ns) {
  const std::uint32_t node = node_of(session);
  const std::uint32_t tick = tick_of(deadline_ns);
  if (links_[node].next != kUnlinked) {
    if (links_[node].tick <= tick) return;
    unlink(node);
  }
  link(node, tick);
}

void Ager::remove(SessionIndex session) {
  if (queued(session)) unlink(node_of(session));
}

void Ager::link(std::uint32_t node, std::uint32_t tick) {
  tick = std::max(tick, current_);
  const std::uint32_t differing = tick ^ current_;
  const std::size_t level =
      differing == 0 ? 0 : (static_cast<std::size_t>(std::bit_width(differing)) - 1) / kSlotBits;
  const std::size_t slot = tick >> (level * kSlotBits) & (kSlots - 1);
  const std::uint32_t head = slot_node(level, slot);
  const std::uint32_t last = links_[head].previous;
  links_[node] = {head, last, tick};
  links_[last].next = node;
  links_[head].previous = node;
  occupied_[level][slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void Ager::unlink(std::uint32_t node) {
  // The slot may now be empty and still marked: it is then looked at once, in vain.
  const Node& at = links_[node];
  links_[at.previous].next = at.next;
  links_[at.next].previous = at.previous;
  links_[node].next = kUnlinked;
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
  const std::uint32_t head = slot_node(level, slot);
  const std::uint32_t first = links_[head].next;
  if (first == head) return kUnlinked;
  links_[links_[head].previous].next = kUnlinked;
  links_[head].next = links_[head].previous = head;
  return first;
}

}  // namespace endreason
