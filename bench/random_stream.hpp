// SPDX-License-Identifier: Apache-2.0
// The numbers behind made-up logs: the same for the same seed on every machine and compiler, which
// the distributions of the standard library do not promise. Not for anything secret.
#pragma once

#include <cstddef>
#include <cstdint>

#include "traffic_scenarios.hpp"

namespace endreason::bench {

class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed) : state_(seed) {}

  // splitmix64 (Steele, Lea, Flood 2014): one addition and a mix a number.
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 to count - 1, evenly.
  std::uint32_t below(std::uint32_t count) {
    return static_cast<std::uint32_t>((next() >> 32) * count >> 32);
  }
  std::uint32_t in(Range range) { return range.low + below(range.high - range.low + 1); }
  bool percent(std::uint32_t share) { return below(100) < share; }
  // 0 to count - 1, low numbers far more often: the cube of an even draw.
  std::size_t skewed(std::size_t count) {
    const std::uint64_t u = next() >> 43;  // 21 bits, so that the cube fits into 63
    return static_cast<std::size_t>(((u * u * u >> 42) * count) >> 21);
  }

 private:
  std::uint64_t state_;
};

}  // namespace endreason::bench
