// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071). Pure functions.
#pragma once

#include <cstdint>

#include "model/ip_address.hpp"

namespace endreason {

// Sum of 16-bit words, not yet folded nor inverted; words in the machine's order. An odd last byte
// counts as if a zero byte followed.
std::uint64_t checksum_add(const std::uint8_t* bytes, std::uint32_t count, std::uint64_t sum = 0);

// True when bytes with their checksum field sum up to all ones: nothing was changed on the way.
bool checksum_holds(std::uint64_t sum);

// Writes the checksum of such a sum into its two bytes, which were 0 when they were added.
void put_checksum(std::uint8_t* to, std::uint64_t sum);

// The part of the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1).
std::uint64_t pseudo_header_sum(const IpAddress& src, const IpAddress& dst, bool ipv6,
                                std::uint8_t protocol, std::uint32_t length);

}  // namespace endreason
