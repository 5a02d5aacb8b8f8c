// SPDX-License-Identifier: Apache-2.0
// The shape of a catalogue entry: what is said about one reason code. Immutable static text.
#pragma once

#include <array>
#include <string_view>

#include "model/verdict.hpp"
#include "verdict/check_patterns.hpp"

namespace endreason {

struct CatalogueEntry {
  ReasonCode value;
  std::string_view why;       // for a table column; at most kWhyMax bytes
  std::string_view headline;  // for the top of a card
  std::string_view sentence;
  std::array<std::string_view, 6> causes;  // most likely first; empty ones at the end do not count
  std::array<checks::Pattern, 7> checks;   // in the order to do them
  std::array<std::string_view, 4> notes;   // versions, known wrong values
  std::array<std::string_view, 4> sources;
};
inline constexpr std::size_t kWhyMax = 60;

const CatalogueEntry& catalogue_entry(ReasonCode code);

}  // namespace endreason
