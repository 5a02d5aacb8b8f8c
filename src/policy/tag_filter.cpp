// SPDX-License-Identifier: Apache-2.0
#include "policy/tag_filter.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace endreason {
namespace {

constexpr unsigned kDeepest = 64;  // brackets within brackets; the parser calls itself for each

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

class TagFilterParser {
 public:
  explicit TagFilterParser(std::string_view text) : text_(text) {}

  Result<TagFilter> run() {
    if (!either(0)) return wrong();
    skip_blanks();
    if (at_ != text_.size()) return wrong();
    return std::move(filter_);
  }

 private:
  using Step = TagFilter::Step;

  tl::unexpected<Error> wrong() const {
    return fail(Error::Code::Usage,
                fmt::format("expected tags in quotes joined by and, or and brackets, such as 'web' "
                            "and ('prod' or 'stage'), found '{}' at character {} of \"{}\"",
                            text_.substr(at_, 16), at_ + 1, text_));
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  bool word(std::string_view wanted) {
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    if (rest.size() < wanted.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if ((rest[i] | 0x20) != wanted[i]) return false;
    const char behind = rest.size() == wanted.size() ? ' ' : rest[wanted.size()];
    if (!is_blank(behind) && behind != '(' && behind != '\'' && behind != '"') return false;
    at_ += wanted.size();
    return true;
  }

  bool either(unsigned depth) {
    if (!both(depth)) return false;
    while (word("or")) {
      if (!both(depth)) return false;
      filter_.program_.push_back({Step::Or, {}});
    }
    return true;
  }

  bool both(unsigned depth) {
    if (!one(depth)) return false;
    while (word("and")) {
      if (!one(depth)) return false;
      filter_.program_.push_back({Step::And, {}});
    }
    return true;
  }

  bool one(unsigned depth) {
    skip_blanks();
    if (at_ == text_.size() || depth == kDeepest) return false;
    if (text_[at_] == '(') {
      ++at_;
      if (!either(depth + 1)) return false;
      skip_blanks();
      if (at_ == text_.size() || text_[at_] != ')') return false;
      ++at_;
      return true;
    }
    return tag();
  }

  bool tag() {
    const char quote = text_[at_];
    std::size_t begin = at_;
    std::size_t end = 0;
    if (quote == '\'' || quote == '"') {
      begin = at_ + 1;
      end = text_.find(quote, begin);
      if (end == std::string_view::npos) return false;
      at_ = end + 1;
    } else {
      end = begin;
      while (end < text_.size() && !is_blank(text_[end]) && text_[end] != '(' && text_[end] != ')')
        ++end;
      const std::string_view bare = text_.substr(begin, end - begin);
      if (bare == "and" || bare == "or") return false;
      at_ = end;
    }
    if (end == begin) return false;
    filter_.program_.push_back({Step::Tag, std::string(text_.substr(begin, end - begin))});
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  TagFilter filter_;
};

Result<TagFilter> TagFilter::parse(std::string_view text) {
  return TagFilterParser(text).run();
}

bool TagFilter::matches(const std::vector<std::string>& tags) const {
  std::vector<bool> stack;
  for (const Instruction& instruction : program_) {
    if (instruction.step == Step::Tag) {
      stack.push_back(std::ranges::find(tags, instruction.tag) != tags.end());
      continue;
    }
    const bool right = stack.back();
    stack.pop_back();
    const bool left = stack.back();
    stack.back() = instruction.step == Step::And ? left && right : left || right;
  }
  return !stack.empty() && stack.back();
}

}  // namespace endreason
