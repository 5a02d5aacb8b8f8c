// SPDX-License-Identifier: Apache-2.0
// KeyNames: what a key of a keyed format means: a column, a bit of the flags column, or nothing
// that we know. One table a dialect, made when the first key of that dialect is looked up, and the
// user's own names before all of them. find() is const and may run on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/field.hpp"

namespace endreason {

// The same key means different columns to different writers (`in`, `start`, `cat`), so a lookup
// says whose key it is.
enum class Dialect : std::uint8_t {
  CefFirewall,  // CEF by the firewall's template
  CefService,   // CEF by the logging service
  CefLabel,     // the text of cs1Label and its kin
  Leef,
  Object,  // JSON and XML: PAN-OS variables, HTTPS names, query names
  Pairs,   // name=value of user-defined formats: all of the above that are unambiguous
};

struct KeyMeaning {
  enum class Kind : std::uint8_t { Unknown, Column, Flag };
  Kind kind{Kind::Unknown};
  Field field{};
  bool weak{};                // gives way to another key of the same column
  std::uint32_t flag_mask{};  // Kind::Flag: the bit of the flags column (model/log_flag.hpp)
};

class KeyNames {
 public:
  // The user's own name for a column, in every dialect; it wins over ours. Fails when the key has
  // no character or could not be read back as a key (blanks, '=', quotes).
  Result<void> add(std::string_view key, Field field);

  // By exact spelling first, then without regard to case.
  KeyMeaning find(Dialect dialect, std::string_view key) const;

 private:
  // Open addressing by a hash of the lower-case key; a free slot has an empty key.
  struct Slot {
    std::string key;
    KeyMeaning meaning;
  };
  class Table {
   public:
    void insert(std::string_view key, KeyMeaning meaning, bool replace);
    const KeyMeaning* find(std::string_view key) const;
    bool empty() const { return count_ == 0; }

   private:
    void grow();
    std::vector<Slot> slots_;
    std::size_t count_ = 0;
  };
  class OwnNames;  // those that this program knows
  template <Dialect dialect>
  static const Table& made();
  static const Table& own(Dialect dialect);

  Table user_;
};

}  // namespace endreason
