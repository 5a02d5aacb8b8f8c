// SPDX-License-Identifier: Apache-2.0
// A hash of several texts in a row, 128 bits wide and seeded anew by every process, so that it can
// stand for the texts themselves: nobody who writes them can know which would meet. Hot: every
// stored row has ten of them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/short_load.hpp"

namespace endreason {

struct TextsHash {
  std::uint64_t first{}, second{};
  friend bool operator==(const TextsHash&, const TextsHash&) = default;
};

class TextsHasher {
 public:
  TextsHasher();  // with a seed of its own
  void start() { state_ = seed_; }
  void add(std::string_view text) {
    const std::size_t n = text.size();
    if (n == 0) {  // most columns of most rows
      state_.first = std::rotl(state_.first, 9) + kOdd;
      state_.second = std::rotl(state_.second, 17) + kOdd;
      return;
    }
    const char* p = text.data();
    std::size_t left = n;
    for (; left > 16; p += 16, left -= 16) mix_in(word(p), word(p + 8));
    std::uint64_t low = 0, high = 0;
    if (left > 8) {
      low = word(p);
      high = word(p + left - 8);
    } else {
      low = load_up_to_8(p, left);
    }
    mix_in(low, high ^ (n << 56 | n));
  }
  TextsHash done() const {
    return {fold(state_.first ^ kOdd, seed_.second), fold(state_.second ^ kOdd, seed_.first)};
  }

 private:
  static constexpr std::uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;
  static std::uint64_t word(const char* p) {
    std::uint64_t w;
    std::memcpy(&w, p, sizeof w);
    return w;
  }
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  void mix_in(std::uint64_t low, std::uint64_t high) {
    state_.first = fold(state_.first ^ low, seed_.second ^ high) + std::rotl(state_.first, 31);
    state_.second =
        fold(state_.second ^ high, seed_.first ^ std::rotl(low, 32)) + std::rotl(state_.second, 29);
  }
  TextsHash seed_, state_;
};

}  // namespace endreason
