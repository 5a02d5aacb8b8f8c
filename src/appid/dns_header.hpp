// SPDX-License-Identifier: Apache-2.0
// Whether a payload begins as a DNS message does (RFC 1035, 4.1.1). The inspection library calls
// nearly anything on port 53 DNS; this holds it to the content. Pure function.
#pragma once

#include <cstdint>
#include <span>

namespace endreason {

// Damaged messages pass as long as no more than two of the header's numbers are out of range.
inline bool begins_as_dns(std::span<const std::uint8_t> message) {
  constexpr std::size_t kHeader = 12;
  constexpr unsigned kLastOpcode = 6;      // DSO, RFC 8490
  constexpr unsigned kRecordsMost = 1024;  // more do not fit where messages are 64 KiB at most
  if (message.size() < kHeader) return false;
  unsigned implausible = ((message[2] >> 3U) & 15U) > kLastOpcode ? 1 : 0;
  for (std::size_t at = 4; at < kHeader; at += 2)
    if (message[at] * 256U + message[at + 1] > kRecordsMost) ++implausible;
  return implausible <= 2;
}

// Over TCP a length goes before each message, at times in a segment of its own (RFC 1035, 4.2.2).
inline bool begins_as_dns_over_tcp(std::span<const std::uint8_t> payload) {
  constexpr std::size_t kLength = 2;
  return begins_as_dns(payload) ||
         (payload.size() > kLength && begins_as_dns(payload.subspan(kLength)));
}

}  // namespace endreason
