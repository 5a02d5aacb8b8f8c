// SPDX-License-Identifier: Apache-2.0
// The options that read numbers out of bytes: byte_test, byte_jump, byte_extract.
#include <algorithm>
#include <array>

#include "inspect/rule_options.hpp"

namespace endreason::inspect {
namespace {

constexpr std::int64_t kPlaceMax = 65535;  // of an offset, a multiplier and the like

}  // namespace

OptionReader::Done OptionReader::field_word(const RuleOption& o, std::string_view word,
                                            RuleCheck& check, bool& taken) {
  taken = true;
  ByteField& f = check.field;
  const std::size_t space = word.find_first_of(" \t");
  const std::string_view key = word.substr(0, space);
  const std::int64_t n =
      space == std::string_view::npos
          ? -kPlaceMax - 1
          : whole_number(without_blanks(word.substr(space))).value_or(-kPlaceMax - 1);
  const bool given = n >= -kPlaceMax;
  if (word == "relative")
    check.relative = f.relative = true;
  else if (word == "big")
    f.little_endian = false;
  else if (word == "little")
    f.little_endian = true;
  else if (word == "string")
    f.base = f.base == ByteBase::Binary ? ByteBase::Decimal : f.base;
  else if (word == "dec")
    f.base = ByteBase::Decimal;
  else if (word == "hex")
    f.base = ByteBase::Hex;
  else if (word == "oct")
    f.base = ByteBase::Octal;
  else if (word == "align")
    check.align = true;
  else if (word == "from_beginning")
    check.from_beginning = true;
  else if (word == "from_end")
    check.from_end = true;
  else if (key == "bitmask" && given && n > 0 && n <= 0xffff'ffff)
    f.bitmask = static_cast<std::uint32_t>(n);
  else if (key == "multiplier" && given && n > 0 && n <= kPlaceMax)
    check.multiplier = static_cast<std::uint32_t>(n);
  else if (key == "post_offset" && given && n <= kPlaceMax)
    check.post_offset = static_cast<std::int32_t>(n);
  else if (key == "align" && n && (n == 2 || n == 4))
    check.align = true;
  else
    return bad_value(o, word, "the word is not known here, or its value is wrong");
  return {};
}

OptionReader::Done OptionReader::field_words(const RuleOption& o,
                                             const std::vector<std::string_view>& words,
                                             std::size_t from, RuleCheck& check) {
  for (std::size_t i = from; i < words.size(); ++i) {
    bool taken = false;
    if (auto done = field_word(o, words[i], check, taken); !done) return done;
  }
  const std::uint8_t most = check.field.base == ByteBase::Binary ? 8 : 23;
  if (check.field.count > most)
    return bad_value(o, words[0], "expected at most 8 bytes, or 23 digits of a string");
  return {};
}

OptionReader::Done OptionReader::byte_test(const RuleOption& o, int) {
  RuleCheck check;
  check.kind = CheckKind::ByteTest;
  const auto words = comma_parts(o.value);
  if (words.size() < 4) return bad_value(o, o.value, "needs bytes, operator, value and offset");
  const auto count = number_or_variable(o, words[0]);
  if (!count) return tl::unexpected(count.error());
  check.field.count_variable = count->variable;
  if (count->variable < 0 && (count->value < 1 || count->value > 23))
    return bad_value(o, words[0], "expected 1 to 8 bytes, or 23 digits of a string");
  check.field.count = static_cast<std::uint8_t>(count->variable < 0 ? count->value : 1);
  std::string_view op = words[1];
  check.negated = take_negation(op);
  static constexpr std::array<std::string_view, 7> kOperators{"<", ">", "=", "<=", ">=", "&", "^"};
  const auto found = std::find(kOperators.begin(), kOperators.end(), op);
  if (found == kOperators.end() && !(op.empty() && check.negated))
    return bad_value(o, words[1], "expected <, >, =, <=, >=, & or ^, with ! for not");
  check.comparison =
      op.empty() ? ByteOperator::Equal : static_cast<ByteOperator>(found - kOperators.begin());
  const auto value = number_or_variable(o, words[2]);
  if (!value) return tl::unexpected(value.error());
  check.operand = *value;
  const auto offset = number_or_variable(o, words[3]);
  if (!offset) return tl::unexpected(offset.error());
  if (offset->value < -kPlaceMax || offset->value > kPlaceMax)
    return bad_value(o, words[3], "expected an offset up to 65535");
  check.field.offset = static_cast<std::int32_t>(offset->value);
  check.field.offset_variable = offset->variable;
  if (auto done = field_words(o, words, 4, check); !done) return done;
  add_follower(std::move(check));
  return {};
}

OptionReader::Done OptionReader::byte_jump(const RuleOption& o, int) {
  RuleCheck check;
  check.kind = CheckKind::ByteJump;
  const auto words = comma_parts(o.value);
  if (words.size() < 2) return bad_value(o, o.value, "needs bytes and offset");
  const auto count = number_or_variable(o, words[0]);
  if (!count) return tl::unexpected(count.error());
  if (count->value < 0 || count->value > 23)
    return bad_value(o, words[0], "expected 0 to 8 bytes, or 23 digits of a string");
  check.field.count = static_cast<std::uint8_t>(count->value);
  check.field.count_variable = count->variable;
  const auto offset = number_or_variable(o, words[1]);
  if (!offset) return tl::unexpected(offset.error());
  if (offset->value < -kPlaceMax || offset->value > kPlaceMax)
    return bad_value(o, words[1], "expected an offset up to 65535");
  check.field.offset = static_cast<std::int32_t>(offset->value);
  check.field.offset_variable = offset->variable;
  if (auto done = field_words(o, words, 2, check); !done) return done;
  add_follower(std::move(check));
  return {};
}

OptionReader::Done OptionReader::byte_extract(const RuleOption& o, int) {
  RuleCheck check;
  check.kind = CheckKind::ByteExtract;
  const auto words = comma_parts(o.value);
  if (words.size() < 3) return bad_value(o, o.value, "needs bytes, offset and a name");
  const auto count = whole_number(words[0]), offset = whole_number(words[1]);
  if (!count || *count < 1 || *count > 23)
    return bad_value(o, words[0], "expected 1 to 8 bytes, or 23 digits of a string");
  if (!offset || *offset < -kPlaceMax || *offset > kPlaceMax)
    return bad_value(o, words[1], "expected an offset up to 65535");
  if (words[2].empty() || whole_number(words[2])) return bad_value(o, words[2], "expected a name");
  check.field.count = static_cast<std::uint8_t>(*count);
  check.field.offset = static_cast<std::int32_t>(*offset);
  auto& names = rule_.variables;
  auto name = std::find(names.begin(), names.end(), words[2]);
  if (name == names.end()) {
    if (names.size() == 16) return bad_value(o, words[2], "a rule extracts at most 16 numbers");
    name = names.insert(names.end(), std::string(words[2]));
  }
  check.variable = static_cast<std::int8_t>(name - names.begin());
  if (auto done = field_words(o, words, 3, check); !done) return done;
  add_follower(std::move(check));
  return {};
}

}  // namespace endreason::inspect
