// SPDX-License-Identifier: Apache-2.0
// OpenGroups: the groups that are being read, one within another, so that a group within itself is
// told and not followed for ever.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"
#include "policy/problem.hpp"

namespace endreason {

class OpenGroups {
 public:
  // False, and an error at `line`, when the group is open already. The name outlives leave().
  bool enter(std::string_view group, LineNumber line, const std::string& who, Problems& problems);
  void leave() { open_.pop_back(); }

  // Calls collect(member, line, who) for each member of a group that `who` names; `kind`: of what
  // the group is.
  template <class Collect>
  void each_member(std::string_view kind, const ObjectGroup& group, LineNumber line,
                   const std::string& who, Problems& problems, Collect collect) {
    if (!enter(group.name, line, who, problems)) return;
    const std::string inner = std::string(kind) + " group '" + group.name + "': members";
    for (const std::string& member : group.members) collect(member, group.line, inner);
    leave();
  }

 private:
  std::vector<std::string_view> open_;
};

}  // namespace endreason
