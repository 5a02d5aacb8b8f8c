// SPDX-License-Identifier: Apache-2.0
#include "cli/option_checks.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/parse_number.hpp"

namespace endreason {

CLI::Validator at_least_one() {
  const auto check = [](std::string& text) {
    std::uint64_t value = 0;
    return parse_decimal(text, value) && value > 0
               ? std::string()
               : fmt::format("expected a number from 1 on, found '{}'", text);
  };
  return CLI::Validator(check, "");
}

CLI::Validator one_of(std::vector<std::string> words, std::string shown) {
  const auto check = [words = std::move(words), shown = std::move(shown)](std::string& text) {
    return std::find(words.begin(), words.end(), text) != words.end()
               ? std::string()
               : fmt::format("expected {}, found '{}'", shown, text);
  };
  return CLI::Validator(check, "");
}

}  // namespace endreason
