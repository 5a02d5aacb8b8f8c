// SPDX-License-Identifier: Apache-2.0
// What kind of terminal the standard streams are, and messages to a person.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace endreason {

bool stdout_is_terminal();
bool stderr_is_terminal();
bool stdin_is_terminal();
// Columns of the terminal on standard output; 0 when it is none.
unsigned terminal_width();
// `choice` is auto, always or never; auto: a terminal, and NO_COLOR is not set, and TERM is not
// dumb.
bool colour_wanted(std::string_view choice);

// One line on standard error, with the program's name before it.
void say(std::string_view text);
// "1 packet", "2 packets", in such a line.
std::string counted(std::uint64_t count, std::string_view thing);
// All of it on standard output; false when nobody reads any more or the disk is full (errno kept).
bool write_all(int descriptor, std::string_view text);

}  // namespace endreason
