// SPDX-License-Identifier: Apache-2.0
// What the packets of a handshake show, where they were seen: rows of the session engine. A row of
// a log has counters only, and allowed_ending() reads those. Pure.
#pragma once

#include <optional>
#include <string>

#include "model/traffic_record.hpp"
#include "verdict/allowed_ending.hpp"

namespace endreason {

// Of a TCP session without data; nothing when the row is of a log or its beginning was not seen.
[[nodiscard]] std::optional<Ending> seen_ending(const TrafficRecord& record);

// Nothing came back but an ICMP error.
[[nodiscard]] bool answered_by_icmp_error(const TrafficRecord& record);

// "Expected SYN, SYN-ACK, ACK; saw SYN, ACK, RST." Empty where all is as expected, or not known.
std::string handshake_sentence(const TrafficRecord& record);
// "port unreachable (type 3, code 3)", of a type and code of ICMP or ICMPv6.
std::string icmp_error_text(bool v6, std::uint8_t type, std::uint8_t code);
// "An ICMP error said: port unreachable (type 3, code 3)."
std::string icmp_error_sentence(const TrafficRecord& record);

}  // namespace endreason
