// SPDX-License-Identifier: Apache-2.0
// Which protocol a TCP stream carries, by the first bytes of a side. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "inspect/inspect_buffer.hpp"

namespace endreason::inspect {

// Unknown: more bytes may tell. None: these bytes begin none of the protocols.
AppLayer detect_app_layer(std::span<const std::uint8_t> begin, Side side,
                          std::uint16_t server_port);

}  // namespace endreason::inspect
