// SPDX-License-Identifier: Apache-2.0
#include "query/filter_parser.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "query/filter_terms.hpp"
#include "query/filter_value.hpp"

namespace endreason {
namespace {

constexpr std::size_t kShownBefore = 50;  // bytes of a long filter that an error shows
constexpr std::size_t kShownAfter = 40;

constexpr std::size_t kQuotedMax =
    60;  // of a wrong word that a message repeats; no field is longer

constexpr std::string_view kExample =
    "( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat )";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_name(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}
bool is_sign(char c) {
  return c == '=' || c == '!' || c == '<' || c == '>' || c == '~' || c == '&' || c == '|';
}
bool is_quote(char c) {
  return c == '\'' || c == '"';
}
bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0u) == 0x80;
}

// Signs of other languages, for the remedy: this one writes its operators as words.
struct SignWord {
  std::string_view sign, word;
};
constexpr auto kSignWords = std::to_array<SignWord>({
    {"=", "eq"},
    {"==", "eq"},
    {"!=", "neq"},
    {"<>", "neq"},
    {"<=", "leq"},
    {">=", "geq"},
    {"<", "lt"},
    {">", "gt"},
    {"~", "contains"},
    {"=~", "contains"},
});

bool same_word(std::string_view a, std::string_view lower_b) {
  return a.size() == lower_b.size() &&
         std::equal(a.begin(), a.end(), lower_b.begin(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + 32 : x) == y; });
}

// The filter on one line, cut around `pos` when it is long, with a caret below.
std::string with_caret(std::string_view text, std::size_t pos) {
  std::size_t begin = pos > kShownBefore ? pos - kShownBefore : 0;
  std::size_t end = std::min(text.size(), pos + kShownAfter);
  while (begin > 0 && is_continuation(text[begin])) --begin;
  while (end < text.size() && is_continuation(text[end])) ++end;
  std::string line = begin > 0 ? "..." : "";
  std::size_t column = line.size();
  for (std::size_t i = begin; i < end; ++i) {
    const char c = text[i];
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    line += is_blank(c) ? ' ' : control ? '?' : c;
    if (i < pos && !is_continuation(c)) ++column;
  }
  if (end < text.size()) line += "...";
  return fmt::format("  {}\n  {}^", line, std::string(column, ' '));
}

class Parser {
 public:
  Parser(std::string_view text, std::optional<std::int64_t> now) : text_(text), now_(now) {}

  Result<FilterNode> run() {
    skip_blanks();
    if (at_end())
      return fail(Error::Code::Usage,
                  fmt::format("the filter is empty\nwrite one such as {}", kExample));
    auto node = or_part();
    if (!node || at_end()) return node;
    if (text_[pos_] == ')')
      return error(pos_, "this bracket closes nothing", "take it away, or open one with ( before");
    return unexpected_text();
  }

 private:
  using Node = Result<FilterNode>;

  tl::unexpected<Error> error(std::size_t pos, std::string_view what,
                              std::string_view remedy) const {
    return fail(Error::Code::Usage,
                fmt::format("{}\n{}\n{}", what, with_caret(text_, pos), remedy));
  }
  tl::unexpected<Error> unexpected_text() const {
    return error(
        pos_, "expected and, or, or the end of the filter here",
        "join comparisons with and or or; put a value that has blanks in quotes: 'My rule'");
  }
  tl::unexpected<Error> too_deep(std::size_t pos) const {
    return error(pos, fmt::format("the filter is nested deeper than {} levels", kFilterHeightMax),
                 "take away brackets, or use a list: addr.src in ( 10.0.0.1 10.0.0.2 )");
  }

