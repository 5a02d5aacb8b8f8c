// SPDX-License-Identifier: Apache-2.0
// What may stand at the cursor of a filter that is being typed: fields, operators, known values, or
// the words that join comparisons. Pure function; an unfinished or wrong filter is no error here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace endreason {

struct FilterCompletion {
  std::size_t begin{};               // the word at the cursor starts here; a choice replaces it
  std::vector<std::string> choices;  // those that start with that word, case ignored
};

//   cursor: a byte offset into text; what stands behind it is not looked at.
FilterCompletion complete_filter(std::string_view text, std::size_t cursor);

}  // namespace endreason
