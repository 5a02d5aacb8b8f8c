// SPDX-License-Identifier: Apache-2.0
// The options that look at bytes: contents and their modifiers, pcre, byte_*, buffers, transforms.
#include <algorithm>
#include <array>
#include <limits>

#include "inspect/rule_options.hpp"
#include "model/protocol.hpp"

namespace endreason::inspect {
namespace {

constexpr std::size_t kPatternMax = 8192;
constexpr std::int64_t kPlaceMax = 65535;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "ab|0d 0a|c\;" -> bytes. False when a bar is open, a digit is missing, or an escape is unknown.
bool decode_content(std::string_view text, std::string& out) {
  bool hex = false;
  int high = -1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '|') {
      if (high >= 0) return false;
      hex = !hex;
    } else if (hex) {
      if (c == ' ' || c == '\t') continue;
      const int digit = hex_digit(c);
      if (digit < 0) return false;
      if (high < 0) {
        high = digit;
      } else {
        out += static_cast<char>(high << 4 | digit);
        high = -1;
      }
    } else if (c == '\\') {
      if (++i == text.size()) return false;
      if (std::string_view("\\\";:/|").find(text[i]) == std::string_view::npos) return false;
      out += text[i];
    } else if (c == '"') {
      return false;
    } else {
      out += c;
    }
  }
  return !hex;
}

bool take_negation(std::string_view& value) {
  if (!value.starts_with('!')) return false;
  value = without_blanks(value.substr(1));
  return true;
}

}  // namespace

std::size_t OptionReader::group_of(InspectBuffer buffer) {
  for (std::size_t i = 0; i < rule_.groups.size(); ++i)
    if (rule_.groups[i].buffer == buffer && rule_.groups[i].transforms.empty() &&
        rule_.groups[i].side == kNoSide)
      return i;
  rule_.groups.push_back({buffer, kNoSide, {}, {}});
  return rule_.groups.size() - 1;
}

void OptionReader::add(std::size_t group, RuleCheck check) {
  last_group_ = group;
  last_check_ = rule_.groups[group].checks.size();
  rule_.groups[group].checks.push_back(std::move(check));
}

// A condition that is no content: behind the content it is relative to, else in the buffer.
void OptionReader::add_follower(RuleCheck check) {
  std::size_t group = current_;
  if (group == kNone && check.relative && last_group_ != kNone) group = last_group_;
  if (group == kNone) group = group_of(InspectBuffer::Payload);
  rule_.groups[group].checks.push_back(std::move(check));
}

RuleCheck* OptionReader::last_content() {
  if (last_group_ == kNone) return nullptr;
  RuleCheck& check = rule_.groups[last_group_].checks[last_check_];
  return check.kind == CheckKind::Content ? &check : nullptr;
}

OptionReader::Done OptionReader::sticky(const RuleOption& o, InspectBuffer buffer) {
  Side side = kNoSide;
  if (o.has_value) {
    if (o.value == "to_client")
      side = kFromServer;
    else if (o.value == "to_server")
      side = kFromClient;
    else
      return bad_value(o, o.value, "takes no value, or to_client or to_server in a => rule");
    if ((info(buffer).sides & side) == 0)
      return bad_value(o, o.value, "that side does not send it");
  }
  if (info(buffer).shape == BufferShape::Several || side != kNoSide) {
    rule_.groups.push_back({buffer, side, {}, {}});
    current_ = rule_.groups.size() - 1;
  } else {
    current_ = group_of(buffer);
  }
  last_group_ = kNone;
  return {};
}

OptionReader::Done OptionReader::old_modifier(const RuleOption& o, InspectBuffer buffer) {
  RuleCheck* content = last_content();
  if (content == nullptr || info(rule_.groups[last_group_].buffer).shape != BufferShape::Payload) {
    // Several old names became sticky buffers too: http_request_line, http_protocol.
    if (current_ == kNone || info(rule_.groups[current_].buffer).layer == AppLayer::Http)
      if (content == nullptr) return sticky(o, buffer);
    return tl::unexpected(RuleProblem{RuleProblemKind::Conflict, o.name_offset, std::string(o.name),
                                      "stands behind a content of the payload, not of a buffer"});
  }
  RuleCheck moved = std::move(*content);
  auto& from = rule_.groups[last_group_].checks;
  from.erase(from.begin() + static_cast<std::ptrdiff_t>(last_check_));
  add(group_of(buffer), std::move(moved));
  return {};
}

