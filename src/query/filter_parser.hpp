// SPDX-License-Identifier: Apache-2.0
// Filter text -> tree. Errors quote the filter, point at the place with a caret and say what to
// write instead. Pure function; safe on any bytes.
//
//   or-part   = and-part { "or" and-part }
//   and-part  = term { "and" term }
//   term      = { "not" | "!" } ( "(" or-part ")" | comparison )
//   comparison = field operator ( value { "," value } | "(" value { [","] value } ")" )
//
// Case of words does not matter, nor do blanks around brackets. A value is a word, or text in
// single or double quotes, in which \' \" \\ and a doubled quote stand for the mark itself and any
// other backslash for itself (user names have them: 'corp\bob').
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "query/filter_ast.hpp"

namespace endreason {

inline constexpr std::size_t kFilterTextMax = 64 * 1024;  // bytes; a list of about 4,000 addresses
inline constexpr std::size_t kFilterHeightMax = 100;      // levels of and, or, not in one another
// Brackets that may be open at once: the canonical form of a tree of the greatest height has two a
// level and one round the comparison.
inline constexpr std::size_t kOpenBracketsMax = 2 * kFilterHeightMax + 2;

Result<FilterNode> parse_filter(std::string_view text, std::optional<std::int64_t> now_utc_micros);

}  // namespace endreason
