// SPDX-License-Identifier: Apache-2.0
// NameValueReader: user-defined formats, `src=10.0.0.1 dst="x y", rule='My rule'; action=allow`, by
// PAN-OS variables, the names of all other formats, and the user's own (KeyNames::add).
// Not thread-safe: it owns scratch that the record borrows.
#pragma once

#include <string>
#include <string_view>

#include "parse/key_names.hpp"
#include "parse/keyed_record.hpp"
#include "parse/read_status.hpp"

namespace endreason {

class NameValueReader {
 public:
  explicit NameValueReader(const KeyNames& names) : keyed_(names) {}
  // What stands before the first pair is ignored. A line whose keys name no log is NotALog.
  ReadStatus read(std::string_view text, TrafficRecord& record);

 private:
  void put(std::string_view key, std::string_view value, char quote);

  KeyedRecord keyed_;
  std::string unquoted_;
};

}  // namespace endreason
