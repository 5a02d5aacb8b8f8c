// SPDX-License-Identifier: Apache-2.0
// One literal of a filter: text -> FilterValue of the kind that its field holds, or a sentence that
// says what was expected. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "query/filter_ast.hpp"

namespace endreason {

struct LiteralFault {
  std::string what;    // "'70000' is no value of dport"
  std::string remedy;  // "expected a port, 0 to 65535"
};
using LiteralResult = tl::expected<FilterValue, LiteralFault>;

//   text: as written, without quotes.
//   now_utc_micros: what `now`, `-2h` and `last-hour` count from; without it they are a fault.
LiteralResult read_literal(const FilterSubject& subject, FilterOp op, std::string_view text,
                           std::optional<std::int64_t> now_utc_micros);

// The canonical spelling as a filter has it: in quotes where the grammar needs them.
std::string spelled(const FilterValue& value);

}  // namespace endreason
