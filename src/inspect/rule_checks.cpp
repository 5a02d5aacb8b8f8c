// SPDX-License-Identifier: Apache-2.0
// The options that look for bytes: contents and their modifiers, pcre, sizes, buffers, transforms.
#include <algorithm>
#include <array>

#include "inspect/rule_options.hpp"

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

}  // namespace endreason::inspect
