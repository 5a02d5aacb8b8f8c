// SPDX-License-Identifier: Apache-2.0
// JsonReader: one JSON object -> TrafficRecord. Keys are PAN-OS variables (XML API as JSON), HTTPS
// names or query names of the logging service; objects may be nested ({"action":{"value":..}}).
// Not thread-safe: it owns scratch that the record borrows.
#pragma once

#include <memory>
#include <string_view>

#include "parse/key_names.hpp"
#include "parse/read_status.hpp"

namespace endreason {

class TrafficRecord;

class JsonReader {
 public:
  explicit JsonReader(const KeyNames& names);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // One object, whole text. Nested deeper than 32 levels, invalid UTF-8 and anything that is no
  // JSON object is Malformed.
  //
  // An object that is no log itself but carries a log line ({"_raw": "<14>... 1,...,TRAFFIC,..."})
  // gives that line in `inner`, unescaped; the status then means nothing: read `inner` as a line.
  // Otherwise `inner` is empty. It lives until a later read() gives another inner line, so that it
  // may be handed to this reader again (JSON inside JSON).
  ReadStatus read(std::string_view text, TrafficRecord& record, std::string_view& inner);

 private:
  class Impl;  // keeps the JSON library out of this header
  std::unique_ptr<Impl> impl_;
};

}  // namespace endreason
