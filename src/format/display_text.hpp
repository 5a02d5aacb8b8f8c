// SPDX-License-Identifier: Apache-2.0
// Log texts on a terminal: made harmless (no control character, no escape sequence, no mark that
// turns the direction of writing), measured in columns, cut, wrapped. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace endreason {

// What may be shown of a text: control characters become visible (\n, \x1b, \u202e), bytes that are
// no UTF-8 become U+FFFD.
void append_visible(std::string& out, std::string_view text);
std::string visible(std::string_view text);

// Columns that a visible text takes: 2 for wide (East Asian) characters, 0 for combining marks.
std::size_t display_width(std::string_view visible_text);

// A visible text cut to at most `width` columns, the last one an ellipsis when something is gone.
std::string cut_to_width(std::string_view visible_text, std::size_t width);

// Breaks a visible text at blanks into lines of at most `width` columns; a longer word stands
// alone.
std::vector<std::string> wrap(std::string_view visible_text, std::size_t width);

enum class Ink : unsigned char { None, Bold, Dim, Red, Yellow, Green };
// The text in that ink, or as it is when colour is off.
void append_inked(std::string& out, std::string_view text, Ink ink, bool colour);

}  // namespace endreason
