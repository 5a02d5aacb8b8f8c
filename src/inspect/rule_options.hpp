// SPDX-License-Identifier: Apache-2.0
// The options of a rule, what stands in its parentheses. Internal to the parser.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "inspect/rule_problem.hpp"
#include "inspect/threat_rule.hpp"

namespace endreason::inspect {

// One option as it stands: its name, its value without the blanks around it.
struct RuleOption {
  std::string_view name, value;
  std::size_t name_offset{}, value_offset{};
  bool has_value{};
};

// Keeps where options go while they are read in order: the buffer, the content before.
class OptionReader {
 public:
  OptionReader(std::string_view text, ThreatRule& rule) : text_(text), rule_(rule) {}
  using Done = RuleResult<void>;

  // Reads all options from `offset` to the closing parenthesis, and checks that the whole fits.
  Done read(std::size_t offset);

  // What the table of keywords refers to; each takes the option and a number of the table's row.
  Done ignore(const RuleOption& o, int);
  Done message(const RuleOption& o, int);
  Done identity(const RuleOption& o, int which);
  Done class_type(const RuleOption& o, int);
  Done flow(const RuleOption& o, int);
  Done flag(const RuleOption& o, int which);
  Done content(const RuleOption& o, int buffer);
  Done content_flag(const RuleOption& o, int which);
  Done content_place(const RuleOption& o, int which);
  Done pcre(const RuleOption& o, int);
  Done data_at(const RuleOption& o, int);
  Done buffer_size(const RuleOption& o, int);
  Done uri_length(const RuleOption& o, int);
  Done byte_test(const RuleOption& o, int);
  Done byte_jump(const RuleOption& o, int);
  Done byte_extract(const RuleOption& o, int);
  Done flowbits(const RuleOption& o, int);
  Done threshold(const RuleOption& o, int detection_filter);
  Done tcp_flags(const RuleOption& o, int);
  Done ip_options(const RuleOption& o, int);
  Done tls_version(const RuleOption& o, int);
  Done app_layer(const RuleOption& o, int);
  Done transform(const RuleOption& o, int kind);
  Done xor_transform(const RuleOption& o, int);

 private:
  RuleResult<RuleOption> next(std::size_t& at) const;
  Done apply(const RuleOption& o);
  Done number_keyword(const RuleOption& o, std::size_t row);
  // "tcp" for ip_proto, "TXT" for dns.rrtype: the number as text, its operator before it.
  static std::optional<std::string> number_of_name(PacketField field, std::string_view text);
  Done sticky(const RuleOption& o, InspectBuffer buffer);
  Done old_modifier(const RuleOption& o, InspectBuffer buffer);
  Done finish();
  Done check_values() const;
  std::size_t group_of(InspectBuffer buffer);
  void add(std::size_t group, RuleCheck check);
  void add_follower(RuleCheck check);
  RuleCheck* last_content();
  // A number or a variable that was extracted before.
  RuleResult<RuleNumber> number_or_variable(const RuleOption& o, std::string_view text);
  Done field_words(const RuleOption& o, const std::vector<std::string_view>& words,
                   std::size_t from, RuleCheck& check);
  Done field_word(const RuleOption& o, std::string_view word, RuleCheck& check, bool& taken);

  std::string_view text_;
  ThreatRule& rule_;
  std::size_t current_{kNone};     // group that checks go to; kNone: the payload's
  std::size_t last_group_{kNone};  // group and place of the last content or pcre
  std::size_t last_check_{};
  bool priority_given_{};
  static constexpr std::size_t kNone = ~std::size_t{0};
};

// "<5", ">=5", "5-10", "5<>10" (without its ends), "!5", "5"; nothing when it is none of these or
// leaves 0 to `max`.
std::optional<NumberRange> parse_number_range(std::string_view text, std::int64_t max);

tl::unexpected<RuleProblem> bad_value(const RuleOption& o, std::string_view word, std::string what);

// The parts between commas, without blanks around them.
std::vector<std::string_view> comma_parts(std::string_view text);
std::string_view without_blanks(std::string_view text);
// Takes the "!" off that stands in front of a value; whether there was one.
bool take_negation(std::string_view& value);
std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace endreason::inspect
