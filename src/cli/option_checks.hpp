// SPDX-License-Identifier: Apache-2.0
// Checks of option values whose messages say what is expected, and which the help does not print
// behind the value's name.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace endreason {

CLI::Validator at_least_one();
// `shown`: what the message says is expected.
CLI::Validator one_of(std::vector<std::string> words, std::string shown);

}  // namespace endreason
