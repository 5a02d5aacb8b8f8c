// SPDX-License-Identifier: Apache-2.0
#include "base/nearest_name.hpp"

#include <algorithm>
#include <numeric>

namespace endreason {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Damerau-Levenshtein distance with adjacent transpositions, case ignored.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      current[j] =
          std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1]))
        current[j] = std::min(current[j], before[j - 2] + 1);
    }
    before.swap(previous);
    previous.swap(current);
  }
  return previous[b.size()];
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view word,
                                       std::span<const std::string_view> known, std::size_t most) {
  struct Candidate {
    std::size_t distance;
    std::string_view name;
  };
  std::vector<Candidate> candidates;
  for (std::string_view name : known) {
    const std::size_t distance = edit_distance(word, name);
    const std::size_t limit = std::max(word.size(), name.size()) / 3 + 1;
    if (distance <= limit) {
      candidates.push_back({distance, name});
    } else if (word.size() >= 3 && name.find(word) != std::string_view::npos) {
      candidates.push_back({limit + 1, name});  // a part of a longer name: after the near misses
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.distance < b.distance; });
  std::vector<std::string> names;
  for (const Candidate& c : candidates) {
    if (names.size() == most) break;
    if (std::find(names.begin(), names.end(), c.name) == names.end()) names.emplace_back(c.name);
  }
  return names;
}

}  // namespace endreason
