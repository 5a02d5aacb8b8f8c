// SPDX-License-Identifier: Apache-2.0
// IpAddress: IPv4 or IPv6 as 16 bytes (IPv4 mapped), and CIDR blocks for filters.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace endreason {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // network order; IPv4 as ::ffff:a.b.c.d
  bool is_v4() const {
    constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0;
  }
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// Dotted quad (leading zeros in an octet allowed: some exports pad) or RFC 4291 text; no zone, no
// port, no brackets.
std::optional<IpAddress> parse_ip(std::string_view text);
// Whether parse_ip would take it; quickly, since dotted quads are all but a few of the addresses.
bool is_ip(std::string_view text);
std::string to_string(const IpAddress& address);

// A block of addresses: "10.0.0.0/8", "2001:db8::/32", or a range "10.0.0.1-10.0.0.9".
struct IpRange {
  IpAddress first, last;
  bool contains(const IpAddress& a) const { return first <= a && a <= last; }
  bool operator==(const IpRange&) const = default;
};
std::optional<IpRange> parse_ip_range(std::string_view text);

}  // namespace endreason
