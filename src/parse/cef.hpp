// SPDX-License-Identifier: Apache-2.0
// CefReader: one CEF record (ArcSight Common Event Format) of the firewall's template or of the
// logging service -> TrafficRecord. The two give `in` and `out`, signature and name the opposite
// meaning, so the header tells them apart. Not thread-safe: it owns scratch that the record
// borrows.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "parse/key_names.hpp"
#include "parse/keyed_record.hpp"
#include "parse/read_status.hpp"

namespace endreason {

class CefReader {
 public:
  explicit CefReader(const KeyNames& names) : keyed_(names) {}
  // `text` begins with "CEF:"; the record borrows from it and from this reader.
  ReadStatus read(std::string_view text, TrafficRecord& record);

 private:
  enum Header : std::size_t { Version, Vendor, Product, Release, Signature, Name, Severity };
  static constexpr std::size_t kHeaderCount = 7;
  // cs1 to cs6, cn1 to cn3 and their kin: what they hold is said by a label elsewhere in the line.
  static constexpr std::size_t kSlotCount = 17;
  struct Slot {
    std::string_view key, value, label;
  };

  bool split_header(std::string_view text, std::size_t& body);
  Dialect dialect() const;
  std::string_view type_and_subtype(std::string_view& subtype) const;
  void read_pairs(std::string_view body, Dialect dialect);
  bool keep_slot(std::string_view key, std::string_view value);
  void settle_slots(Dialect dialect);
  void put(Dialect dialect, std::string_view key, std::string_view value);

  KeyedRecord keyed_;
  std::array<std::string_view, kHeaderCount> header_;
  std::array<Slot, kSlotCount> slots_;
  std::string unescaped_;
  bool utc_ = false;
};

}  // namespace endreason
