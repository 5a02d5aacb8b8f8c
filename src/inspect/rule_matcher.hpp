// SPDX-License-Identifier: Apache-2.0
// RuleMatcher: do the checks of one group hold on these bytes? Contents with a place relative to
// others are tried at every occurrence, within a limit of steps. One a thread; allocates only while
// its buffer for transformed bytes grows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "inspect/regex.hpp"
#include "inspect/rule_problem.hpp"
#include "inspect/threat_rule.hpp"

namespace endreason::inspect {

struct CompiledCheck : RuleCheck {
  std::unique_ptr<Regex> regex;  // of Pcre
};
struct CompiledGroup {
  InspectBuffer buffer{};
  Side side{kNoSide};
  bool needs_end{};    // something in it can be decided at the buffer's end only
  bool needs_begin{};  // something in it is counted from the buffer's begin
  std::vector<RuleTransform> transforms;
  std::vector<CompiledCheck> checks;
};
// Fails with what is wrong with an expression.
tl::expected<CompiledGroup, RuleProblem> compile_group(const RuleGroup& group);

// What there is of a buffer. Not all of a stream or of a body is: its begin may have been let go.
struct BufferWindow {
  std::span<const std::uint8_t> bytes;
  bool from_begin{true};  // bytes[0] is the first byte of the buffer
  bool to_end{true};      // the last one is its last
  std::size_t fresh{};    // from here on it was not looked at before: a match must reach into it
};

// Numbers that byte_extract took, for the other groups of the same rule.
using RuleVariableValues = std::array<std::uint64_t, 16>;

struct MatcherCounters {
  std::uint64_t step_limits{};  // groups given up for their cost
};

class RuleMatcher {
 public:
  bool matches(const CompiledGroup& group, BufferWindow window, RuleVariableValues& variables);
  const MatcherCounters& counters() const { return counters_; }
  std::uint64_t regex_limits() const { return regex_scratch_.limits_reached; }

 private:
  enum class Outcome : std::uint8_t { Match, NoMatch, NotFresh };
  struct Place {
    std::size_t end;      // of the match before
    std::size_t reached;  // the furthest byte that any match covers
    bool anything;        // whether any check has covered a byte
  };
  Outcome step(std::size_t check, Place place);
  Outcome content(const CompiledCheck& check, std::size_t index, Place place);
  Outcome pcre(const CompiledCheck& check, std::size_t index, Place place);
  Outcome byte_test(const CompiledCheck& check, std::size_t index, Place place);
  Outcome byte_jump(const CompiledCheck& check, std::size_t index, Place place);
  Outcome byte_extract(const CompiledCheck& check, std::size_t index, Place place);
  Outcome data_at(const CompiledCheck& check, std::size_t index, Place place);
  bool next_is_relative(std::size_t index) const;
  std::int64_t value_of(const RuleNumber& number) const;
  // Reads the number; false when it is not all there or is none. `behind`: the byte after it.
  bool read_field(const CompiledCheck& check, const Place& place, std::uint64_t& value,
                  std::size_t& behind) const;
  std::span<const std::uint8_t> transformed(const CompiledGroup& group,
                                            std::span<const std::uint8_t> bytes);

  const CompiledGroup* group_ = nullptr;
  BufferWindow window_;
  RuleVariableValues* variables_ = nullptr;
  unsigned steps_ = 0;
  RegexScratch regex_scratch_;
  std::vector<std::uint8_t> transformed_;
  MatcherCounters counters_;
};

}  // namespace endreason::inspect
