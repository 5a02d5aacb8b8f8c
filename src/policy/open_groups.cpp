// SPDX-License-Identifier: Apache-2.0
#include "policy/open_groups.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace endreason {

bool OpenGroups::enter(std::string_view group, LineNumber line, const std::string& who,
                       Problems& problems) {
  if (std::ranges::find(open_, group) != open_.end()) {
    problems.error(line, fmt::format("{}: the group is a member of itself: {} -> {}; take one of "
                                     "them out",
                                     who, fmt::join(open_, " -> "), group));
    return false;
  }
  open_.push_back(group);
  return true;
}

}  // namespace endreason
