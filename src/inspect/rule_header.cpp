// SPDX-License-Identifier: Apache-2.0
#include "inspect/rule_header.hpp"

#include <array>
#include <charconv>

#include "base/nearest_name.hpp"

namespace endreason::inspect {
namespace {

// A variable in a variable in a variable ...: deeper than any real file has, and ends a circle.
constexpr int kNestingMax = 16;
constexpr std::size_t kRangesMax = 65'536;

tl::unexpected<RuleProblem> problem(RuleProblemKind kind, std::size_t offset, std::string_view word,
                                    std::string what) {
  return tl::unexpected(RuleProblem{kind, offset, std::string(word), std::move(what)});
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const auto near = nearest_names(word, known, 1);
  return near.empty() ? std::string() : "; did you mean \"" + near[0] + "\"?";
}

struct Word {
  std::string_view text;
  std::size_t offset;
};

class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  // The next word; blanks within brackets belong to it. Empty at the end.
  Word next() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
    const std::size_t begin = at_;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '[') ++depth;
      if (c == ']') --depth;
      if (depth <= 0 && (blank(c) || c == '(')) break;
    }
    return {text_.substr(begin, at_ - begin), begin};
  }
  std::size_t at() const { return at_; }
  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }

 private:
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
  std::string_view text_;
  std::size_t at_ = 0;
};

// Takes the elements of a list of addresses or ports, nested and negated as they come.
template <class Element>
class ListReader {
 public:
  ListReader(const RuleVariables& variables, std::size_t offset)
      : variables_(variables), offset_(offset) {}

  RuleResult<void> read(std::string_view text, bool negated, int depth) {
    text = trimmed(text);
    while (!text.empty() && text.front() == '!') {
      negated = !negated;
      text = trimmed(text.substr(1));
    }
    if (depth > kNestingMax)
      return problem(RuleProblemKind::Syntax, offset_, text,
                     "lists or variables are nested too deeply, or refer to each other");
    if (text.empty())
      return problem(Element::kProblem, offset_, text, "an element of the list is empty");
    if (text.front() == '[') return read_list(text, negated, depth);
    if (text.front() == '$') return read_variable(text.substr(1), negated, depth);
    if (text == "any") {
      if (negated)
        return problem(Element::kProblem, offset_, "!any", "nothing would match; leave it out");
      any = true;
      return {};
    }
    return add(text, negated);
  }

  std::vector<typename Element::Range> include, exclude;
  bool any = false;

 private:
  RuleResult<void> read_list(std::string_view text, bool negated, int depth) {
    if (text.back() != ']' || text.size() < 2)
      return problem(RuleProblemKind::Syntax, offset_, text, "a list ends with \"]\"");
    text = text.substr(1, text.size() - 2);
    int nesting = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (i < text.size() && text[i] == '[') ++nesting;
      if (i < text.size() && text[i] == ']') --nesting;
      if (i < text.size() && (text[i] != ',' || nesting != 0)) continue;
      if (auto done = read(text.substr(begin, i - begin), negated, depth + 1); !done) return done;
      begin = i + 1;
    }
    return {};
  }

  RuleResult<void> read_variable(std::string_view name, bool negated, int depth) {
    const std::string* value = variables_.find(name);
    if (value != nullptr) return read(*value, negated, depth + 1);
    const auto known = variables_.names();
    return problem(RuleProblemKind::UnknownVariable, offset_, "$" + std::string(name),
                   "the variable has no value; give it one with --var " + std::string(name) +
                       "=VALUE" + suggestion(name, known));
  }

  RuleResult<void> add(std::string_view text, bool negated) {
    const auto range = Element::parse(text);
    if (!range) return problem(Element::kProblem, offset_, text, std::string(Element::kExpected));
    auto& list = negated ? exclude : include;
    if (list.size() >= kRangesMax)
      return problem(Element::kProblem, offset_, text, "the list is longer than 65536 elements");
    list.push_back(*range);
    return {};
  }

  const RuleVariables& variables_;
  std::size_t offset_;
};

struct AddressElement {
  using Range = IpRange;
  static constexpr RuleProblemKind kProblem = RuleProblemKind::BadAddress;
  static constexpr std::string_view kExpected =
      "expected an address, a block such as 10.0.0.0/8, a range, a list in brackets, or any";
  static std::optional<IpRange> parse(std::string_view text) {
    if (auto range = parse_ip_range(text)) return range;
    // "10.0.0.0/255.0.0.0"
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto base = parse_ip(text.substr(0, slash)), mask = parse_ip(text.substr(slash + 1));
    if (!base || !mask || !base->is_v4() || !mask->is_v4()) return std::nullopt;
    IpRange range{*base, *base};
    for (std::size_t i = 12; i < 16; ++i) {
      range.first.bytes[i] = base->bytes[i] & mask->bytes[i];
      range.last.bytes[i] = static_cast<std::uint8_t>(base->bytes[i] | ~mask->bytes[i]);
    }
    return range;
  }
};

