// SPDX-License-Identifier: Apache-2.0
// Log texts -> JSON strings and numbers. Any bytes give valid JSON: control characters, quotes and
// backslashes are escaped, each byte that is no UTF-8 becomes U+FFFD. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace endreason {

// Room that the escaped form of n bytes may take (each as \u00XX), with the vector that is stored
// past its end.
constexpr std::size_t json_room(std::size_t n) {
  return 6 * n + 32;
}

// Writes the escaped text, without quotes, and returns the end of it. `out` has
// json_room(text.size()) bytes; those behind the returned end are scribbled on. The text may end
// anywhere: what lies behind it is not used, though up to 15 bytes of the same page may be loaded.
char* write_json_text(char* out, std::string_view text);
// The same byte by byte: what the fast way is held against, and what it does where there is no
// SSE2.
char* write_json_text_scalar(char* out, std::string_view text);

// True for a decimal number that JSON readers with doubles keep exact: no sign, no leading zero, at
// most 2^53.
bool is_json_number(std::string_view text);

// "text", quoted and escaped.
void append_json_string(std::string& out, std::string_view text);

}  // namespace endreason
