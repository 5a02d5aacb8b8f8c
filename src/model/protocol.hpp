// SPDX-License-Identifier: Apache-2.0
// IP protocols by number and by the lower-case name that the proto column uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace endreason {

inline constexpr std::uint8_t kProtoIcmp = 1;
inline constexpr std::uint8_t kProtoTcp = 6;
inline constexpr std::uint8_t kProtoUdp = 17;
inline constexpr std::uint8_t kProtoIcmp6 = 58;
inline constexpr std::uint8_t kProtoSctp = 132;

// "tcp", "TCP", "ipv6-icmp", "6". Nothing for a name that IANA's list does not have.
std::optional<std::uint8_t> protocol_from(std::string_view text);
// The name, or empty for a number without one.
std::string_view protocol_name(std::uint8_t number);

}  // namespace endreason
