// SPDX-License-Identifier: Apache-2.0
// XmlReader: one <entry>..</entry> of an XML API result -> TrafficRecord; children by KeyNames,
// attributes (logid) as extras. An answer without entries is rejected with what it says. A cut
// entry keeps its whole children and is partial. External entities are never looked at. Not
// thread-safe: it owns scratch that the record borrows.
#pragma once

#include <memory>
#include <string_view>

#include "parse/key_names.hpp"
#include "parse/read_status.hpp"

namespace endreason {

class TrafficRecord;

class XmlReader {
 public:
  explicit XmlReader(const KeyNames& names);
  ~XmlReader();
  XmlReader(const XmlReader&) = delete;
  XmlReader& operator=(const XmlReader&) = delete;

  ReadStatus read(std::string_view text, TrafficRecord& record);

 private:
  class Impl;  // keeps the XML library out of this header
  std::unique_ptr<Impl> impl_;
};

}  // namespace endreason
