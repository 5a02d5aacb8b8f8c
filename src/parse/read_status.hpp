// SPDX-License-Identifier: Apache-2.0
// What became of one input record: a traffic row, a row of another log type, nothing, or a reject
// that says what was expected and what stood there. Texts borrow from the input.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/field.hpp"

namespace endreason {

enum class ReadKind : std::uint8_t {
  Traffic,  // the record is filled
  Other,    // another log type of the same firewall: `type` says which
  Blank,
  Rejected,  // `reject` says why
};

enum class RejectReason : std::uint8_t {
  NotALog,    // nothing of any known format in it
  WrongType,  // a key column does not hold what its layout says
  TooFewColumns,
  TooLong,
  Malformed,      // JSON, XML, CEF or LEEF that breaks its own grammar
  MissingColumn,  // a keyed record without addresses
  LoneHeader,     // a header row that names no traffic columns
};
struct RejectReasonInfo {
  RejectReason value;
  std::string_view log_name;
  std::string_view meaning;
};
inline constexpr auto kRejectReasons = std::to_array<RejectReasonInfo>({
    {RejectReason::NotALog, "not-a-log", "no PAN-OS log of any known format was found in the line"},
    {RejectReason::WrongType, "wrong-type", "a column does not hold what the layout says"},
    {RejectReason::TooFewColumns, "too-few-columns", "the line ends before its addresses"},
    {RejectReason::TooLong, "too-long", "the record is longer than the limit"},
    {RejectReason::Malformed, "malformed", "the record breaks the grammar of its format"},
    {RejectReason::MissingColumn, "missing-column", "the record names no addresses"},
});
static_assert(rows_in_enum_order(kRejectReasons) && log_names_unique(kRejectReasons));

struct Reject {
  RejectReason reason{RejectReason::NotALog};
  std::uint32_t column{};        // CSV: counted from 1; others: byte offset from 1; 0: whole record
  std::string_view column_name;  // log_name of the field or the key; empty when none
  std::string_view expected;     // static text: "an IPv4 or IPv6 address"
  std::string_view found;        // what stood there; borrows from the input
};

struct ReadStatus {
  ReadKind kind{ReadKind::Blank};
  std::string_view type;  // Other: "THREAT", "SYSTEM", ... in capitals as the log has it
  Reject reject;
};

}  // namespace endreason
