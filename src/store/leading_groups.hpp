// SPDX-License-Identifier: Apache-2.0
// Which groups of a roll-up can be the first by their sessions, found without adding all of them
// up: the largest of each table, and what those that are not among them can have at most. Room
// store only.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/duckdb_handle.hpp"

namespace endreason {

struct LeadingPart {
  std::string table, condition;
  std::string rows_per_group;  // SQL: how many rows of a group it has at most
};

// Groups of destinations: `group` is a list of columns with dst among them. A condition on dst that
// all groups fulfil that can be among the first `most` by the sum of s, and some more do; nothing
// when that cannot be told, and all have to be added up.
Result<std::optional<std::string>> leading_destinations(duckdb_connection connection,
                                                        std::span<const LeadingPart> parts,
                                                        std::string_view group,
                                                        std::string_view condition, unsigned most);

// SQL: the name of a group, from its columns.
std::string group_name(std::string_view columns);

}  // namespace endreason
