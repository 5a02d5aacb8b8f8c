// SPDX-License-Identifier: Apache-2.0
// Filters in the language of Monitor > Logs > Traffic that list the rows behind a finding. They
// use only columns that the firewall can filter by, so a filter may list a few rows more than were
// counted (those of another reason with the same columns), never fewer.
#pragma once

#include <string>
#include <string_view>

#include "findings/group_key.hpp"

namespace endreason {

// Empty when the name has characters that no quoting carries safely.
std::string log_filter(const GroupName& group);

// A contradiction in words, and the filter that lists its rows.
struct ContradictionInfo {
  Contradiction value;
  std::string_view meaning;
  std::string_view filter;
};
const ContradictionInfo& describe(Contradiction contradiction);

}  // namespace endreason
