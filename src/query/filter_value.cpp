// SPDX-License-Identifier: Apache-2.0
#include "query/filter_value.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"
#include "model/protocol.hpp"
#include "query/filter_terms.hpp"
#include "query/filter_time.hpp"

namespace endreason {
namespace {

using Kind = FilterValue::Kind;

constexpr std::uint64_t kPortMax = 65535;
constexpr std::size_t kQuotedMax = 60;  // characters of a wrong literal that a message repeats

std::string quoted(std::string_view text) {
  if (text.size() <= kQuotedMax) return fmt::format("'{}'", text);
  return fmt::format("'{}...'", text.substr(0, kQuotedMax));
}

tl::unexpected<LiteralFault> fault(std::string what, std::string remedy) {
  return tl::unexpected<LiteralFault>(LiteralFault{std::move(what), std::move(remedy)});
}

tl::unexpected<LiteralFault> wrong(const FilterSubject& subject, std::string_view text,
                                   std::string_view expected) {
  return fault(fmt::format("{} is no value of {}", quoted(text), subject.name),
               fmt::format("expected {}", expected));
}

FilterValue make(Kind kind, std::string text) {
  FilterValue value;
  value.kind = kind;
  value.text = std::move(text);
  return value;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// "did you mean threat? The values: threat, policy-deny, ..."
std::string remedy_of_words(std::string_view text, const std::vector<std::string_view>& words) {
  std::vector<std::string_view> known;
  for (const auto word : words)
    if (!word.empty()) known.push_back(word);
  const auto nearest = nearest_names(text, known, 1);
  std::string remedy;
  if (!nearest.empty()) remedy = fmt::format("did you mean {}? ", nearest.front());
  remedy += fmt::format("The values: {}", fmt::join(known, ", "));
  return remedy;
}

LiteralResult read_word(const FilterSubject& subject, FilterOp op, std::string_view text) {
  const auto words = vocabulary_of(subject);
  if (words.empty()) return make(Kind::Text, std::string(text));  // type: kept as text
  FilterValue value = make(Kind::Word, lower(text));
  if (op == FilterOp::Contains) {
    // A verdict has no text of its own: the words that have the needle in them are the answer.
    for (std::size_t i = 0; i < words.size(); ++i)
      if (lower(words[i]).find(value.text) != std::string::npos)
        value.bits |= std::uint64_t{1} << i;
    if (value.bits != 0) return value;
    return fault(fmt::format("no value of {} contains {}", subject.name, quoted(text)),
                 remedy_of_words(text, words));
  }
  value.bits = word_bits(subject, text);
  if (value.bits != 0) {
    value.text = words[static_cast<std::size_t>(std::countr_zero(value.bits))];
    return value;
  }
  std::string remedy = remedy_of_words(text, words);
  if (subject.kind == FilterSubject::Kind::Column)
    remedy += fmt::format("\nfor a word that is none of these: {} contains {}", subject.name,
                          quoted(text));
  return fault(fmt::format("{} is no value of {}", quoted(text), subject.name), std::move(remedy));
}

LiteralResult read_app(const FilterSubject& subject, std::string_view text) {
  const std::uint64_t bits = word_bits(subject, text);
  if (bits == 0) return make(Kind::Text, std::string(text));
  const auto words = vocabulary_of(subject);
  FilterValue value =
      make(Kind::Word, std::string(words[static_cast<std::size_t>(std::countr_zero(bits))]));
  value.bits = bits;
  return value;
}

LiteralResult read_protocol(const FilterSubject& subject, std::string_view text) {
  const auto number = protocol_from(text);
  if (!number) return wrong(subject, text, expectation(ValueClass::Protocol));
  const std::string_view name = protocol_name(*number);
  FilterValue value =
      make(Kind::Number, name.empty() ? std::to_string(*number) : std::string(name));
  value.low = value.high = *number;
  return value;
}

// Ranges only where a set is asked for: what "geq 10-20" means nobody can say.
LiteralResult read_number(const FilterSubject& subject, FilterOp op, std::string_view text,
                          ValueClass wanted) {
  const bool set =
      op == FilterOp::In || op == FilterOp::Notin || op == FilterOp::Eq || op == FilterOp::Neq;
  const std::size_t dash = set ? text.find('-') : std::string_view::npos;
  FilterValue value = make(Kind::Number, {});
  bool fine = parse_decimal(text.substr(0, dash), value.low);
  value.high = value.low;
  if (dash != std::string_view::npos)
    fine = fine && parse_decimal(text.substr(dash + 1), value.high);
  if (wanted == ValueClass::Port) fine = fine && value.high <= kPortMax;
  if (!fine || value.low > value.high) {
    const std::string_view single =
        wanted == ValueClass::Port ? "a port, 0 to 65535" : "a decimal number";
    return wrong(subject, text, set ? expectation(wanted) : single);
  }
  value.text = value.low == value.high ? fmt::format("{}", value.low)
                                       : fmt::format("{}-{}", value.low, value.high);
  return value;
}

LiteralResult read_flags(const FilterSubject& subject, FilterOp op, std::string_view text) {
  std::uint64_t number = 0;
  const bool numeric = parse_hex_or_decimal(text, number);
  if (op == FilterOp::Has) {
    const std::uint64_t bits = numeric ? number : flag_bits(text);
    if (bits == 0)
      return fault(fmt::format("{} names no flag", quoted(text)),
                   remedy_of_words(text, flag_names()) + ", or a bit mask such as 0x400000");
    FilterValue value = make(Kind::Flags, numeric ? fmt::format("0x{:x}", bits) : lower(text));
    value.bits = bits;
    return value;
  }
  if (!numeric && flag_bits(text) != 0)
    return fault(
        fmt::format("{} names one flag of {}, not the whole mask", quoted(text), subject.name),
        fmt::format("write {} has {}", subject.name, lower(text)));
  if (!numeric) return wrong(subject, text, expectation(ValueClass::Flags));
  FilterValue value = make(Kind::Number, fmt::format("0x{:x}", number));
  value.low = value.high = number;
  return value;
}

// The block's prefix length when the range is one, else -1.
int prefix_of(const IpRange& range) {
  int bits = 0;
  std::size_t i = 0;
  while (i < 16 && range.first.bytes[i] == range.last.bytes[i]) ++i;
  bits = static_cast<int>(i) * 8;
  if (i == 16) return bits;
  const auto differ = static_cast<std::uint8_t>(range.first.bytes[i] ^ range.last.bytes[i]);
  const int kept = std::countl_zero(differ);
  const auto mask = static_cast<std::uint8_t>(0xffu >> kept);
  if (differ != mask || (range.first.bytes[i] & mask) != 0) return -1;
  for (++i; i < 16; ++i)
    if (range.first.bytes[i] != 0 || range.last.bytes[i] != 0xff) return -1;
  return bits + kept;
}

LiteralResult read_address(const FilterSubject& subject, std::string_view text) {
  const auto range = parse_ip_range(text);
  if (!range) return wrong(subject, text, expectation(ValueClass::Address));
  FilterValue value = make(Kind::Address, to_string(range->first));
  value.range = *range;
  if (range->first == range->last) return value;
  const int prefix = prefix_of(*range);
  value.text += prefix < 0 ? fmt::format("-{}", to_string(range->last))
                           : fmt::format("/{}", range->first.is_v4() ? prefix - 96 : prefix);
  return value;
}

LiteralResult read_time_literal(const FilterSubject& subject, FilterOp op, std::string_view text,
                                std::optional<std::int64_t> now_utc_micros) {
  const bool interval = op == FilterOp::In || op == FilterOp::Notin;
  const auto read = read_filter_time(text, interval, now_utc_micros);
  if (const auto* problem = std::get_if<TimeProblem>(&read)) {
    if (*problem == TimeProblem::NoNow)
      return fault(fmt::format("{} counts from now, and no such time is given here", quoted(text)),
                   "write the time out, as '2026/03/10 10:00:00'");
    if (*problem == TimeProblem::Calendar)
      return fault(fmt::format("{} depends on a calendar and its zone", quoted(text)),
                   "write both ends out, as in '2026-03-10/2026-03-11', or use last-24-hrs");
    return wrong(subject, text,
                 interval ? "a period such as last-hour, last-24-hrs, '2026/03/10', or "
                            "'2026/03/10 10:00:00/2026/03/10 11:00:00'"
                          : expectation(ValueClass::Time));
  }
  const auto& spelled_time = std::get<SpelledTime>(read);
  FilterValue value = make(Kind::Time, spelled_time.text);
  value.time = spelled_time.time;
  return value;
}

bool needs_no_quotes(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':' || c == '/';
  });
}

}  // namespace

