// SPDX-License-Identifier: Apache-2.0
// HeaderRoom: copies of packets whose own bytes may change or will not stay, and of most of them
// the headers alone. A room holds what one read gives, and is used again as many reads later as
// there are rooms. One thread at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_order.hpp"
#include "model/protocol.hpp"

namespace endreason {

// Ethernet, IPv4 without options, and the longest TCP header, in whole vectors.
inline constexpr std::uint32_t kHeaderBytes = 96;
static_assert(kHeaderBytes >= 14 + 20 + 60 && kHeaderBytes % 32 == 0);

class HeaderRoom {
 public:
  explicit HeaderRoom(std::size_t rooms) : rooms_(rooms) {}

  // For so many packets and, as any of them may be needed whole, the longest that there is.
  void begin(std::size_t packets, std::size_t longest) {
    if (used_ > 0) current_ = (current_ + 1) % rooms_.size();  // else nothing was given
    Room& room = rooms_[current_];
    const std::size_t wanted = packets * kHeaderBytes + longest;
    if (room.size < wanted) room = {std::make_unique_for_overwrite<std::uint8_t[]>(wanted), wanted};
    used_ = 0;
  }

  // A packet of so many bytes, `readable` or fewer. Headers of TCP or UDP right behind IPv4 and
  // Ethernet are kept without what follows them, all others whole. Null when there is no room left.
  [[gnu::always_inline]] std::span<const std::uint8_t> keep(const std::uint8_t* from,
                                                            std::uint32_t captured,
                                                            std::size_t readable, bool ethernet) {
    const Room& room = rooms_[current_];
    std::uint8_t* const to = room.bytes.get() + used_;
    const std::size_t left = room.size - used_;
    if (left < kHeaderBytes) [[unlikely]]
      return {};
    std::uint32_t kept = std::min(captured, kHeaderBytes);
    // As many for all, so that the copy is no loop; in pieces that compilers make vectors of.
    if (readable >= kHeaderBytes) [[likely]] {
      for (std::size_t i = 0; i < kHeaderBytes; i += 32) std::memcpy(to + i, from + i, 32);
    } else {
      std::memcpy(to, from, kept);
    }
    // What is looked at now is the copy; it may not be read from the file again.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (captured > kHeaderBytes && !(ethernet && headers_suffice(to))) [[unlikely]] {
      if (left < captured) return {};
      std::memcpy(to + kept, from + kept, captured - kept);
      kept = captured;
    }
    used_ += kept;
    return {to, kept};
  }

 private:
  struct Room {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size = 0;
  };

  static bool headers_suffice(const std::uint8_t* packet) {
    const std::uint8_t* const ip = packet + 14;
    return load_big16(ip - 2) == 0x0800 && ip[0] == 0x45 && (load_big16(ip + 6) & 0x3fff) == 0 &&
           (ip[9] == kProtoTcp || ip[9] == kProtoUdp);
  }

  std::vector<Room> rooms_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;  // of the current room
};

}  // namespace endreason
