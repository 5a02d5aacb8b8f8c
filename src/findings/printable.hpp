// SPDX-License-Identifier: Apache-2.0
// Text from hostile input, made safe to show: no control character (C0, DEL, C1), no character
// that reorders or hides what stands around it (bidirectional marks, line separators), no invalid
// UTF-8. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace endreason {

// True when the text can be shown as it stands.
bool is_printable(std::string_view text);

// Appends the text with what is not printable as \x1b or \u202e, cut with an ellipsis to at most
// `columns` terminal cells; returns the cells used.
std::size_t append_printable(std::string_view text, std::size_t columns, std::string& out);

// Appends a JSON string with its quotes; what is not printable is escaped, invalid bytes become
// U+FFFD.
void append_json_string(std::string_view text, std::string& out);

}  // namespace endreason