  bool at_end() const { return pos_ == text_.size(); }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[pos_])) ++pos_;
  }
  template <class Predicate>
  std::string_view run_of(Predicate belongs) const {
    std::size_t end = pos_;
    while (end < text_.size() && belongs(text_[end])) ++end;
    return text_.substr(pos_, end - pos_);
  }
  bool take_word(std::string_view word) {
    if (!same_word(run_of(is_name), word)) return false;
    pos_ += word.size();
    skip_blanks();
    return true;
  }

  Node or_part() { return joined(FilterNode::Kind::Or, "or", &Parser::and_part); }
  Node and_part() { return joined(FilterNode::Kind::And, "and", &Parser::term); }

  Node joined(FilterNode::Kind kind, std::string_view word, Node (Parser::*part)()) {
    const std::size_t start = pos_;
    Node first = (this->*part)();
    if (!first || !take_word(word)) return first;
    FilterNode group;
    group.kind = kind;
    add_child(group, *std::move(first));
    do {
      Node next = (this->*part)();
      if (!next) return next;
      add_child(group, *std::move(next));
    } while (take_word(word));
    if (group.height > kFilterHeightMax) return too_deep(start);
    return group;
  }

  static void add_child(FilterNode& group, FilterNode&& child) {
    if (child.kind == group.kind) {
      for (auto& grandchild : child.children) add_child(group, std::move(grandchild));
      return;
    }
    group.height = std::max(group.height, child.height + 1);
    group.children.push_back(std::move(child));
  }

  Node term() {
    const std::size_t start = pos_;
    bool negated = false;
    while (true) {
      if (!at_end() && text_[pos_] == '!') {
        ++pos_;
        skip_blanks();
      } else if (!take_word("not")) {
        break;
      }
      negated = !negated;
    }
    Node inner = !at_end() && text_[pos_] == '(' ? bracketed() : comparison();
    if (!inner || !negated) return inner;
    if (inner->kind == FilterNode::Kind::Not) {
      FilterNode child = std::move(inner->children.front());
      return child;
    }
    FilterNode node;
    node.kind = FilterNode::Kind::Not;
    node.height = inner->height + 1;
    if (node.height > kFilterHeightMax) return too_deep(start);
    node.children.push_back(*std::move(inner));
    return node;
  }

  Node bracketed() {
    const std::size_t open = pos_;
    if (++open_brackets_ > kOpenBracketsMax) return too_deep(open);
    ++pos_;
    skip_blanks();
    if (!at_end() && text_[pos_] == ')')
      return error(open, "there is nothing between these brackets",
                   fmt::format("write a comparison such as {}", kExample));
    if (at_end()) return never_closed(open);
    Node inner = or_part();
    if (!inner) return inner;
    if (at_end()) return never_closed(open);
    if (text_[pos_] != ')') return unexpected_text();
    ++pos_;
    skip_blanks();
    --open_brackets_;
    return inner;
  }
  tl::unexpected<Error> never_closed(std::size_t open) const {
    return error(open, "this bracket is never closed", "close it with )");
  }

  Node comparison() {
    FilterNode node;
    auto subject = read_subject();
    if (!subject) return tl::unexpected(subject.error());
    node.comparison.subject = *subject;
    auto op = read_operator(*subject);
    if (!op) return tl::unexpected(op.error());
    node.comparison.op = *op;
    if (auto done = read_values(node.comparison); !done) return tl::unexpected(done.error());
    return node;
  }

  Result<FilterSubject> read_subject() {
    const std::string_view name = run_of(is_name);
    if (name.empty() || same_word(name, "and") || same_word(name, "or"))
      return error(
          pos_, "expected a field here",
          fmt::format("a comparison is a field, an operator and a value, as in {}", kExample));
    const auto subject = find_subject(name);
    if (!subject) return unknown_field(name);
    pos_ += name.size();
    skip_blanks();
    return *subject;
  }
  tl::unexpected<Error> unknown_field(std::string_view name) const {
    std::string remedy = "`endreason terms` lists the fields";
    if (name.size() <= kQuotedMax) {
      const auto nearest = nearest_names(name, subject_names());
      if (!nearest.empty()) remedy = fmt::format("did you mean {}?", fmt::join(nearest, ", "));
    }
    return error(pos_, fmt::format("unknown field '{}'", name.substr(0, kQuotedMax)), remedy);
  }

  Result<FilterOp> read_operator(const FilterSubject& subject) {
    const std::size_t start = pos_;
    const bool signs = !at_end() && is_sign(text_[pos_]);
    const std::string_view word = signs ? run_of(is_sign) : run_of(is_letter);
    std::string allowed;
    for (const FilterOp op : operators_of(value_class(subject)))
      allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", info(op).log_name);
    if (word.empty())
      return error(start, fmt::format("expected an operator after {}", subject.name),
                   fmt::format("use one of: {}", allowed));
    pos_ += word.size();
    skip_blanks();
    auto op = find_operator(word);
    if (same_word(word, "not") && take_word("in")) op = FilterOp::Notin;
    if (!op) return unknown_operator(start, word, allowed);
    const auto fitting = operators_of(value_class(subject));
    if (std::find(fitting.begin(), fitting.end(), *op) == fitting.end())
      return error(start, fmt::format("{} cannot be asked of {}", info(*op).log_name, subject.name),
                   fmt::format("use one of: {}", allowed));
    return *op;
  }

  tl::unexpected<Error> unknown_operator(std::size_t start, std::string_view word,
                                         std::string_view allowed) const {
    std::string remedy;
    for (const auto& row : kSignWords)
      if (row.sign == word) remedy = fmt::format("did you mean {}? ", row.word);
    return error(start, fmt::format("unknown operator '{}'", word.substr(0, kQuotedMax)),
                 fmt::format("{}use one of: {}", remedy, allowed));
  }

  Result<bool> read_values(FilterComparison& comparison) {
    const FilterOp op = comparison.op;
    const bool list = op == FilterOp::In || op == FilterOp::Notin || op == FilterOp::Has;
    const std::size_t open = pos_;
    const bool bracket = list && !at_end() && text_[pos_] == '(';
    if (bracket) {
      ++pos_;
      skip_blanks();
    }
    bool more = true;
    while (more) {
      if (auto done = read_value(comparison); !done) return done;
      const bool comma = !at_end() && text_[pos_] == ',';
      if (comma && !list)
        return error(pos_, fmt::format("{} takes one value", info(op).log_name),
                     "use in for a list; put a value that has commas in quotes");
      if (comma) {
        ++pos_;
        skip_blanks();
      }
      more = comma || (bracket && !at_end() && text_[pos_] != ')');
    }
    if (!bracket) return true;
    if (at_end()) return never_closed(open);
    ++pos_;
    skip_blanks();
    return true;
  }

  Result<bool> read_value(FilterComparison& comparison) {
    const std::size_t start = pos_;
    auto literal = raw_value();
    if (!literal) return tl::unexpected(literal.error());
    auto value = read_literal(comparison.subject, comparison.op, *literal, now_);
    if (!value) return error(start, value.error().what, value.error().remedy);
    comparison.values.push_back(*std::move(value));
    skip_blanks();
    return true;
  }

  // The text of one value, without quotes.
  Result<std::string> raw_value() {
    if (!at_end() && is_quote(text_[pos_])) return quoted_value();
    const std::string_view word = run_of(
        [](char c) { return !is_blank(c) && c != '(' && c != ')' && c != ',' && !is_quote(c); });
    if (word.empty())
      return error(pos_, "expected a value here", "put an empty value in quotes: ''");
    pos_ += word.size();
    return std::string(word);
  }

  Result<std::string> quoted_value() {
    const std::size_t open = pos_;
    const char quote = text_[pos_++];
    std::string value;
    while (!at_end()) {
      const char c = text_[pos_++];
      const char next = at_end() ? '\0' : text_[pos_];
      if (c == '\\' && (is_quote(next) || next == '\\')) {
        value += next;
        ++pos_;
      } else if (c == quote && next == quote) {
        value += quote;
        ++pos_;
      } else if (c == quote) {
        return value;
      } else {
        value += c;
      }
    }
    return error(open, "this quote is never closed",
                 fmt::format("close it with {}; a backslash before it must be doubled", quote));
  }

  std::string_view text_;
  std::optional<std::int64_t> now_;
  std::size_t pos_ = 0;
  std::size_t open_brackets_ = 0;
};

}  // namespace

Result<FilterNode> parse_filter(std::string_view text, std::optional<std::int64_t> now_utc_micros) {
  if (text.size() > kFilterTextMax)
    return fail(Error::Code::Usage,
                fmt::format("the filter is {} bytes long, and the limit is {}\nsplit it, or give "
                            "networks instead of single addresses",
                            text.size(), kFilterTextMax));
  return Parser(text, now_utc_micros).run();
}

}  // namespace endreason
