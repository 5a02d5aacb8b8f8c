// SPDX-License-Identifier: Apache-2.0
// What a capture has before the headers of the network, by its link type: pseudo-headers of the
// system or the device that captured, radio headers, framings of lines.
#pragma once

#include <cstdint>

#include "decode/step.hpp"

namespace endreason {

inline constexpr std::uint16_t kPpiLink = 192;

// Per-packet information: passes it, and says in `link_type` what follows.
Step packet_information(Slice& bytes, Walk& walk, std::uint16_t& link_type);

// The first header by the link type (not kPpiLink), as far as only captures have it.
Step first_header(std::uint16_t link_type, Slice& bytes, Walk& walk);

}  // namespace endreason
