// SPDX-License-Identifier: Apache-2.0
// The packet that an ICMP error quotes -> the key of its session. The quotation may be cut anywhere
// and hold anything: every read is checked. Thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "model/flow_key.hpp"

namespace endreason {

// False when the bytes do not reach to the ports, or are no IP packet that has a session.
bool quoted_flow_key(std::span<const std::uint8_t> quoted, std::uint16_t zone, FlowKey& key);

}  // namespace endreason
