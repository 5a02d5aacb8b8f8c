// SPDX-License-Identifier: Apache-2.0
// parse_rule: the text of one rule -> ThreatRule. Any bytes are allowed; what cannot be read is a
// RuleProblem with its place. Pure; for start-up, not for hot paths.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "inspect/rule_problem.hpp"
#include "inspect/threat_rule.hpp"

namespace endreason::inspect {

// $HOME_NET and the like. Values are lists as rules have them, and may name other variables.
class RuleVariables {
 public:
  // Starts with the customary names: HOME_NET is the private networks, EXTERNAL_NET the rest.
  RuleVariables();
  void set(std::string name, std::string value) { values_[std::move(name)] = std::move(value); }
  const std::string* find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  std::vector<std::string_view> names() const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// `text`: the rule on one line; a continued line's end counts as blanks, so that offsets stay.
RuleResult<ThreatRule> parse_rule(std::string_view text, const RuleVariables& variables);

// Every keyword that options may begin with, for documents and for "did you mean".
std::vector<std::string_view> rule_keywords();
// Keywords that are read and change nothing here, such as reference and tag.
std::vector<std::string_view> rule_keywords_without_effect();

// The priority that a class of threats has; 3 for a class that is not in the customary list.
std::uint8_t class_priority(std::string_view class_type);

}  // namespace endreason::inspect
