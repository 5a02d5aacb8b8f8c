// SPDX-License-Identifier: Apache-2.0
// The columns of the table `traffic_rows`, in order: what the row itself is, its verdict, the
// numbers of its groups, then the typed columns of the log. Constant tables; room store only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/stored_column.hpp"

namespace endreason {

enum class ColumnType : std::uint8_t {
  Bool,
  U8,
  U16,
  I16,
  U32,
  U64,
  I64,
  U128,
  Timestamp,
  Text,
  Word  // an enumeration of the database: `words` names it
};

// What every row has besides columns of the log.
enum class RowColumn : std::uint8_t {
  Id,
  Time,
  TimeKnown,
  ZoneMinutes,
  HighResDigits,
  Received,
  Sender,
  Format,
  Version,
  Partial,
  Sessions,
  FinalAction,
  DecidedBy,
  Outcome,
  EndedBy,
  ReasonCode,
  Confidence,
  Provisional,
  Contradictions,
  Evidence,
  Odd,
  Raw
};
struct RowColumnInfo {
  RowColumn value;
  std::string_view name;
  ColumnType type;
  std::string_view words;  // the enumeration of a Word
  std::string_view meaning;
};
inline constexpr auto kRowColumns = std::to_array<RowColumnInfo>({
    {RowColumn::Id, "id", ColumnType::I64, "", "counted from 1 in the order of storing"},
    {RowColumn::Time, "time", ColumnType::Timestamp, "", "the row's own time, UTC"},
    {RowColumn::TimeKnown, "time_known", ColumnType::Bool, "",
     "false: the log has no time, and `time` is when it was received"},
    {RowColumn::ZoneMinutes, "zone_minutes", ColumnType::I16, "",
     "offset of the clock that the log shows, minutes east of UTC"},
    {RowColumn::HighResDigits, "high_res_digits", ColumnType::U8, "",
     "digits of the second's fraction in high_res_timestamp"},
    {RowColumn::Received, "received", ColumnType::Timestamp, "", "when the line came, UTC"},
    {RowColumn::Sender, "sender_id", ColumnType::U16, "", "who sent it: table senders"},
    {RowColumn::Format, "format", ColumnType::Word, "input_format", "the format it came in"},
    {RowColumn::Version, "version", ColumnType::U8, "",
     "PAN-OS release, as endreason numbers them"},
    {RowColumn::Partial, "partial", ColumnType::Bool, "", "the line was cut short"},
    {RowColumn::Sessions, "sessions", ColumnType::U32, "",
     "sessions that the row counts for: its repeat count, 0 for subtype start"},
    {RowColumn::FinalAction, "final_action", ColumnType::Word, "final_action", ""},
    {RowColumn::DecidedBy, "decided_by", ColumnType::Word, "decided_by", ""},
    {RowColumn::Outcome, "outcome", ColumnType::Word, "outcome", ""},
    {RowColumn::EndedBy, "ended_by", ColumnType::Word, "ended_by", ""},
    {RowColumn::ReasonCode, "reason_code", ColumnType::Word, "reason_code", ""},
    {RowColumn::Confidence, "confidence", ColumnType::Word, "confidence", ""},
    {RowColumn::Provisional, "provisional", ColumnType::Bool, "", "the session goes on"},
    {RowColumn::Contradictions, "contradictions", ColumnType::U16, "", "a bit each"},
    {RowColumn::Evidence, "evidence", ColumnType::U64, "",
     "numbers of the columns that decided, a byte each, from the lowest; 0 is none"},
    {RowColumn::Odd, "odd", ColumnType::Text, "",
     "JSON object: texts that a typed column cannot hold as they were, and columns that no release "
     "names"},
    {RowColumn::Raw, "raw", ColumnType::Text, "", "the line as it came, where it is kept"},
});
static_assert(rows_in_enum_order(kRowColumns));
constexpr const RowColumnInfo& info(RowColumn v) {
  return kRowColumns[static_cast<std::size_t>(v)];
}

constexpr ColumnType column_type(StoredAs as) {
  switch (as) {
    case StoredAs::Number:
    case StoredAs::Hex:
      return ColumnType::U64;
    case StoredAs::Port:
      return ColumnType::U16;
    case StoredAs::Protocol:
      return ColumnType::U8;
    case StoredAs::Address:
      return ColumnType::U128;
    case StoredAs::Time:
      return ColumnType::Timestamp;
    case StoredAs::Word:
      return ColumnType::Word;
    case StoredAs::Text:
      break;
  }
  return ColumnType::Text;
}

// Where the groups and the typed columns of the log begin in the table.
inline constexpr std::size_t kGroupColumnsBegin = kRowColumns.size();
inline constexpr std::size_t kFieldColumnsBegin = kGroupColumnsBegin + kStoredGroups.size();

inline constexpr std::size_t kTypedFieldCount = [] {
  std::size_t n = 0;
  for (const StoredColumn& c : kStoredColumns) n += c.as != StoredAs::Text;
  return n;
}();
// The typed columns in the order of the log.
inline constexpr auto kTypedFields = [] {
  std::array<Field, kTypedFieldCount> fields{};
  std::size_t n = 0;
  for (const StoredColumn& c : kStoredColumns)
    if (c.as != StoredAs::Text) fields[n++] = c.value;
  return fields;
}();
inline constexpr std::size_t kTableColumnCount = kFieldColumnsBegin + kTypedFieldCount;

constexpr std::size_t position_of(RowColumn c) {
  return static_cast<std::size_t>(c);
}
constexpr std::size_t position_of(StoredGroup g) {
  return kGroupColumnsBegin + static_cast<std::size_t>(g);
}

}  // namespace endreason
