// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071), for packets that the benchmarks make or change.
#pragma once

#include <cstdint>
#include <span>

namespace endreason::bench {

// Sum of 16-bit words in network order; a last odd byte counts as the high half.
inline std::uint32_t sum_bytes(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += bytes[i] * 256u + bytes[i + 1];
  if (i < bytes.size()) sum += bytes[i] * 256u;
  return sum;
}

inline std::uint16_t fold_checksum(std::uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// What a checksum becomes when one word under it changes (RFC 1624, equation 3).
inline std::uint16_t changed_checksum(std::uint16_t checksum, std::uint16_t before,
                                      std::uint16_t after) {
  const std::uint32_t sum = static_cast<std::uint16_t>(~checksum) +
                            static_cast<std::uint32_t>(static_cast<std::uint16_t>(~before)) + after;
  return fold_checksum(sum);
}

}  // namespace endreason::bench
