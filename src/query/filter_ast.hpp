// SPDX-License-Identifier: Apache-2.0
// The tree of a parsed filter: what FilterParser makes, what FilterProgram compiles for records,
// and what a compiler to another language (SQL) reads. Plain values; safe to share once built.
//
// Meaning of a comparison: `neq` is the opposite of `eq` and `notin` of `in`, also for a column
// that the record does not have. So an absent column makes every comparison false, except these
// two.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_table.hpp"
#include "model/engine_facts.hpp"
#include "model/field.hpp"
#include "model/ip_address.hpp"

namespace endreason {

enum class FilterOp : std::uint8_t { Eq, Neq, In, Notin, Leq, Geq, Lt, Gt, Contains, Has };
struct FilterOpInfo {
  FilterOp value;
  std::string_view log_name;
  std::string_view meaning;
};
inline constexpr auto kFilterOps = std::to_array<FilterOpInfo>({
    {FilterOp::Eq, "eq", "equal"},
    {FilterOp::Neq, "neq", "not equal"},
    {FilterOp::In, "in", "in a network, a range or a list"},
    {FilterOp::Notin, "notin", "not in a network, a range or a list"},
    {FilterOp::Leq, "leq", "less than or equal"},
    {FilterOp::Geq, "geq", "greater than or equal"},
    {FilterOp::Lt, "lt", "less than"},
    {FilterOp::Gt, "gt", "greater than"},
    {FilterOp::Contains, "contains", "has this text in it, case ignored"},
    {FilterOp::Has, "has", "has this flag set"},
});
static_assert(rows_in_enum_order(kFilterOps) && log_names_unique(kFilterOps));
constexpr const FilterOpInfo& info(FilterOp v) {
  return kFilterOps[static_cast<std::size_t>(v)];
}

// What the verdict says of a record, as a filter can ask for it.
enum class VerdictField : std::uint8_t {
  FinalAction,
  DecidedBy,
  Provisional,
  Outcome,
  EndedBy,
  ReasonCode,
  Confidence,
  Contradictions
};

// What a comparison reads. `name` is the canonical spelling and points to static text.
struct FilterSubject {
  enum class Kind : std::uint8_t {
    Column,      // one column of the log: `first`
    EitherSide,  // true when it is true of `first` or of `second` (addr, port, user, zone)
    Verdict,     // a member of Verdict: `verdict`
    RecordTime,  // the record's own time, RecordClock::of
    Engine,      // what only rows of the session engine have: `engine`
  };
  Kind kind{Kind::Column};
  std::string_view name;
  Field first{Field::Src};
  Field second{Field::Src};
  VerdictField verdict{VerdictField::FinalAction};
  EngineColumn engine{EngineColumn::TrackerStage};
};

// A point in time as it was written: a second, a minute or a day of it.
struct FilterTime {
  std::int64_t micros{};  // its first microsecond: UTC when `zoned`, else on the record's own clock
  std::int64_t span_micros{1};
  bool zoned{};
};

// One literal. Which members hold depends on `kind`.
struct FilterValue {
  enum class Kind : std::uint8_t {
    Empty,    // '': the column has no text
    Text,     // `text`
    Word,     // `bits`: a set of enumerators of the subject's vocabulary, bit i is enumerator i
    Number,   // `low` to `high`, both included
    Flags,    // `bits`: any of these bits
    Address,  // `range`
    Time,     // `time`
  };
  Kind kind{Kind::Text};
  std::string text;  // canonical spelling, without quotes
  std::uint64_t bits{};
  std::uint64_t low{}, high{};
  IpRange range{};
  FilterTime time{};
};

struct FilterComparison {
  FilterSubject subject;
  FilterOp op{FilterOp::Eq};
  std::vector<FilterValue> values;  // one, or several (any of them) for in, notin and has
};

struct FilterNode {
  enum class Kind : std::uint8_t { And, Or, Not, Compare };
  Kind kind{Kind::Compare};
  std::vector<FilterNode> children;  // And, Or: two or more, none of the same kind; Not: one
  FilterComparison comparison;       // Compare
  std::size_t height{};              // Compare: 0; others: one more than the highest child
};

}  // namespace endreason
