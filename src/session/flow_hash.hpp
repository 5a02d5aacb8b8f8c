// SPDX-License-Identifier: Apache-2.0
// FlowHash: a flow key -> 64 bits, under a seed. Both directions of a session give the same value,
// and so do all zones: a reply comes in by another than the one that its session began in.
//
// The default seed is a constant, so that a capture gives the same work in the same order each
// time. A program that faces a live network passes a secret one: nobody can then choose addresses
// and ports that collide. No answer depends on the seed.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "model/flow_key.hpp"

namespace endreason {

class FlowHash {
 public:
  static constexpr std::uint64_t kDefaultSeed = 0x452821e638d01377;  // digits of pi

  explicit FlowHash(std::uint64_t seed = kDefaultSeed)
      : a_(fold(seed ^ kA, kB)), b_(fold(seed ^ kB, kC)), c_(fold(seed ^ kC, kA)) {}

  std::uint64_t operator()(const FlowKey& key) const {
    // Word by word, as make_flow_key() wrote them: so a key that is just made need not go to
    // memory.
    const auto word = [&key](std::size_t i) {
      return load_native_word(reinterpret_cast<const std::uint8_t*>(&key) + 8 * i);
    };
    static_assert(sizeof(FlowKey) == 5 * 8);
    const std::uint64_t addresses =
        fold(word(0) ^ a_, word(1) ^ b_) ^ fold(word(2) ^ b_, word(3) ^ c_);
    return fold(addresses ^ a_, (word(4) & kWithoutZone) ^ c_);
  }

 private:
  static constexpr std::uint64_t kWithoutZone =
      ~(std::uint64_t{0xffff} << (std::endian::native == std::endian::little ? 32 : 16));
  static_assert(offsetof(FlowKey, zone) == 36 && sizeof(FlowKey::zone) == 2);
  // Odd words from the digits of e and pi: nothing up the sleeve.
  static constexpr std::uint64_t kA = 0x243f6a8885a308d3;
  static constexpr std::uint64_t kB = 0xb7e151628aed2a6b;
  static constexpr std::uint64_t kC = 0x13198a2e03707345;

  __extension__ using Wide = unsigned __int128;
  static std::uint64_t fold(std::uint64_t x, std::uint64_t y) {
    const Wide product = static_cast<Wide>(x) * y;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  std::uint64_t a_, b_, c_;
};

}  // namespace endreason
