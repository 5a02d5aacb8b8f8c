// SPDX-License-Identifier: Apache-2.0
#include "decode/checksum.hpp"

#include <array>
#include <cstring>

#include "base/byte_order.hpp"

namespace endreason {

std::uint64_t checksum_add(const std::uint8_t* bytes, std::uint32_t count, std::uint64_t sum) {
  // 32-bit words add up to the same, folded: 2^16 is 1 modulo 2^16 - 1. A packet has too few of
  // them to overflow 64 bits.
  while (count >= 4) {
    sum += load_native<std::uint32_t>(bytes);
    bytes += 4;
    count -= 4;
  }
  std::array<std::uint8_t, 4> rest{};
  if (count > 0) std::memcpy(rest.data(), bytes, count);
  return sum + load_native<std::uint32_t>(rest.data());
}

bool checksum_holds(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

void put_checksum(std::uint8_t* to, std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  const auto word = static_cast<std::uint16_t>(~sum);
  std::memcpy(to, &word, sizeof word);
}

std::uint64_t pseudo_header_sum(const IpAddress& src, const IpAddress& dst, bool ipv6,
                                std::uint8_t protocol, std::uint32_t length) {
  const std::size_t skipped = ipv6 ? 0 : 12;
  const auto count = static_cast<std::uint32_t>(16 - skipped);
  std::uint64_t sum = checksum_add(src.bytes.data() + skipped, count);
  sum = checksum_add(dst.bytes.data() + skipped, count, sum);
  const std::array<std::uint8_t, 8> tail = {static_cast<std::uint8_t>(length >> 24),
                                            static_cast<std::uint8_t>(length >> 16),
                                            static_cast<std::uint8_t>(length >> 8),
                                            static_cast<std::uint8_t>(length),
                                            0,
                                            0,
                                            0,
                                            protocol};
  return checksum_add(tail.data(), tail.size(), sum);
}

}  // namespace endreason
