// SPDX-License-Identifier: Apache-2.0
// StreamSide: one side of a TCP session put in order. What comes first at a place of the stream
// counts; later bytes for the same place are left out. Segments that come early wait in the pool,
// within limits. Missing bytes that the other side has acknowledged were not captured: a gap.
#pragma once

#include <cstdint>
#include <span>

#include "inspect/block_pool.hpp"

namespace endreason::inspect {

struct StreamLimits {
  std::uint32_t held_segments = 64;       // of one side, early ones
  std::uint32_t held_bytes = 256 * 1024;  // of them
  std::uint32_t depth = 1024 * 1024;      // bytes of a side that are looked into; 0: all
};

class StreamSide {
 public:
  using Bytes = std::span<const std::uint8_t>;
  enum class Taken : std::uint8_t {
    InOrder,  // deliver what `in_order` says, then next_held()
    Held,     // kept for later
    Nothing,  // all of it was there before, or lies out of reach
    Full,     // a limit is reached
  };

  // The first byte of the stream, from a SYN; what was known before is forgotten.
  void begin(std::uint32_t seq) {
    next_seq_ = seq;
    known_ = true;
  }
  bool known() const { return known_; }

  // A segment. `in_order`: the new bytes, which follow on what was delivered; `gap`: bytes that are
  // missing before them.
  Taken take(BlockPool& pool, const StreamLimits& limits, std::uint32_t seq, Bytes bytes,
             Bytes& in_order, std::uint32_t& gap);
  // The other side has everything before `ack`.
  void acknowledged(std::uint32_t ack) {
    if (!ack_known_ || static_cast<std::int32_t>(ack - acked_) > 0) acked_ = ack;
    ack_known_ = true;
  }
  // The next early segment that can be delivered now: its new bytes. `any`: gaps are passed over,
  // whether they were acknowledged or not. release_held() after each.
  bool next_held(bool any, Bytes& bytes, std::uint32_t& gap);
  void release_held(BlockPool& pool);
  void delivered(std::size_t bytes) {
    next_seq_ += static_cast<std::uint32_t>(bytes);
    position_ += bytes;
  }
  void skipped(std::uint32_t gap) {
    next_seq_ += gap;
    position_ += gap;
  }

  void ends_at(std::uint32_t seq) {
    fin_seq_ = seq;
    fin_known_ = true;
  }
  bool at_end() const { return fin_known_ && known_ && fin_seq_ == next_seq_; }
  bool other_side_acknowledges() const { return ack_known_; }
  std::uint64_t position() const { return position_; }
  std::uint32_t held_bytes() const { return held_bytes_; }
  void clear(BlockPool& pool) {
    while (held_ != nullptr) release_held(pool);
  }

 private:
  struct Segment;  // at the begin of its block
  Taken hold(BlockPool& pool, const StreamLimits& limits, std::uint32_t seq, Bytes bytes);

  Segment* held_ = nullptr;  // by place in the stream
  std::uint64_t position_ = 0;
  std::uint32_t next_seq_ = 0, acked_ = 0, fin_seq_ = 0, held_bytes_ = 0;
  std::uint16_t held_segments_ = 0;
  bool known_ = false, ack_known_ = false, fin_known_ = false;
};

}  // namespace endreason::inspect
