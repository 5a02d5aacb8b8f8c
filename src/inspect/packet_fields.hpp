// SPDX-License-Identifier: Apache-2.0
// What packet keywords and header buffers see of a packet. Every byte is bounds-checked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "inspect/threat_rule.hpp"
#include "model/packet_view.hpp"

namespace endreason::inspect {

// The value of a numeric field; nothing when the packet has none.
std::optional<std::int64_t> packet_number(PacketField field, const PacketView& packet);
// The bytes of a header; empty when the packet has none of that kind.
std::span<const std::uint8_t> packet_header(InspectBuffer header, const PacketView& packet);
// Whether an IPv4 option of a type in the range is there.
bool has_ip_option(const NumberRange& types, const PacketView& packet);
bool tcp_flags_match(const RuleCondition& condition, std::uint8_t flags);

}  // namespace endreason::inspect
