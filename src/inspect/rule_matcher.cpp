// SPDX-License-Identifier: Apache-2.0
#include "inspect/rule_matcher.hpp"

#include <algorithm>
#include <cstring>

#include "inspect/buffer_transform.hpp"

namespace endreason::inspect {
namespace {

constexpr unsigned kStepsMax = 3000;  // a group's tries at one window
constexpr std::size_t kNotFound = ~std::size_t{0};

std::uint8_t lower(std::uint8_t c) {
  return c >= 'A' && c <= 'Z' ? static_cast<std::uint8_t>(c | 0x20) : c;
}

// The first occurrence of `needle` in bytes [begin, end). A caseless needle is in lower case.
std::size_t find_bytes(const std::uint8_t* bytes, std::size_t begin, std::size_t end,
                       const std::string& needle, bool nocase) {
  const std::size_t n = needle.size();
  if (end < begin || end - begin < n) return kNotFound;
  if (!nocase) {
    const void* at = memmem(bytes + begin, end - begin, needle.data(), n);
    return at == nullptr ? kNotFound
                         : static_cast<std::size_t>(static_cast<const std::uint8_t*>(at) - bytes);
  }
  const auto first = static_cast<std::uint8_t>(needle[0]);
  for (std::size_t at = begin; at + n <= end; ++at) {
    if (lower(bytes[at]) != first) continue;
    std::size_t i = 1;
    while (i < n && lower(bytes[at + i]) == static_cast<std::uint8_t>(needle[i])) ++i;
    if (i == n) return at;
  }
  return kNotFound;
}

bool compare(ByteOperator op, std::uint64_t a, std::uint64_t b) {
  switch (op) {
    case ByteOperator::Less:
      return a < b;
    case ByteOperator::Greater:
      return a > b;
    case ByteOperator::Equal:
      return a == b;
    case ByteOperator::LessEqual:
      return a <= b;
    case ByteOperator::GreaterEqual:
      return a >= b;
    case ByteOperator::And:
      return (a & b) != 0;
    case ByteOperator::Or:
      return (a ^ b) != 0;
  }
  return false;
}

bool read_digits(const std::uint8_t* at, std::size_t count, ByteBase base, std::uint64_t& value) {
  const unsigned radix = base == ByteBase::Hex ? 16 : base == ByteBase::Octal ? 8 : 10;
  std::size_t i = 0;
  while (i < count && (at[i] == ' ' || at[i] == '\t')) ++i;
  if (base == ByteBase::Hex && i + 1 < count && at[i] == '0' && (at[i + 1] | 0x20) == 'x') i += 2;
  bool any = false;
  std::uint64_t v = 0;
  for (; i < count; ++i) {
    unsigned digit = at[i] - unsigned{'0'};
    if (digit > 9) {
      digit = (at[i] | 0x20u) - unsigned{'a'};
      digit = digit > 5 ? 99 : digit + 10;
    }
    if (digit >= radix) break;
    any = true;
    v = v * radix + digit;
  }
  value = v;
  return any;
}

}  // namespace

tl::expected<CompiledGroup, RuleProblem> compile_group(const RuleGroup& group) {
  CompiledGroup out;
  out.buffer = group.buffer;
  out.side = group.side;
  out.transforms = group.transforms;
  for (const RuleCheck& check : group.checks) {
    CompiledCheck compiled;
    static_cast<RuleCheck&>(compiled) = check;
    if (check.kind == CheckKind::Content && check.nocase)
      for (char& c : compiled.pattern) c = static_cast<char>(lower(static_cast<std::uint8_t>(c)));
    if (check.kind == CheckKind::Pcre) {
      auto regex = Regex::compile(check.pattern, check.pcre_options);
      if (!regex)
        return tl::unexpected(
            RuleProblem{RuleProblemKind::BadPattern, 0, check.pattern, "pcre: " + regex.error()});
      compiled.regex = std::make_unique<Regex>(std::move(*regex));
    }
    out.needs_end |= check.kind == CheckKind::BufferSize || check.ends_with ||
                     (check.negated && check.kind != CheckKind::ByteTest) || check.from_end;
    out.needs_begin |= check.kind == CheckKind::BufferSize || check.starts_with ||
                       (check.kind == CheckKind::Content && !check.relative &&
                        (check.offset.given || check.depth.given)) ||
                       (check.kind >= CheckKind::ByteTest && !check.relative);
    out.checks.push_back(std::move(compiled));
  }
  // Transformed bytes have no place in the stream; they are made once the buffer is whole.
  if (!out.transforms.empty()) out.needs_begin = true;
  return out;
}

bool RuleMatcher::matches(const CompiledGroup& group, BufferWindow window,
                          RuleVariableValues& variables) {
  if (group.needs_begin && !window.from_begin) return false;
  group_ = &group;
  window_ = window;
  if (!group.transforms.empty()) {
    window_.bytes = transformed(group, window.bytes);
    window_.fresh = 0;
  }
  variables_ = &variables;
  steps_ = 0;
  return step(0, {0, 0, false}) == Outcome::Match;
}

bool RuleMatcher::next_is_relative(std::size_t index) const {
  return index + 1 < group_->checks.size() && group_->checks[index + 1].relative;
}

std::int64_t RuleMatcher::value_of(const RuleNumber& number) const {
  if (number.variable < 0) return number.value;
  const std::uint64_t v = (*variables_)[static_cast<std::size_t>(number.variable)];
  return static_cast<std::int64_t>(std::min<std::uint64_t>(v, 0x7fff'ffff));
}

RuleMatcher::Outcome RuleMatcher::step(std::size_t index, Place place) {
  if (index == group_->checks.size()) {
    const bool fresh = !place.anything || window_.fresh == 0 || place.reached > window_.fresh;
    return fresh ? Outcome::Match : Outcome::NotFresh;
  }
  const CompiledCheck& check = group_->checks[index];
  switch (check.kind) {
    case CheckKind::Content:
      return content(check, index, place);
    case CheckKind::Pcre:
      return pcre(check, index, place);
    case CheckKind::ByteTest:
      return byte_test(check, index, place);
    case CheckKind::ByteJump:
      return byte_jump(check, index, place);
    case CheckKind::ByteExtract:
      return byte_extract(check, index, place);
    case CheckKind::IsDataAt:
      return data_at(check, index, place);
    case CheckKind::BufferSize:
      if (!window_.from_begin || !window_.to_end ||
          !check.size.contains(static_cast<std::int64_t>(window_.bytes.size())))
        return Outcome::NoMatch;
      return step(index + 1, place);
  }
  return Outcome::NoMatch;
}

RuleMatcher::Outcome RuleMatcher::content(const CompiledCheck& check, std::size_t index,
                                          Place place) {
  const auto size = static_cast<std::int64_t>(window_.bytes.size());
  std::int64_t begin = check.offset.given ? value_of(check.offset) : 0;
  std::int64_t end = check.depth.given ? begin + value_of(check.depth) : size;
  if (check.starts_with) end = std::min(end, static_cast<std::int64_t>(check.pattern.size()));
  if (check.relative) {
    const std::int64_t from = static_cast<std::int64_t>(place.end) + value_of(check.distance);
    begin = std::max(begin, from);
    if (check.within.given) end = std::min(end, from + value_of(check.within));
  }
  begin = std::max<std::int64_t>(begin, 0);
  end = std::min(end, size);
  const auto length = static_cast<std::int64_t>(check.pattern.size());
  if (check.ends_with) begin = std::max(begin, size - length);
  for (;;) {
    const std::size_t at =
        end - begin < length
            ? kNotFound
            : find_bytes(window_.bytes.data(), static_cast<std::size_t>(begin),
                         static_cast<std::size_t>(end), check.pattern, check.nocase);
    if (check.negated) return at == kNotFound ? step(index + 1, place) : Outcome::NoMatch;
    if (at == kNotFound) return Outcome::NoMatch;
    if (++steps_ > kStepsMax) {
      counters_.step_limits += steps_ == kStepsMax + 1;
      return Outcome::NoMatch;
    }
    const std::size_t behind = at + check.pattern.size();
    const Outcome rest = step(index + 1, {behind, std::max(place.reached, behind), true});
    if (rest == Outcome::Match) return rest;
    if (rest == Outcome::NoMatch && !next_is_relative(index)) return rest;
    begin = static_cast<std::int64_t>(at) + 1;
  }
}

RuleMatcher::Outcome RuleMatcher::pcre(const CompiledCheck& check, std::size_t index, Place place) {
  auto bytes = window_.bytes;
  std::size_t shift = 0;
  bool at_begin = window_.from_begin;
  if (check.relative) {
    shift = std::min(place.end, bytes.size());
    bytes = bytes.subspan(shift);
    at_begin = true;
  }
  for (std::size_t from = 0; from <= bytes.size();) {
    const auto found = check.regex->find(bytes, from, at_begin, regex_scratch_);
    if (check.negated) return found ? Outcome::NoMatch : step(index + 1, place);
    if (!found) return Outcome::NoMatch;
    if (++steps_ > kStepsMax) {
      counters_.step_limits += steps_ == kStepsMax + 1;
      return Outcome::NoMatch;
    }
    const std::size_t behind = shift + found->second;
    const Outcome rest = step(index + 1, {behind, std::max(place.reached, behind), true});
    if (rest == Outcome::Match) return rest;
    if (rest == Outcome::NoMatch && !next_is_relative(index)) return rest;
    from = found->first + 1;
  }
  return Outcome::NoMatch;
}

bool RuleMatcher::read_field(const CompiledCheck& check, const Place& place, std::uint64_t& value,
                             std::size_t& behind) const {
  const ByteField& f = check.field;
  const auto variable = [&](std::int8_t index) {
    return (*variables_)[static_cast<std::size_t>(index)];
  };
  std::int64_t at = f.relative ? static_cast<std::int64_t>(place.end) : 0;
  at += f.offset_variable < 0 ? f.offset
                              : static_cast<std::int64_t>(std::min<std::uint64_t>(
                                    variable(f.offset_variable), 0x7fff'ffff));
  std::uint64_t count = f.count_variable < 0 ? f.count : variable(f.count_variable);
  const std::uint64_t most = f.base == ByteBase::Binary ? 8 : 23;
  if (count > most || at < 0 || static_cast<std::uint64_t>(at) + count > window_.bytes.size())
    return false;
  const std::uint8_t* bytes = window_.bytes.data() + at;
  behind = static_cast<std::size_t>(at) + count;
  value = 0;
  if (f.base != ByteBase::Binary) {
    if (count > 0 && !read_digits(bytes, count, f.base, value)) return false;
  } else {
    for (std::size_t i = 0; i < count; ++i)
      value = value << 8 | bytes[f.little_endian ? count - 1 - i : i];
  }
  if (f.bitmask != 0) {
    value &= f.bitmask;
    value >>= __builtin_ctz(f.bitmask);
  }
  return true;
}

RuleMatcher::Outcome RuleMatcher::byte_test(const CompiledCheck& check, std::size_t index,
                                            Place place) {
  std::uint64_t value = 0;
  std::size_t behind = 0;
  if (!read_field(check, place, value, behind)) return Outcome::NoMatch;
  const std::uint64_t operand =
      check.operand.variable < 0 ? static_cast<std::uint64_t>(check.operand.value)
                                 : (*variables_)[static_cast<std::size_t>(check.operand.variable)];
  if (compare(check.comparison, value, operand) == check.negated) return Outcome::NoMatch;
  place.reached = std::max(place.reached, behind);
  place.anything = true;
  return step(index + 1, place);
}

RuleMatcher::Outcome RuleMatcher::byte_jump(const CompiledCheck& check, std::size_t index,
                                            Place place) {
  std::uint64_t value = 0;
  std::size_t behind = 0;
  if (!read_field(check, place, value, behind)) return Outcome::NoMatch;
  value *= check.multiplier;
  if (check.align) value = (value + 3) / 4 * 4;
  if (value > 0x7fff'ffff) return Outcome::NoMatch;
  auto to = static_cast<std::int64_t>(value) + check.post_offset;
  if (check.from_end)
    to += static_cast<std::int64_t>(window_.bytes.size());
  else if (!check.from_beginning)
    to += static_cast<std::int64_t>(behind);
  if (to < 0 || to > static_cast<std::int64_t>(window_.bytes.size())) return Outcome::NoMatch;
  place.end = static_cast<std::size_t>(to);
  place.reached = std::max(place.reached, behind);
  place.anything = true;
  return step(index + 1, place);
}

RuleMatcher::Outcome RuleMatcher::byte_extract(const CompiledCheck& check, std::size_t index,
                                               Place place) {
  std::uint64_t value = 0;
  std::size_t behind = 0;
  if (!read_field(check, place, value, behind)) return Outcome::NoMatch;
  value *= check.multiplier;
  if (check.align) value = (value + 3) / 4 * 4;
  (*variables_)[static_cast<std::size_t>(check.variable)] = value;
  place.end = behind;
  place.reached = std::max(place.reached, behind);
  place.anything = true;
  return step(index + 1, place);
}

RuleMatcher::Outcome RuleMatcher::data_at(const CompiledCheck& check, std::size_t index,
                                          Place place) {
  const auto size = static_cast<std::int64_t>(window_.bytes.size());
  const std::int64_t n = value_of(check.operand);
  // "isdataat:10" asks for more than ten bytes, "isdataat:1,relative" for one behind the match.
  const bool there = check.relative ? static_cast<std::int64_t>(place.end) + n <= size : n < size;
  if (there == check.negated) return Outcome::NoMatch;
  return step(index + 1, place);
}

std::span<const std::uint8_t> RuleMatcher::transformed(const CompiledGroup& group,
                                                       std::span<const std::uint8_t> bytes) {
  transformed_.assign(bytes.begin(), bytes.end());
  for (const RuleTransform& transform : group.transforms) apply_transform(transform, transformed_);
  return transformed_;
}

}  // namespace endreason::inspect