OptionReader::Done OptionReader::content(const RuleOption& o, int buffer) {
  RuleCheck check;
  check.kind = CheckKind::Content;
  std::string_view value = o.value;
  check.negated = take_negation(value);
  if (value.size() < 2 || value.front() != '"' || value.back() != '"')
    return bad_value(o, value, "expected bytes in quotes: \"abc|0d 0a|\"");
  value = value.substr(1, value.size() - 2);
  if (!decode_content(value, check.pattern))
    return bad_value(
        o, value, "hexadecimal bytes stand in pairs between bars; \\ stands before \" ; : \\ only");
  if (check.pattern.empty() || check.pattern.size() > kPatternMax)
    return bad_value(o, value, "expected 1 to 8192 bytes");
  std::size_t group = current_;
  if (buffer >= 0) group = group_of(static_cast<InspectBuffer>(buffer));
  if (group == kNone) group = group_of(InspectBuffer::Payload);
  // Digits of a fingerprint are written in either case.
  check.nocase = buffer == static_cast<int>(InspectBuffer::TlsFingerprint);
  add(group, std::move(check));
  return {};
}

OptionReader::Done OptionReader::content_flag(const RuleOption& o, int which) {
  RuleCheck* check = last_content();
  if (check == nullptr)
    return tl::unexpected(RuleProblem{RuleProblemKind::Conflict, o.name_offset, std::string(o.name),
                                      "stands behind a content"});
  if (which == 0) check->nocase = true;
  if (which == 1) check->starts_with = true;
  if (which == 2) check->ends_with = true;
  if (which == 3) {
    check->fast_pattern = !check->negated;
    if (o.has_value && o.value != "only" && comma_parts(o.value).size() != 2)
      return bad_value(o, o.value, "expected no value, only, or OFFSET,LENGTH");
  }
  return {};
}

RuleResult<RuleNumber> OptionReader::number_or_variable(const RuleOption& o,
                                                        std::string_view text) {
  RuleNumber n;
  n.given = true;
  if (const auto value = whole_number(text)) {
    n.value = *value;
    return n;
  }
  for (std::size_t i = 0; i < rule_.variables.size(); ++i)
    if (rule_.variables[i] == text) {
      n.variable = static_cast<std::int8_t>(i);
      return n;
    }
  return bad_value(o, text, "expected a number, or the name of an earlier byte_extract");
}

OptionReader::Done OptionReader::content_place(const RuleOption& o, int which) {
  RuleCheck* check = last_content();
  if (check == nullptr)
    return tl::unexpected(RuleProblem{RuleProblemKind::Conflict, o.name_offset, std::string(o.name),
                                      "stands behind a content"});
  const auto n = number_or_variable(o, o.value);
  if (!n) return tl::unexpected(n.error());
  const std::int64_t low = which == 2 ? -kPlaceMax : 0;
  if (n->variable < 0 && (n->value < low || n->value > kPlaceMax))
    return bad_value(o, o.value, "expected a number up to 65535");
  const auto length = static_cast<std::int64_t>(check->pattern.size());
  if (n->variable < 0 && (which == 1 || which == 3) && n->value < length)
    return bad_value(o, o.value, "the content is longer than that, so it can never match");
  RuleNumber* const places[] = {&check->offset, &check->depth, &check->distance, &check->within};
  *places[which] = *n;
  if (which >= 2) check->relative = true;
  return {};
}

OptionReader::Done OptionReader::pcre(const RuleOption& o, int) {
  RuleCheck check;
  check.kind = CheckKind::Pcre;
  std::string_view value = o.value;
  check.negated = take_negation(value);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  check.negated |= take_negation(value);
  const std::size_t slash = value.rfind('/');
  if (value.size() < 3 || value.front() != '/' || slash == 0)
    return bad_value(o, value, "expected \"/expression/flags\"");
  std::string_view flags = value.substr(slash + 1);
  std::size_t end = slash;
  // Behind a comma stand names for what was captured; they may hold slashes.
  if (flags.find(',') == std::string_view::npos) {
    const std::size_t names = value.rfind("/,");
    if (names != std::string_view::npos && names > 0 && value.find(':', names) != value.npos) {
      end = names;
      flags = "";
    }
  } else {
    flags = flags.substr(0, flags.find(','));
  }
  check.pattern = std::string(value.substr(1, end - 1));
  if (check.pattern.size() > kPatternMax)
    return bad_value(o, value.substr(0, 40), "the expression is longer than 8192 bytes");
  InspectBuffer buffer = InspectBuffer::Payload;
  for (const char flag : flags) {
    static constexpr std::string_view kOptionFlags = "imsxAEG";
    const std::size_t option = kOptionFlags.find(flag);
    if (option != std::string_view::npos) {
      check.pcre_options |= 1u << option;
    } else if (flag == 'R') {
      check.relative = true;
    } else if (flag != 'O' && flag != 'B') {
      const auto row = std::find_if(kInspectBuffers.begin(), kInspectBuffers.end(),
                                    [&](const auto& r) { return r.pcre_flag == flag; });
      if (row == kInspectBuffers.end())
        return bad_value(o, std::string_view(&flag, 1), "the flag is not known");
      buffer = row->value;
    }
  }
  std::size_t group = current_;
  if (buffer != InspectBuffer::Payload) group = group_of(buffer);
  if (group == kNone) group = group_of(InspectBuffer::Payload);
  add(group, std::move(check));
  return {};
}

