// SPDX-License-Identifier: Apache-2.0
// StreamOrder: the payload of one side of a TCP session in the order of its bytes. Segments that
// come early wait, within a bound; bytes that came before are left out. For decoders that must read
// a stream though its segments are split, repeated and swapped. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace endreason {

class StreamOrder {
 public:
  static constexpr std::size_t kHeldBytesMax = 16 * 1024;  // that wait for a missing segment

  // Calls take(bytes, after_gap) with what can be read now, in order. `after_gap`: bytes before
  // these are given up, because too much waits for them, or because the capture left them out.
  //   whole: the bytes that the segment had on the wire; more than there are when it was snapped.
  template <class Take>
  void add(std::uint32_t seq, std::span<const std::uint8_t> bytes, std::size_t whole, Take&& take) {
    if (!began_) {
      began_ = true;
      next_ = seq;
    }
    if (whole == 0) return;
    const std::uint32_t ahead = seq - next_;
    if (ahead != 0 && ahead < kHalf) {
      hold(ahead, bytes, whole);
      if (held_bytes_ <= kHeldBytesMax) return;
      give_up_gap();
    } else {
      read(seq, bytes, whole, take);
    }
    release(take);
  }

 private:
  static constexpr std::uint32_t kHalf = 0x8000'0000;  // what lies further ahead lies behind
  struct Held {
    std::vector<std::uint8_t> bytes;
    std::size_t whole;
  };

  void hold(std::uint32_t ahead, std::span<const std::uint8_t> bytes, std::size_t whole) {
    const std::uint64_t at = read_ + ahead;
    const auto known = held_.find(at);
    if (known != held_.end() && known->second.whole >= whole) return;
    if (known != held_.end()) held_bytes_ -= known->second.bytes.size();
    held_bytes_ += bytes.size();
    held_[at] = {{bytes.begin(), bytes.end()}, whole};
  }

  void give_up_gap() {
    const auto first = held_.begin();
    next_ += static_cast<std::uint32_t>(first->first - read_);
    read_ = first->first;
    after_gap_ = true;
  }

  template <class Take>
  void release(Take&& take) {
    while (!held_.empty() && held_.begin()->first <= read_) {
      auto first = held_.extract(held_.begin());
      held_bytes_ -= first.mapped().bytes.size();
      const auto behind = static_cast<std::uint32_t>(read_ - first.key());
      read(next_ - behind, first.mapped().bytes, first.mapped().whole, take);
    }
  }

  // A segment that begins at or before what is awaited.
  template <class Take>
  void read(std::uint32_t seq, std::span<const std::uint8_t> bytes, std::size_t whole,
            Take&& take) {
    const std::size_t known = next_ - seq;
    if (known >= whole) return;
    if (known < bytes.size()) {
      const bool gap = after_gap_;
      after_gap_ = false;
      take(bytes.subspan(known), gap);
    }
    if (bytes.size() < whole) after_gap_ = true;
    next_ += static_cast<std::uint32_t>(whole - known);
    read_ += whole - known;
  }

  std::map<std::uint64_t, Held> held_;  // by place in the stream
  std::size_t held_bytes_ = 0;
  std::uint64_t read_ = 0;  // place in the stream: bytes that are behind
  std::uint32_t next_ = 0;  // its sequence number
  bool began_ = false;
  bool after_gap_ = false;
};

}  // namespace endreason
