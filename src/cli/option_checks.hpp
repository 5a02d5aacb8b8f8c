// SPDX-License-Identifier: Apache-2.0
// Checks of option values whose messages say what is expected, and which the help does not print
// behind the value's name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/parse_number.hpp"

namespace endreason {

inline CLI::Validator at_least_one() {
  return CLI::Validator(
      [](std::string& text) {
        std::uint64_t value = 0;
        return parse_decimal(text, value) && value > 0
                   ? std::string()
                   : fmt::format("expected a number from 1 on, found '{}'", text);
      },
      "");
}

inline CLI::Validator one_of(std::vector<std::string> words, std::string shown) {
  return CLI::Validator(
      [words = std::move(words), shown = std::move(shown)](std::string& text) {
        return std::find(words.begin(), words.end(), text) != words.end()
                   ? std::string()
                   : fmt::format("expected {}, found '{}'", shown, text);
      },
      "");
}

}  // namespace endreason