LiteralResult read_literal(const FilterSubject& subject, FilterOp op, std::string_view text,
                           std::optional<std::int64_t> now_utc_micros) {
  const ValueClass wanted = value_class(subject);
  if (op == FilterOp::Contains && text.empty())
    return fault("every text contains an empty one", "write what to look for, or use neq ''");
  const bool of_record = subject.kind == FilterSubject::Kind::Column ||
                         subject.kind == FilterSubject::Kind::EitherSide ||
                         subject.kind == FilterSubject::Kind::Engine;
  if (of_record && op == FilterOp::Contains) return make(Kind::Text, lower(text));
  const bool tests_equality = op != FilterOp::Lt && op != FilterOp::Gt && op != FilterOp::Leq &&
                              op != FilterOp::Geq && op != FilterOp::Has;
  if (text.empty() && of_record && tests_equality) return make(Kind::Empty, {});
  switch (wanted) {
    case ValueClass::Text:
      return make(Kind::Text, std::string(text));
    case ValueClass::App:
      return read_app(subject, text);
    case ValueClass::Word:
      return read_word(subject, op,
                       text.empty() && op != FilterOp::Contains ? std::string_view("none") : text);
    case ValueClass::Protocol:
      return read_protocol(subject, text);
    case ValueClass::Number:
    case ValueClass::Port:
      return read_number(subject, op, text, wanted);
    case ValueClass::Address:
      return read_address(subject, text);
    case ValueClass::Flags:
      return read_flags(subject, op, text);
    case ValueClass::Time:
      return read_time_literal(subject, op, text, now_utc_micros);
  }
  return wrong(subject, text, expectation(wanted));
}

std::string spelled(const FilterValue& value) {
  if (needs_no_quotes(value.text)) return value.text;
  std::string out = "'";
  for (const char c : value.text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  out += '\'';
  return out;
}

}  // namespace endreason
