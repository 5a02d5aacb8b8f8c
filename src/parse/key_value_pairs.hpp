// SPDX-License-Identifier: Apache-2.0
// PairScanner: "key=value key=value ..." where values hold blanks and even '='. A key is a run of
// letters, digits, '_', '.', '-' right before '=', with a separator before it; a value ends where
// the next key begins. One pass, no allocation; texts borrow from the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace endreason {

struct KeyValue {
  std::string_view key, value;
  char quote{};  // the mark that enclosed the value; 0 when none did
};

class PairScanner {
 public:
  enum class Style : std::uint8_t {
    Blank,  // CEF, and LEEF with a blank as delimiter: pairs are parted by a blank
    Loose,  // user-defined formats: blank, comma, semicolon, tab or '|'; values may be quoted
  };
  PairScanner(std::string_view text, Style style);
  bool next(KeyValue& pair);

 private:
  bool is_separator(char c) const;
  // The next key at or behind `from`: its '=' is at equals_. Moves to the end when there is none.
  void find_key(std::size_t from);
  std::size_t closing_quote(std::size_t from, char quote) const;
  std::string_view trimmed(std::string_view value) const;

  std::string_view text_;
  Style style_;
  std::size_t key_ = 0;
  std::size_t equals_ = 0;
};

// The value without CEF's escapes: \\ \= \| and, when `newlines`, \n and \r. A backslash before
// anything else stands for itself (domain\user is often not escaped).
void unescape_cef(std::string_view value, bool newlines, std::string& out);

}  // namespace endreason
