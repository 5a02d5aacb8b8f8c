// SPDX-License-Identifier: Apache-2.0
#include "inspect/stream_side.hpp"

#include <cstring>
#include <new>

namespace endreason::inspect {
namespace {

// Segments further ahead than the largest window (RFC 7323) are nonsense or of another connection.
constexpr std::int32_t kAheadMax = 1 << 30;

std::int32_t distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

}  // namespace

struct StreamSide::Segment {
  Segment* next;
  std::uint32_t seq, length, capacity;
  const std::uint8_t* bytes() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }
};

StreamSide::Taken StreamSide::take(BlockPool& pool, const StreamLimits& limits, std::uint32_t seq,
                                   Bytes bytes, Bytes& in_order, std::uint32_t& gap) {
  gap = 0;
  if (!known_) begin(seq);
  const std::int32_t ahead = distance(next_seq_, seq);
  if (ahead <= 0) {
    const auto old = static_cast<std::size_t>(-static_cast<std::int64_t>(ahead));
    if (old >= bytes.size()) return Taken::Nothing;
    in_order = bytes.subspan(old);
    return Taken::InOrder;
  }
  if (ahead > kAheadMax) return Taken::Nothing;
  const bool lost = ack_known_ && distance(seq, acked_) >= 0 && held_ == nullptr;
  if (!lost) return hold(pool, limits, seq, bytes);
  gap = static_cast<std::uint32_t>(ahead);
  in_order = bytes;
  return Taken::InOrder;
}

StreamSide::Taken StreamSide::hold(BlockPool& pool, const StreamLimits& limits, std::uint32_t seq,
                                   Bytes bytes) {
  if (held_segments_ >= limits.held_segments || held_bytes_ + bytes.size() > limits.held_bytes)
    return Taken::Full;
  Segment** at = &held_;
  while (*at != nullptr && distance((*at)->seq, seq) > 0) at = &(*at)->next;
  if (*at != nullptr && (*at)->seq == seq && (*at)->length >= bytes.size()) return Taken::Nothing;
  std::uint32_t capacity = 0;
  std::uint8_t* block = pool.take(sizeof(Segment) + bytes.size(), capacity);
  if (block == nullptr) return Taken::Full;
  auto* segment = new (block) Segment{*at, seq, static_cast<std::uint32_t>(bytes.size()), capacity};
  std::memcpy(segment + 1, bytes.data(), bytes.size());
  *at = segment;
  held_bytes_ += segment->length;
  ++held_segments_;
  return Taken::Held;
}

bool StreamSide::next_held(bool any, Bytes& bytes, std::uint32_t& gap) {
  gap = 0;
  if (held_ == nullptr) return false;
  const std::int32_t ahead = distance(next_seq_, held_->seq);
  if (ahead > 0 && !any && !(ack_known_ && distance(held_->seq, acked_) >= 0)) return false;
  if (ahead > 0) gap = static_cast<std::uint32_t>(ahead);
  const std::size_t old = ahead < 0 ? static_cast<std::size_t>(-ahead) : 0;
  bytes = old >= held_->length ? Bytes{} : Bytes{held_->bytes() + old, held_->length - old};
  return true;
}

void StreamSide::release_held(BlockPool& pool) {
  Segment* segment = held_;
  held_ = segment->next;
  held_bytes_ -= segment->length;
  --held_segments_;
  pool.give_back(reinterpret_cast<std::uint8_t*>(segment), segment->capacity);
}

}  // namespace endreason::inspect
