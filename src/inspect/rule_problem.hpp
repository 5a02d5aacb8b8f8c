// SPDX-License-Identifier: Apache-2.0
// RuleProblem: why a rule cannot be read, with its place in the rule's text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "base/enum_table.hpp"

namespace endreason::inspect {

enum class RuleProblemKind : std::uint8_t {
  Syntax,
  UnknownAction,
  UnknownProtocol,
  BadAddress,
  BadPort,
  UnknownVariable,
  UnknownKeyword,
  BadValue,
  Conflict,
  BadPattern,
};
struct RuleProblemKindInfo {
  RuleProblemKind value;
  std::string_view log_name;
};
inline constexpr auto kRuleProblemKinds = std::to_array<RuleProblemKindInfo>({
    {RuleProblemKind::Syntax, "syntax"},
    {RuleProblemKind::UnknownAction, "action"},
    {RuleProblemKind::UnknownProtocol, "protocol"},
    {RuleProblemKind::BadAddress, "address"},
    {RuleProblemKind::BadPort, "port"},
    {RuleProblemKind::UnknownVariable, "variable"},
    {RuleProblemKind::UnknownKeyword, "keyword"},
    {RuleProblemKind::BadValue, "value"},
    {RuleProblemKind::Conflict, "conflict"},
    {RuleProblemKind::BadPattern, "pattern"},
});
static_assert(rows_in_enum_order(kRuleProblemKinds) && log_names_unique(kRuleProblemKinds));
constexpr std::string_view log_name(RuleProblemKind kind) {
  return kRuleProblemKinds[static_cast<std::size_t>(kind)].log_name;
}

struct RuleProblem {
  RuleProblemKind kind{};
  std::size_t offset{};  // into the rule's text
  std::string word;      // what it is about
  std::string what;      // what is wrong and what to do; one line
};

template <class T>
using RuleResult = tl::expected<T, RuleProblem>;

}  // namespace endreason::inspect
