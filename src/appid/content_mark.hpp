// SPDX-License-Identifier: Apache-2.0
// Marks at the start of a payload that name its application, for protocols that the inspection
// library of this release does not know. Asked only when the library found nothing. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace endreason {

struct ContentMark {
  std::string_view app;    // as the log spells it
  std::uint8_t protocol;   // IP protocol number
  std::string_view start;  // the payload's first bytes
  std::uint16_t length;    // of the whole payload; 0: any
};
// Each protocol's publisher documents its mark; the table names the document.
std::span<const ContentMark> content_marks();

// The place in content_marks() of the first that fits, or their number when none does.
std::size_t find_content_mark(std::uint8_t protocol, std::span<const std::uint8_t> payload);

}  // namespace endreason