OptionReader::Done OptionReader::data_at(const RuleOption& o, int) {
  RuleCheck check;
  check.kind = CheckKind::IsDataAt;
  std::string_view value = o.value;
  check.negated = take_negation(value);
  const auto parts = comma_parts(value);
  const auto n = number_or_variable(o, parts[0]);
  if (!n) return tl::unexpected(n.error());
  if (n->variable < 0 && (n->value < 0 || n->value > kPlaceMax))
    return bad_value(o, parts[0], "expected a number up to 65535");
  check.operand = *n;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "relative")
      check.relative = true;
    else if (parts[i] != "rawbytes")
      return bad_value(o, parts[i], "expected relative or rawbytes");
  }
  add_follower(std::move(check));
  return {};
}

OptionReader::Done OptionReader::buffer_size(const RuleOption& o, int) {
  if (current_ == kNone)
    return tl::unexpected(RuleProblem{RuleProblemKind::Conflict, o.name_offset, "bsize",
                                      "stands behind a buffer such as http.uri"});
  const auto range = parse_number_range(o.value, 0xffff'ffff);
  if (!range) return bad_value(o, o.value, "expected a number or a range: <N, >N, N<>M");
  RuleCheck check;
  check.kind = CheckKind::BufferSize;
  check.size = *range;
  rule_.groups[current_].checks.push_back(std::move(check));
  return {};
}

OptionReader::Done OptionReader::uri_length(const RuleOption& o, int) {
  const auto parts = comma_parts(o.value);
  const auto range = parse_number_range(parts[0], 65535);
  if (!range) return bad_value(o, parts[0], "expected a number or a range: <N, >N, N<>M");
  const bool normal = parts.size() > 1 && parts[1] == "norm";
  if (parts.size() > 2 || (parts.size() == 2 && !normal && parts[1] != "raw"))
    return bad_value(o, parts.back(), "expected raw or norm behind the length");
  RuleCheck check;
  check.kind = CheckKind::BufferSize;
  check.size = *range;
  rule_.groups[group_of(normal ? InspectBuffer::HttpUri : InspectBuffer::HttpUriRaw)]
      .checks.push_back(std::move(check));
  return {};
}

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

OptionReader::Done OptionReader::transform(const RuleOption& o, int kind) {
  if (current_ == kNone)
    return tl::unexpected(RuleProblem{RuleProblemKind::Conflict, o.name_offset, std::string(o.name),
                                      "stands behind a buffer"});
  RuleGroup& group = rule_.groups[current_];
  if (!group.checks.empty()) {
    rule_.groups.push_back({group.buffer, group.side, group.transforms, {}});
    current_ = rule_.groups.size() - 1;
  }
  rule_.groups[current_].transforms.push_back({static_cast<TransformKind>(kind), {}});
  last_group_ = kNone;
  return {};
}

OptionReader::Done OptionReader::xor_transform(const RuleOption& o, int) {
  std::string_view value = o.value;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  std::string key;
  if (value.empty() || value.size() > 64 || !decode_content("|" + std::string(value) + "|", key))
    return bad_value(o, o.value, "expected a key of up to 32 hexadecimal bytes: xor:\"0d0ac8ff\"");
  if (auto done = transform(o, static_cast<int>(TransformKind::XorKey)); !done) return done;
  rule_.groups[current_].transforms.back().key = std::move(key);
  return {};
}

std::optional<std::string> OptionReader::number_of_name(PacketField field, std::string_view text) {
  struct Name {
    std::string_view name;
    unsigned number;
  };
  // Types of DNS records: IANA's list of resource record types.
  static constexpr auto kRecordTypes = std::to_array<Name>({
      {"A", 1},
      {"NS", 2},
      {"CNAME", 5},
      {"SOA", 6},
      {"PTR", 12},
      {"MX", 15},
      {"TXT", 16},
      {"AAAA", 28},
      {"SRV", 33},
      {"NAPTR", 35},
      {"DS", 43},
      {"DNSKEY", 48},
      {"TLSA", 52},
      {"SVCB", 64},
      {"HTTPS", 65},
      {"AXFR", 252},
      {"ANY", 255},
      {"CAA", 257},
  });
  std::string sign;
  while (!text.empty() && (text.front() == '!' || text.front() == '<' || text.front() == '>')) {
    sign += text.front();
    text = without_blanks(text.substr(1));
  }
  if (field == PacketField::IpProtocol) {
    const auto number = protocol_from(text);
    if (!number) return std::nullopt;
    return sign + std::to_string(*number);
  }
  for (const Name& row : kRecordTypes)
    if (row.name == text) return sign + std::to_string(row.number);
  return std::nullopt;
}

OptionReader::Done OptionReader::tcp_flags(const RuleOption& o, int) {
  RuleCondition condition;
  condition.field = PacketField::TcpFlags;
  condition.flags_mask = 0x3f;  // ECE and CWR are left out unless they are named
  const auto parts = comma_parts(o.value);
  static constexpr std::string_view kLetters = "FSRPAUEC";
  const auto bits = [](std::string_view word, std::uint8_t& out) {
    for (const char c : word) {
      std::size_t bit = kLetters.find(c);
      if (c == '2') bit = 6;
      if (c == '1') bit = 7;
      if (c == '0') continue;
      if (bit == std::string_view::npos) return false;
      out = static_cast<std::uint8_t>(out | 1u << bit);
    }
    return !word.empty();
  };
  std::string_view word = parts[0];
  if (!word.empty() && std::string_view("+*!").find(word.front()) != std::string_view::npos) {
    condition.flags_match = word.front() == '+'   ? FlagsMatch::AllOf
                            : word.front() == '*' ? FlagsMatch::AnyOf
                                                  : FlagsMatch::NoneOf;
    word = without_blanks(word.substr(1));
  }
  std::uint8_t left_out = 0;
  if (parts.size() > 2 || !bits(word, condition.flags_value) ||
      (parts.size() == 2 && !bits(parts[1], left_out)))
    return bad_value(o, o.value, "expected letters of FSRPAUEC or 0, behind +, * or ! if need be");
  condition.flags_mask =
      static_cast<std::uint8_t>((condition.flags_mask | condition.flags_value) & ~left_out);
  rule_.conditions.push_back(condition);
  return {};
}

OptionReader::Done OptionReader::ip_options(const RuleOption& o, int) {
  struct Name {
    std::string_view name;
    int type;
  };
  // IPv4 option types: IANA's list of IP option numbers.
  static constexpr auto kNames = std::to_array<Name>({
      {"eol", 0},
      {"nop", 1},
      {"rr", 7},
      {"ts", 68},
      {"sec", 130},
      {"lsrr", 131},
      {"lsrre", 131},
      {"esec", 133},
      {"cipso", 134},
      {"satid", 136},
      {"ssrr", 137},
      {"rtralt", 148},
      {"any", -1},
  });
  for (const Name& row : kNames) {
    if (row.name != o.value) continue;
    RuleCondition condition;
    condition.field = PacketField::IpOptions;
    condition.range =
        row.type < 0 ? NumberRange{0, 255, false} : NumberRange{row.type, row.type, false};
    rule_.conditions.push_back(condition);
    return {};
  }
  return bad_value(o, o.value,
                   "expected eol, nop, rr, ts, sec, esec, lsrr, ssrr, satid, cipso, rtralt or any");
}

OptionReader::Done OptionReader::tls_version(const RuleOption& o, int) {
  std::string_view value = o.value;
  RuleCondition condition;
  condition.field = PacketField::TlsVersion;
  condition.range.negated = take_negation(value);
  struct Name {
    std::string_view name;
    int number;
  };
  static constexpr auto kNames = std::to_array<Name>(
      {{"1.0", 0x301}, {"1.1", 0x302}, {"1.2", 0x303}, {"1.3", 0x304}, {"0x0300", 0x300}});
  for (const Name& row : kNames) {
    if (row.name != value) continue;
    condition.range.low = condition.range.high = row.number;
    rule_.conditions.push_back(condition);
    return {};
  }
  return bad_value(o, o.value, "expected 1.0, 1.1, 1.2 or 1.3");
}

OptionReader::Done OptionReader::app_layer(const RuleOption& o, int) {
  std::string_view value = o.value;
  RuleCondition condition;
  condition.field = PacketField::AppLayer;
  condition.negated = take_negation(value);
  for (const AppLayerInfo& row : kAppLayers) {
    if (row.log_name != value) continue;
    condition.layer = row.value;
    rule_.conditions.push_back(condition);
    return {};
  }
  return bad_value(o, value, "expected http, tls, dns, ssh, smtp, ftp, smb, unknown or failed");
}

}  // namespace endreason::inspect
