// SPDX-License-Identifier: Apache-2.0
// The column `odd`: a JSON object of texts by name, so that the database's own functions can look
// into it. Bytes that are no UTF-8 are kept: each becomes U+F700 and its value, of the private use
// area, and is turned back when it is read. Pure functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace endreason {

bool is_utf8_text(std::string_view text);
// Any bytes as UTF-8, and back.
std::string as_utf8_text(std::string_view bytes);
std::string as_bytes(std::string_view utf8);

// Adds a member; the closing brace is the caller's to add at the end.
void append_odd(std::string& object, std::string_view name, std::string_view text);
// Gives each member in order. False when it is no such object.
bool read_odd(std::string_view object,
              const std::function<void(std::string_view name, std::string_view text)>& take);

}  // namespace endreason
