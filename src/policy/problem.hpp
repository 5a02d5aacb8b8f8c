// SPDX-License-Identifier: Apache-2.0
// PolicyProblem: what is wrong or doubtful in a policy, with the line, the object, the setting and
// the remedy. An error keeps a policy from being used; the others are told by `config check`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_table.hpp"
#include "policy/policy.hpp"

namespace endreason {

enum class Severity : std::uint8_t {
  Error,    // the policy says something that cannot be done
  Warning,  // it can be done, and will surprise: a shadowed rule, a name that matches nothing here
  Note      // what this program takes for granted
};
struct SeverityInfo {
  Severity value;
  std::string_view log_name;
};
inline constexpr auto kSeverities = std::to_array<SeverityInfo>({
    {Severity::Error, "error"},
    {Severity::Warning, "warning"},
    {Severity::Note, "note"},
});
static_assert(rows_in_enum_order(kSeverities) && log_names_unique(kSeverities));
constexpr const SeverityInfo& info(Severity v) {
  return kSeverities[static_cast<std::size_t>(v)];
}

struct PolicyProblem {
  Severity severity{};
  LineNumber line{};
  std::string message;
};

class Problems {
 public:
  void error(LineNumber line, std::string message) {
    list_.push_back({Severity::Error, line, std::move(message)});
  }
  void warning(LineNumber line, std::string message) {
    list_.push_back({Severity::Warning, line, std::move(message)});
  }
  void note(LineNumber line, std::string message) {
    list_.push_back({Severity::Note, line, std::move(message)});
  }
  bool has_error() const {
    for (const PolicyProblem& problem : list_)
      if (problem.severity == Severity::Error) return true;
    return false;
  }
  const std::vector<PolicyProblem>& list() const { return list_; }

 private:
  std::vector<PolicyProblem> list_;
};

}  // namespace endreason
