// SPDX-License-Identifier: Apache-2.0
// Rule files -> ThreatRules, and an account of what could not be read. Whether that is an error or
// is left out is the caller's choice. For start-up.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "inspect/rule_parser.hpp"

namespace endreason::inspect {

inline constexpr std::size_t kRuleProblemsKept = 1000;  // texts; the counts go on

struct RuleLoad {
  std::vector<ThreatRule> rules;
  std::uint64_t read{};     // rules met: those kept and those with a problem
  std::uint64_t skipped{};  // with a problem: read = rules.size() + skipped
  // "keyword lua" -> how many rules it cost.
  std::map<std::string, std::uint64_t> causes;
  // "FILE:LINE:COLUMN: ..." of the first kRuleProblemsKept.
  std::vector<std::string> problems;

  std::unordered_map<std::uint64_t, std::string> places;  // gid and sid -> where it was first
};

// Adds the rules of a text. Empty lines and those that begin with # are no rules; a line that ends
// with \ goes on in the next.
void read_rule_text(std::string_view text, const std::string& file, const RuleVariables& variables,
                    RuleLoad& load);

// The same of a file; fails when it cannot be read.
Result<void> read_rule_file(const std::string& path, const RuleVariables& variables,
                            RuleLoad& load);

}  // namespace endreason::inspect