struct PortElement {
  using Range = PortRange;
  static constexpr RuleProblemKind kProblem = RuleProblemKind::BadPort;
  static constexpr std::string_view kExpected =
      "expected a port from 0 to 65535, a range such as 1024: or 80:90, a list in brackets, or any";
  static std::optional<std::uint16_t> number(std::string_view text) {
    unsigned n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size() || n > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(n);
  }
  static std::optional<PortRange> parse(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      const auto port = number(text);
      if (!port) return std::nullopt;
      return PortRange{*port, *port};
    }
    const std::string_view low = trimmed(text.substr(0, colon));
    const std::string_view high = trimmed(text.substr(colon + 1));
    const auto first = low.empty() ? std::optional<std::uint16_t>(0) : number(low);
    const auto last = high.empty() ? std::optional<std::uint16_t>(65535) : number(high);
    if (!first || !last || *first > *last) return std::nullopt;
    return PortRange{*first, *last};
  }
};

template <class Element, class Set>
RuleResult<Set> read_set(const Word& word, const RuleVariables& variables) {
  ListReader<Element> reader(variables, word.offset);
  if (word.text.empty())
    return problem(Element::kProblem, word.offset, word.text, std::string(Element::kExpected));
  if (auto done = reader.read(word.text, false, 0); !done)
    return tl::unexpected(std::move(done.error()));
  if (reader.any) reader.include.clear();
  Set set = Set::of(reader.include, reader.exclude);
  if (set.empty())
    return problem(Element::kProblem, word.offset, word.text, "nothing is left of the list");
  return set;
}

RuleResult<void> read_action(const Word& word, ThreatRule& rule) {
  if (word.text == "reject") {
    rule.action = RuleAction::RejectSource;
    return {};
  }
  std::array<std::string_view, kRuleActions.size()> known;
  for (std::size_t i = 0; i < kRuleActions.size(); ++i) {
    known[i] = kRuleActions[i].log_name;
    if (word.text != known[i]) continue;
    rule.action = kRuleActions[i].value;
    return {};
  }
  return problem(
      RuleProblemKind::UnknownAction, word.offset, word.text,
      "a rule begins with alert, pass, drop, reject, rejectsrc, rejectdst or rejectboth" +
          suggestion(word.text, known));
}

RuleResult<void> read_protocol(const Word& word, ThreatRule& rule) {
  std::string_view text = word.text;
  if (text == "http1") text = "http";
  if (text == "ip4") text = "ipv4";
  if (text == "ip6") text = "ipv6";
  std::array<std::string_view, kRuleProtocols.size()> known;
  for (std::size_t i = 0; i < kRuleProtocols.size(); ++i) {
    known[i] = kRuleProtocols[i].log_name;
    if (text != known[i]) continue;
    rule.protocol = kRuleProtocols[i].value;
    return {};
  }
  return problem(RuleProblemKind::UnknownProtocol, word.offset, word.text,
                 "the protocol is not one that can be inspected; docs/inspection.md lists them" +
                     suggestion(text, known));
}

}  // namespace

RuleResult<std::size_t> parse_header(std::string_view text, const RuleVariables& variables,
                                     ThreatRule& rule) {
  Words words(text);
  if (auto done = read_action(words.next(), rule); !done)
    return tl::unexpected(std::move(done.error()));
  if (auto done = read_protocol(words.next(), rule); !done)
    return tl::unexpected(std::move(done.error()));
  auto source = read_set<AddressElement, AddressSet>(words.next(), variables);
  if (!source) return tl::unexpected(std::move(source.error()));
  auto source_ports = read_set<PortElement, PortSet>(words.next(), variables);
  if (!source_ports) return tl::unexpected(std::move(source_ports.error()));
  const Word arrow = words.next();
  if (arrow.text != "->" && arrow.text != "<>" && arrow.text != "=>")
    return problem(RuleProblemKind::Syntax, arrow.offset, arrow.text,
                   "expected ->, <> or => between source and destination");
  rule.either_way = arrow.text == "<>";
  rule.transactional = arrow.text == "=>";
  auto destination = read_set<AddressElement, AddressSet>(words.next(), variables);
  if (!destination) return tl::unexpected(std::move(destination.error()));
  auto destination_ports = read_set<PortElement, PortSet>(words.next(), variables);
  if (!destination_ports) return tl::unexpected(std::move(destination_ports.error()));
  words.skip_blanks();
  if (words.at() >= text.size() || text[words.at()] != '(')
    return problem(RuleProblemKind::Syntax, words.at(), words.next().text,
                   "expected \"(\" and the options behind the header");
  rule.source = std::move(*source);
  rule.destination = std::move(*destination);
  rule.source_ports = std::move(*source_ports);
  rule.destination_ports = std::move(*destination_ports);
  return words.at() + 1;
}

}  // namespace endreason::inspect
