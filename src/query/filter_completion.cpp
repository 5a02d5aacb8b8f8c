// SPDX-License-Identifier: Apache-2.0
#include "query/filter_completion.hpp"

#include <algorithm>
#include <optional>

#include "query/filter_terms.hpp"

namespace endreason {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_mark(char c) {
  return c == '(' || c == ')' || c == ',' || c == '!';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// Follows the grammar token by token, up to the word at the cursor.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {
    while (pos_ < text_.size()) {
      if (is_blank(text_[pos_])) {
        ++pos_;
      } else if (is_mark(text_[pos_])) {
        mark(text_[pos_++]);
      } else if (!word(next_word())) {
        return;  // it touches the cursor: this is what is being typed
      }
    }
    begin_ = pos_;
  }

  FilterCompletion completion() const {
    FilterCompletion out{begin_, {}};
    const std::string typed = lower(text_.substr(begin_));
    for (const std::string_view choice : choices())
      if (choice.starts_with(typed)) out.choices.emplace_back(choice);
    std::sort(out.choices.begin(), out.choices.end());
    return out;
  }

 private:
  enum class Expect : std::uint8_t { Field, Operator, Value, ListValue, Joint };

  std::string_view next_word() {
    begin_ = pos_;
    const char first = text_[pos_];
    if (first == '\'' || first == '"') {
      const std::size_t end = text_.find(first, pos_ + 1);
      pos_ = end == std::string_view::npos ? text_.size() : end + 1;
      in_quotes_ = end == std::string_view::npos;
    } else {
      while (pos_ < text_.size() && !is_blank(text_[pos_]) && !is_mark(text_[pos_])) ++pos_;
    }
    return text_.substr(begin_, pos_ - begin_);
  }

  // False: the word is not finished.
  bool word(std::string_view text) {
    const bool closed_quote = (text.front() == '\'' || text.front() == '"') && !in_quotes_;
    if (pos_ == text_.size() && !closed_quote) return false;
    switch (expect_) {
      case Expect::Field:
        if (lower(text) == "not") break;
        subject_ = find_subject(text);
        expect_ = Expect::Operator;
        break;
      case Expect::Operator:
        op_ = find_operator(text);
        expect_ = Expect::Value;
        break;
      case Expect::Value:
        expect_ = Expect::Joint;
        break;
      case Expect::ListValue:
        break;
      case Expect::Joint:
        expect_ = Expect::Field;
        break;
    }
    return true;
  }

  void mark(char c) {
    if (c == '(' && expect_ == Expect::Value) expect_ = Expect::ListValue;
    if (c == ',' && expect_ == Expect::Joint) expect_ = Expect::Value;
    if (c == ')') expect_ = Expect::Joint;
  }

  std::vector<std::string_view> choices() const {
    switch (expect_) {
      case Expect::Field: {
        auto names = subject_names();
        names.push_back("not");
        return names;
      }
      case Expect::Operator: {
        std::vector<std::string_view> names;
        if (!subject_) return names;
        for (const FilterOp op : operators_of(value_class(*subject_)))
          names.push_back(info(op).log_name);
        return names;
      }
      case Expect::Value:
      case Expect::ListValue:
        return values();
      case Expect::Joint:
        return {"and", "or"};
    }
    return {};
  }

  std::vector<std::string_view> values() const {
    if (!subject_) return {};
    if (value_class(*subject_) == ValueClass::Flags)
      return op_ == FilterOp::Has ? flag_names() : std::vector<std::string_view>{};
    auto words = vocabulary_of(*subject_);
    std::erase(words, std::string_view{});
    return words;
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  std::size_t begin_ = 0;
  bool in_quotes_ = false;
  Expect expect_ = Expect::Field;
  std::optional<FilterSubject> subject_;
  std::optional<FilterOp> op_;
};

}  // namespace

FilterCompletion complete_filter(std::string_view text, std::size_t cursor) {
  return Walk(text.substr(0, std::min(cursor, text.size()))).completion();
}

}  // namespace endreason
