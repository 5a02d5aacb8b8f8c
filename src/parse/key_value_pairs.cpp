// SPDX-License-Identifier: Apache-2.0
#include "parse/key_value_pairs.hpp"

namespace endreason {
namespace {

constexpr bool is_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

}  // namespace

PairScanner::PairScanner(std::string_view text, Style style) : text_(text), style_(style) {
  find_key(0);
}

bool PairScanner::is_separator(char c) const {
  if (style_ == Style::Blank) return c == ' ';
  return c == ' ' || c == ',' || c == ';' || c == '\t' || c == '|';
}

void PairScanner::find_key(std::size_t from) {
  std::size_t floor = from;  // no key reaches back across an earlier '='
  for (std::size_t e = text_.find('=', from); e != std::string_view::npos;
       e = text_.find('=', e + 1)) {
    std::size_t k = e;
    while (k > floor && is_key_char(text_[k - 1])) --k;
    if (k < e && (k == 0 || is_separator(text_[k - 1]))) {
      key_ = k;
      equals_ = e;
      return;
    }
    floor = e + 1;
  }
  key_ = equals_ = text_.size();
}

// A quote closes its value only before a separator or the end: CORP\" and "" do not fool it.
std::size_t PairScanner::closing_quote(std::size_t from, char quote) const {
  for (std::size_t q = text_.find(quote, from); q != std::string_view::npos;
       q = text_.find(quote, q + 1)) {
    if (q + 1 == text_.size() || is_separator(text_[q + 1])) return q;
    if (text_[q + 1] == quote) ++q;
  }
  return std::string_view::npos;
}

std::string_view PairScanner::trimmed(std::string_view value) const {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && is_separator(value.back())) value.remove_suffix(1);
  return value;
}

bool PairScanner::next(KeyValue& pair) {
  if (equals_ >= text_.size()) return false;
  pair.key = text_.substr(key_, equals_ - key_);
  pair.quote = 0;
  const std::size_t begin = equals_ + 1;
  if (style_ == Style::Loose && begin < text_.size() &&
      (text_[begin] == '"' || text_[begin] == '\'')) {
    const std::size_t close = closing_quote(begin + 1, text_[begin]);
    if (close != std::string_view::npos) {
      pair.quote = text_[begin];
      pair.value = text_.substr(begin + 1, close - begin - 1);
      find_key(close + 1);
      return true;
    }
  }
  find_key(begin);
  pair.value = trimmed(text_.substr(begin, key_ - begin));
  return true;
}

void unescape_cef(std::string_view value, bool newlines, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char next = i + 1 < value.size() ? value[i + 1] : '\0';
    if (value[i] != '\\') {
      out += value[i];
    } else if (next == '\\' || next == '=' || next == '|') {
      out += next;
      ++i;
    } else if (newlines && (next == 'n' || next == 'r')) {
      out += next == 'n' ? '\n' : '\r';
      ++i;
    } else {
      out += '\\';
    }
  }
}

}  // namespace endreason
