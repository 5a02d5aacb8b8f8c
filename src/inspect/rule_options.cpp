// SPDX-License-Identifier: Apache-2.0
// Splitting options, finding their keyword, and the options that say what a rule is.
#include "inspect/rule_options.hpp"

#include <charconv>

#include "base/nearest_name.hpp"
#include "inspect/rule_parser.hpp"

namespace endreason::inspect {
namespace {

constexpr std::size_t kOptionsMax = 1024;
constexpr std::size_t kChecksMax = 256;

struct Keyword {
  std::string_view name;
  OptionReader::Done (OptionReader::*read)(const RuleOption&, int);
  int which;
};

int as_int(TransformKind kind) {
  return static_cast<int>(kind);
}
constexpr int kUri = static_cast<int>(InspectBuffer::HttpUri);

const std::vector<Keyword>& keywords() {
  using R = OptionReader;
  static const std::vector<Keyword> table = {
      {"msg", &R::message, 0},
      {"sid", &R::identity, 0},
      {"gid", &R::identity, 1},
      {"rev", &R::identity, 2},
      {"priority", &R::identity, 3},
      {"classtype", &R::class_type, 0},
      {"reference", &R::ignore, 0},
      {"metadata", &R::ignore, 0},
      {"target", &R::ignore, 0},
      {"tag", &R::ignore, 0},
      {"prefilter", &R::ignore, 0},
      {"bypass", &R::ignore, 0},
      {"filestore", &R::ignore, 0},
      {"noalert", &R::flag, 0},
      {"alert", &R::flag, 1},
      {"sameip", &R::flag, 2},
      {"flow", &R::flow, 0},
      {"flowbits", &R::flowbits, 0},
      {"threshold", &R::threshold, 0},
      {"detection_filter", &R::threshold, 1},
      {"content", &R::content, -1},
      {"uricontent", &R::content, kUri},
      {"tls.subject", &R::content, static_cast<int>(InspectBuffer::TlsSubject)},
      {"tls.issuerdn", &R::content, static_cast<int>(InspectBuffer::TlsIssuer)},
      {"tls.fingerprint", &R::content, static_cast<int>(InspectBuffer::TlsFingerprint)},
      {"nocase", &R::content_flag, 0},
      {"startswith", &R::content_flag, 1},
      {"endswith", &R::content_flag, 2},
      {"fast_pattern", &R::content_flag, 3},
      {"rawbytes", &R::content_flag, 4},
      {"offset", &R::content_place, 0},
      {"depth", &R::content_place, 1},
      {"distance", &R::content_place, 2},
      {"within", &R::content_place, 3},
      {"pcre", &R::pcre, 0},
      {"isdataat", &R::data_at, 0},
      {"bsize", &R::buffer_size, 0},
      {"urilen", &R::uri_length, 0},
      {"byte_test", &R::byte_test, 0},
      {"byte_jump", &R::byte_jump, 0},
      {"byte_extract", &R::byte_extract, 0},
      {"flags", &R::tcp_flags, 0},
      {"tcp.flags", &R::tcp_flags, 0},
      {"ipopts", &R::ip_options, 0},
      {"tls.version", &R::tls_version, 0},
      {"app-layer-protocol", &R::app_layer, 0},
      {"to_lowercase", &R::transform, as_int(TransformKind::ToLowercase)},
      {"to_uppercase", &R::transform, as_int(TransformKind::ToUppercase)},
      {"strip_whitespace", &R::transform, as_int(TransformKind::StripWhitespace)},
      {"compress_whitespace", &R::transform, as_int(TransformKind::CompressWhitespace)},
      {"url_decode", &R::transform, as_int(TransformKind::UrlDecode)},
      {"dotprefix", &R::transform, as_int(TransformKind::DotPrefix)},
      {"header_lowercase", &R::transform, as_int(TransformKind::HeaderLowercase)},
      {"strip_pseudo_headers", &R::transform, as_int(TransformKind::StripPseudoHeaders)},
      {"xor", &R::xor_transform, 0},
  };
  return table;
}

// Class and priority. Source: the classification list that rule sets are distributed with.
struct ClassPriority {
  std::string_view name;
  std::uint8_t priority;
};
constexpr auto kClassPriorities = std::to_array<ClassPriority>({
    {"not-suspicious", 3},
    {"unknown", 3},
    {"bad-unknown", 2},
    {"attempted-recon", 2},
    {"successful-recon-limited", 2},
    {"successful-recon-largescale", 2},
    {"attempted-dos", 2},
    {"successful-dos", 2},
    {"attempted-user", 1},
    {"unsuccessful-user", 1},
    {"successful-user", 1},
    {"attempted-admin", 1},
    {"successful-admin", 1},
    {"rpc-portmap-decode", 2},
    {"shellcode-detect", 1},
    {"string-detect", 3},
    {"suspicious-filename-detect", 2},
    {"suspicious-login", 2},
    {"system-call-detect", 2},
    {"tcp-connection", 4},
    {"trojan-activity", 1},
    {"unusual-client-port-connection", 2},
    {"network-scan", 3},
    {"denial-of-service", 2},
    {"non-standard-protocol", 2},
    {"protocol-command-decode", 3},
    {"web-application-activity", 2},
    {"web-application-attack", 1},
    {"misc-activity", 3},
    {"misc-attack", 2},
    {"icmp-event", 3},
    {"inappropriate-content", 1},
    {"policy-violation", 1},
    {"default-login-attempt", 2},
    {"targeted-activity", 1},
    {"exploit-kit", 1},
    {"external-ip-check", 2},
    {"domain-c2", 1},
    {"pup-activity", 2},
    {"credential-theft", 1},
    {"social-engineering", 2},
    {"coin-mining", 2},
    {"command-and-control", 1},
});

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

std::uint8_t class_priority(std::string_view class_type) {
  for (const ClassPriority& row : kClassPriorities)
    if (row.name == class_type) return row.priority;
  return 3;
}

std::vector<std::string_view> rule_keywords() {
  std::vector<std::string_view> names;
  for (const Keyword& row : keywords()) names.push_back(row.name);
  for (const NumberKeyword& row : kNumberKeywords) names.push_back(row.keyword);
  for (const InspectBufferInfo& row : kInspectBuffers) {
    names.push_back(row.log_name);
    if (!row.modifier.empty() && row.modifier != "rawbytes") names.push_back(row.modifier);
  }
  for (const BufferAlias& row : kBufferAliases) names.push_back(row.alias);
  return names;
}

std::vector<std::string_view> rule_keywords_without_effect() {
  std::vector<std::string_view> names;
  for (const Keyword& row : keywords())
    if (row.read == &OptionReader::ignore) names.push_back(row.name);
  return names;
}

tl::unexpected<RuleProblem> bad_value(const RuleOption& o, std::string_view word,
                                      std::string what) {
  return tl::unexpected(RuleProblem{RuleProblemKind::BadValue,
                                    o.has_value ? o.value_offset : o.name_offset, std::string(word),
                                    std::string(o.name) + ": " + std::move(what)});
}

bool take_negation(std::string_view& value) {
  if (!value.starts_with('!')) return false;
  value = without_blanks(value.substr(1));
  return true;
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> comma_parts(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(',', begin);
    parts.push_back(without_blanks(text.substr(begin, end - begin)));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t n = 0;
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

std::optional<NumberRange> parse_number_range(std::string_view text, std::int64_t max) {
  NumberRange range;
  text = without_blanks(text);
  const auto number = [&](std::string_view t) -> std::optional<std::int64_t> {
    const auto n = whole_number(without_blanks(t));
    if (!n || *n < 0 || *n > max) return std::nullopt;
    return n;
  };
  const auto make = [&](std::optional<std::int64_t> low,
                        std::optional<std::int64_t> high) -> std::optional<NumberRange> {
    if (!low || !high || *low > *high) return std::nullopt;
    range.low = *low;
    range.high = *high;
    return range;
  };
  if (text.starts_with("!=")) text.remove_prefix(1), text.remove_prefix(1), range.negated = true;
  if (text.starts_with('!')) text.remove_prefix(1), range.negated = true;
  if (text.starts_with("<=")) return make(0, number(text.substr(2)));
  if (text.starts_with(">=")) return make(number(text.substr(2)), max);
  if (text.starts_with('<')) {
    const auto n = number(text.substr(1));
    return n ? make(0, *n - 1) : std::nullopt;
  }
  if (text.starts_with('>')) {
    const auto n = number(text.substr(1));
    return n ? make(*n + 1, INT64_MAX) : std::nullopt;
  }
  if (text.starts_with('=')) text.remove_prefix(1);
  if (const std::size_t at = text.find("<>"); at != std::string_view::npos) {
    const auto low = number(text.substr(0, at)), high = number(text.substr(at + 2));
    if (!low || !high) return std::nullopt;
    return make(*low + 1, *high - 1);
  }
  if (const std::size_t at = text.find('-'); at != std::string_view::npos)
    return make(number(text.substr(0, at)), number(text.substr(at + 1)));
  const auto n = number(text);
  return make(n, n);
}

RuleResult<RuleOption> OptionReader::next(std::size_t& at) const {
  RuleOption o;
  std::size_t end = at;
  while (end < text_.size() && text_[end] != ';') end += text_[end] == '\\' ? 2 : 1;
  if (end >= text_.size())
    return tl::unexpected(RuleProblem{RuleProblemKind::Syntax, at,
                                      std::string(text_.substr(at, 40)),
                                      "an option ends with \";\", the last one too"});
  const std::string_view whole = text_.substr(at, end - at);
  const std::size_t colon = whole.find(':');
  o.has_value = colon != std::string_view::npos;
  o.name = without_blanks(whole.substr(0, colon));
  o.name_offset = o.name.empty() ? at : static_cast<std::size_t>(o.name.data() - text_.data());
  if (o.has_value) {
    o.value = without_blanks(whole.substr(colon + 1));
    o.value_offset = static_cast<std::size_t>(o.value.data() - text_.data());
  }
  at = end + 1;
  return o;
}

OptionReader::Done OptionReader::read(std::size_t at) {
  for (std::size_t n = 0;; ++n) {
    while (at < text_.size() && blank(text_[at])) ++at;
    if (at >= text_.size())
      return tl::unexpected(RuleProblem{RuleProblemKind::Syntax, without_blanks(text_).size(), "",
                                        "the rule ends before its \")\""});
    if (text_[at] == ')') break;
    if (n == kOptionsMax)
      return tl::unexpected(
          RuleProblem{RuleProblemKind::Syntax, at, "", "a rule has at most 1024 options"});
    const auto option = next(at);
    if (!option) return tl::unexpected(option.error());
    if (auto done = apply(*option); !done) return done;
  }
  const std::string_view rest = without_blanks(text_.substr(at + 1));
  if (!rest.empty() && rest.front() != '#')
    return tl::unexpected(RuleProblem{RuleProblemKind::Syntax, at + 1, std::string(rest),
                                      "nothing may follow the \")\""});
  return finish();
}

OptionReader::Done OptionReader::apply(const RuleOption& o) {
  for (const Keyword& row : keywords())
    if (row.name == o.name) return (this->*row.read)(o, row.which);
  for (std::size_t i = 0; i < kNumberKeywords.size(); ++i)
    if (kNumberKeywords[i].keyword == o.name) return number_keyword(o, i);
  for (const InspectBufferInfo& row : kInspectBuffers) {
    if (row.log_name == o.name) return sticky(o, row.value);
    if (!row.modifier.empty() && row.modifier == o.name) return old_modifier(o, row.value);
  }
  for (const BufferAlias& row : kBufferAliases)
    if (row.alias == o.name) return sticky(o, row.buffer);
  const auto known = rule_keywords();
  const auto near = nearest_names(o.name, known, 1);
  return tl::unexpected(
      RuleProblem{RuleProblemKind::UnknownKeyword, o.name_offset, std::string(o.name),
                  "the keyword is not one that can be inspected; docs/inspection.md lists them" +
                      (near.empty() ? std::string() : "; did you mean \"" + near[0] + "\"?")});
}

OptionReader::Done OptionReader::ignore(const RuleOption&, int) {
  return {};
}

OptionReader::Done OptionReader::message(const RuleOption& o, int) {
  std::string_view text = o.value;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  rule_.message.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    rule_.message += text[i];
  }
  return {};
}

OptionReader::Done OptionReader::identity(const RuleOption& o, int which) {
  const auto n = whole_number(o.value);
  const std::int64_t max = which == 3 ? 255 : 0xffff'ffff;
  const std::int64_t min = which == 2 ? 0 : 1;
  if (!n || *n < min || *n > max)
    return bad_value(
        o, o.value, "expected a number from " + std::to_string(min) + " to " + std::to_string(max));
  const auto value = static_cast<std::uint32_t>(*n);
  if (which == 0) rule_.sid = value;
  if (which == 1) rule_.gid = value;
  if (which == 2) rule_.rev = value;
  if (which == 3) rule_.priority = static_cast<std::uint8_t>(value), priority_given_ = true;
  return {};
}

OptionReader::Done OptionReader::class_type(const RuleOption& o, int) {
  rule_.class_type = std::string(o.value);
  return {};
}

OptionReader::Done OptionReader::flag(const RuleOption&, int which) {
  if (which == 0) rule_.silent = true;
  if (which == 1) rule_.pass_alerts = true;
  if (which == 2) {
    RuleCondition condition;
    condition.field = PacketField::SameIp;
    rule_.conditions.push_back(condition);
  }
  return {};
}

OptionReader::Done OptionReader::flow(const RuleOption& o, int) {
  for (const std::string_view word : comma_parts(o.value)) {
    const FlowWord* found = nullptr;
    for (const FlowWord& row : kFlowWords)
      if (row.word == word) found = &row;
    if (found == nullptr)
      return bad_value(o, word,
                       "expected established, not_established, stateless, to_server, to_client, "
                       "from_server, from_client, only_stream or no_stream");
    rule_.flow |= found->bits;
  }
  constexpr std::uint8_t kBothWays = kFlowToServer | kFlowToClient;
  if ((rule_.flow & kBothWays) == kBothWays)
    return bad_value(o, o.value, "to_server and to_client exclude each other; leave both out");
  return {};
}

OptionReader::Done OptionReader::flowbits(const RuleOption& o, int) {
  const auto parts = comma_parts(o.value);
  if (parts[0] == "noalert") {
    rule_.silent = true;
    return {};
  }
  struct Operation {
    std::string_view word;
    FlowbitOperation operation;
  };
  static constexpr auto kOperations = std::to_array<Operation>({
      {"set", FlowbitOperation::Set},
      {"unset", FlowbitOperation::Unset},
      {"toggle", FlowbitOperation::Toggle},
      {"isset", FlowbitOperation::IsSet},
      {"isnotset", FlowbitOperation::IsNotSet},
  });
  const Operation* found = nullptr;
  for (const Operation& row : kOperations)
    if (row.word == parts[0]) found = &row;
  if (found == nullptr || parts.size() != 2 || parts[1].empty())
    return bad_value(o, o.value, "expected set, unset, toggle, isset or isnotset, and a name");
  RuleFlowbit bit;
  bit.operation = found->operation;
  for (std::string_view names = parts[1];;) {
    const std::size_t bar = names.find('|');
    const std::string_view name = without_blanks(names.substr(0, bar));
    if (name.empty()) return bad_value(o, o.value, "a name between bars is empty");
    bit.names.emplace_back(name);
    if (bar == std::string_view::npos) break;
    names.remove_prefix(bar + 1);
  }
  const bool asks = bit.operation >= FlowbitOperation::IsSet;
  if (!asks && bit.names.size() > 1)
    return bad_value(o, o.value, "several names between bars are for isset and isnotset");
  rule_.flowbits.push_back(std::move(bit));
  return {};
}

OptionReader::Done OptionReader::threshold(const RuleOption& o, int detection_filter) {
  RuleThreshold t;
  if (detection_filter != 0) t.kind = ThresholdKind::DetectionFilter;
  bool tracked = false;
  for (const std::string_view part : comma_parts(o.value)) {
    const std::size_t space = part.find_first_of(" \t");
    const std::string_view key = part.substr(0, space);
    const std::string_view value =
        space == std::string_view::npos ? "" : without_blanks(part.substr(space));
    const auto n = whole_number(value);
    bool good = true;
    if (key == "type" && value == "threshold")
      t.kind = ThresholdKind::Threshold;
    else if (key == "type" && value == "limit")
      t.kind = ThresholdKind::Limit;
    else if (key == "type" && value == "both")
      t.kind = ThresholdKind::Both;
    else if (key == "count" && n && *n > 0 && *n <= 0xffff'ffff)
      t.count = static_cast<std::uint32_t>(*n);
    else if (key == "seconds" && n && *n > 0 && *n <= 0xffff'ffff)
      t.seconds = static_cast<std::uint32_t>(*n);
    else if (key == "track") {
      tracked = true;
      if (value == "by_src")
        t.track = ThresholdTrack::BySource;
      else if (value == "by_dst")
        t.track = ThresholdTrack::ByDestination;
      else if (value == "by_both")
        t.track = ThresholdTrack::ByBoth;
      else if (value == "by_rule")
        t.track = ThresholdTrack::ByRule;
      else if (value == "by_flow")
        t.track = ThresholdTrack::ByFlow;
      else
        good = false;
    } else
      good = false;
    if (!good) return bad_value(o, part, "the word is not known here, or its value is wrong");
  }
  if (t.kind == ThresholdKind::None || t.count == 0 || t.seconds == 0 || !tracked)
    return bad_value(o, o.value, "needs type, track, count and seconds");
  rule_.threshold = t;
  return {};
}

OptionReader::Done OptionReader::number_keyword(const RuleOption& o, std::size_t row) {
  RuleCondition condition;
  condition.field = kNumberKeywords[row].field;
  std::string_view value = o.value;
  std::string by_name;
  if (condition.field == PacketField::IpProtocol || condition.field == PacketField::DnsRrtype)
    if (const auto number = number_of_name(condition.field, value)) {
      by_name = *number;
      value = by_name;
    }
  const auto range = parse_number_range(value, kNumberKeywords[row].max);
  if (!range)
    return bad_value(o, o.value,
                     "expected a number up to " + std::to_string(kNumberKeywords[row].max) +
                         ", or a range: <N, >N, N-M, N<>M");
  condition.range = *range;
  rule_.conditions.push_back(condition);
  return {};
}

OptionReader::Done OptionReader::finish() {
  if (rule_.sid == 0)
    return tl::unexpected(RuleProblem{RuleProblemKind::Syntax, 0, "",
                                      "the rule has no sid; give it one: sid:1000001;"});
  if (!priority_given_ && !rule_.class_type.empty())
    rule_.priority = class_priority(rule_.class_type);
  std::erase_if(rule_.groups, [](const RuleGroup& g) { return g.checks.empty(); });
  std::size_t checks = 0;
  for (const RuleGroup& g : rule_.groups) checks += g.checks.size();
  if (checks > kChecksMax || rule_.groups.size() > 32)
    return tl::unexpected(RuleProblem{RuleProblemKind::Conflict, 0, "",
                                      "a rule has at most 256 conditions on bytes, in 32 buffers"});
  return check_values();
}

OptionReader::Done OptionReader::check_values() const {
  AppLayer layer = info(rule_.protocol).layer;
  const auto conflict = [](std::string_view word, std::string what) -> Done {
    return tl::unexpected(
        RuleProblem{RuleProblemKind::Conflict, 0, std::string(word), std::move(what)});
  };
  for (const RuleGroup& g : rule_.groups) {
    const InspectBufferInfo& row = info(g.buffer);
    if (row.layer == AppLayer::Unknown) continue;
    if (layer != AppLayer::Unknown && layer != row.layer)
      return conflict(row.log_name, "the buffer belongs to another protocol than the rule");
    layer = row.layer;
    if (rule_.transactional) continue;
    if ((rule_.flow & kFlowToServer) != 0 && (row.sides & kFromClient) == 0)
      return conflict(row.log_name, "the server sends it, but the rule says flow:to_server");
    if ((rule_.flow & kFlowToClient) != 0 && (row.sides & kFromServer) == 0)
      return conflict(row.log_name, "the client sends it, but the rule says flow:to_client");
  }
  return {};
}

}  // namespace endreason::inspect
