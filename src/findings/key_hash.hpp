// SPDX-License-Identifier: Apache-2.0
// KeyHash: bytes -> 64 bits by multiply and fold, 16 bytes a step, under a secret seed.
//
// Keys hold names from hostile input, so the seed is drawn once a process: nobody who writes a log
// can know which names collide. No answer depends on the seed; only the order of work does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace endreason {

class KeyHash {
 public:
  explicit KeyHash(std::uint64_t seed)
      : start_(mix(seed, kA)), middle_(mix(seed, kB) | 1), finish_(mix(seed, kC) | 1) {}

  // Needs 16 readable bytes of zero behind the key (KeyBuilder::seal writes them).
  std::uint64_t padded(const std::uint8_t* key, std::size_t size) const {
    std::uint64_t h = start_ ^ (size * kA);
    for (std::size_t i = 0; i < size; i += 16) h = step(h, key + i);
    return mix(h ^ finish_, kC);
  }
  // The same value, for keys that something else follows.
  std::uint64_t bare(const std::uint8_t* key, std::size_t size) const {
    std::uint64_t h = start_ ^ (size * kA);
    std::size_t i = 0;
    for (; i + 16 <= size; i += 16) h = step(h, key + i);
    if (i < size) {
      std::uint8_t tail[16] = {};
      std::memcpy(tail, key + i, size - i);
      h = step(h, tail);
    }
    return mix(h ^ finish_, kC);
  }

  // A number that is a key by itself.
  std::uint64_t number(std::uint64_t key) const { return mix(key ^ start_, middle_); }

 private:
  __extension__ using Wide = unsigned __int128;
  // Digits of pi and e: odd, and nothing up the sleeve.
  static constexpr std::uint64_t kA = 0x243f6a8885a308d3;
  static constexpr std::uint64_t kB = 0x13198a2e03707345;
  static constexpr std::uint64_t kC = 0xb7e151628aed2a6b;

  static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  std::uint64_t step(std::uint64_t h, const std::uint8_t* p) const {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, p, 8);
    std::memcpy(&high, p + 8, 8);
    return mix(low ^ h, high ^ middle_);
  }

  std::uint64_t start_, middle_, finish_;
};

}  // namespace endreason
