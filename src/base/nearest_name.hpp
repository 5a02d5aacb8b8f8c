// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...": the known names closest to an unknown one, by edit distance.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace endreason {

// Up to `most` names of `known`, nearest first; only those near enough to be a likely slip of the
// pen (distance up to a third of the longer name plus one), or that contain the word.
std::vector<std::string> nearest_names(std::string_view word,
                                       std::span<const std::string_view> known,
                                       std::size_t most = 3);

}  // namespace endreason
