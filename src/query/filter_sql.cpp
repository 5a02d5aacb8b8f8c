// SPDX-License-Identifier: Apache-2.0
#include "query/filter_sql.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "model/odd_texts.hpp"
#include "model/stored_column.hpp"
#include "model/stored_words.hpp"
#include "model/verdict.hpp"
#include "query/filter_terms.hpp"

namespace endreason {
namespace {

constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";

std::string row_column(Field f) {
  return fmt::format("r.\"{}\"", info(f).log_name);
}

std::string odd_text_of(Field f) {
  return fmt::format("odd_text(r.odd, '{}')", info(f).log_name);
}

// `'a'::t, 'b'::t`: the words whose bits are set.
std::string word_list(std::string_view enumeration, std::uint64_t bits) {
  std::string list;
  const auto& words = stored_words(enumeration);
  for (std::size_t i = 0; i < words.size() && i < 64; ++i)
    if ((bits >> i & 1) != 0)
      list += fmt::format("{}'{}'::{}_word", list.empty() ? "" : ", ", words[i], enumeration);
  return list;
}

std::string word_in(std::string_view column, std::string_view enumeration, std::uint64_t bits) {
  const std::string list = word_list(enumeration, bits);
  return list.empty() ? "FALSE" : fmt::format("{} IN ({})", column, list);
}

std::string verdict_sql(VerdictField field, std::uint64_t bits) {
  const auto word = [&](std::string_view name) {
    return word_in(fmt::format("r.{}", name), name, bits);
  };
  switch (field) {
    case VerdictField::FinalAction:
      return word("final_action");
    case VerdictField::DecidedBy:
      return word("decided_by");
    case VerdictField::Outcome:
      return word("outcome");
    case VerdictField::EndedBy:
      return word("ended_by");
    case VerdictField::ReasonCode:
      return word("reason_code");
    case VerdictField::Confidence:
      return word("confidence");
    case VerdictField::Provisional:
      return (bits & 3) == 3   ? "TRUE"
             : (bits & 2) != 0 ? "r.provisional"
             : (bits & 1) != 0 ? "(NOT r.provisional)"
                               : "FALSE";
    case VerdictField::Contradictions: {
      constexpr std::uint64_t kNone = std::uint64_t{1} << kContradictions.size();
      std::string sql = fmt::format("(r.contradictions & {}) <> 0", bits & (kNone - 1));
      if ((bits & kNone) != 0) sql = fmt::format("({} OR r.contradictions = 0)", sql);
      return sql;
    }
  }
  return "FALSE";
}

// The column's text as the log had it; '' for a row that does not have it.
std::string column_text_sql(Field field) {
  const std::string name(info(field).log_name);
  switch (stored(field).as) {
    case StoredAs::Text:
      return fmt::format("{}.\"{}\"", info(stored(field).group).table, name);
    case StoredAs::Word:
      return fmt::format(
          "coalesce({}, CASE WHEN {} IN ('absent', 'unrecognized') THEN '' ELSE {}::VARCHAR END)",
          odd_text_of(field), row_column(field), row_column(field));
    case StoredAs::Address:
      return fmt::format("coalesce({}, address_text({}), '')", odd_text_of(field),
                         row_column(field));
    case StoredAs::Protocol:
      return fmt::format("coalesce({}, protocol_text({}), '')", odd_text_of(field),
                         row_column(field));
    default:
      return fmt::format("coalesce({}, {}::VARCHAR, '')", odd_text_of(field), row_column(field));
  }
}

// A condition on a text of a group, as a condition on the row.
std::string in_group(Field field, const std::string& condition) {
  const StoredGroupInfo& group = info(stored(field).group);
  return fmt::format("r.{} IN (SELECT id FROM {} WHERE {})", group.id, group.table, condition);
}

// `text` stands for the column's text. Case and the mark between the parts of a word are ignored
// for ASCII only, as the filter does for records.
std::string text_condition(std::string_view text, const FilterComparison& c,
                           const FilterValue& value) {
  if (value.kind == FilterValue::Kind::Empty) return fmt::format("{} = ''", text);
  if (c.op == FilterOp::Contains)
    return fmt::format("contains(translate({}, '{}', '{}'), {})", text, kUpper, kLower,
                       sql_text(SqlDialect::DuckDb, value.text));
  if (value_class(c.subject) != ValueClass::Word)
    return fmt::format("{} = {}", text, sql_text(SqlDialect::DuckDb, value.text));
  std::string word = value.text;
  for (char& ch : word)
    ch = ch == ' ' || ch == '_' ? '-' : (ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch + 32) : ch);
  return fmt::format("translate({}, '{} _', '{}--') = {}", text, kUpper, kLower,
                     sql_text(SqlDialect::DuckDb, word));
}

// `value` is put in brackets by whoever makes it more than a name or a call.
std::string between(const std::string& value, std::uint64_t low, std::uint64_t high) {
  if (low > high) return "FALSE";
  if (low == high) return fmt::format("{} = {}", value, low);
  if (high == std::numeric_limits<std::uint64_t>::max())
    return low == 0 ? fmt::format("{} IS NOT NULL", value) : fmt::format("{} >= {}", value, low);
  return low == 0 ? fmt::format("{} <= {}", value, high)
                  : fmt::format("{} BETWEEN {} AND {}", value, low, high);
}

// The column as the filter counts it.
std::string number_of(Field field) {
  const std::string column = row_column(field);
  if (field == Field::Repeatcnt)
    return fmt::format(
        "(CASE WHEN {0} = 0 THEN 1 WHEN {0} > 4294967295 THEN 4294967295 ELSE {0} END)", column);
  // A port that is none is still a number; those of the two ends are always ports.
  if (field == Field::Natsport || field == Field::Natdport)
    return fmt::format("coalesce({}::UBIGINT, number_text({}))", column, odd_text_of(field));
  return column;
}

struct Bounds {
  std::uint64_t low, high;
};
Bounds number_bounds(FilterOp op, std::uint64_t low, std::uint64_t high) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  switch (op) {
    case FilterOp::Leq:
      return {0, high};
    case FilterOp::Lt:
      return low == 0 ? Bounds{1, 0} : Bounds{0, low - 1};
    case FilterOp::Geq:
      return {low, kMost};
    case FilterOp::Gt:
      return high == kMost ? Bounds{1, 0} : Bounds{high + 1, kMost};
    default:
      return {low, high};
  }
}

std::string time_condition(const FilterComparison& c, const FilterTime& time, Field field) {
  const bool own = c.subject.kind == FilterSubject::Kind::RecordTime;
  std::string column = own ? "r.\"time\"" : row_column(field);
  if (!time.zoned) column = fmt::format("({} + to_minutes(r.zone_minutes::BIGINT))", column);
  const std::int64_t first = time.micros;
  const std::int64_t last = time.micros + time.span_micros - 1;
  const auto at = [](std::int64_t micros) {
    return fmt::format("make_timestamp({}::BIGINT)", micros);
  };
  std::string sql;
  switch (c.op) {
    case FilterOp::Leq:
      sql = fmt::format("{} <= {}", column, at(last));
      break;
    case FilterOp::Lt:
      sql = fmt::format("{} < {}", column, at(first));
      break;
    case FilterOp::Geq:
      sql = fmt::format("{} >= {}", column, at(first));
      break;
    case FilterOp::Gt:
      sql = fmt::format("{} > {}", column, at(last));
      break;
    default:
      sql = fmt::format("{} BETWEEN {} AND {}", column, at(first), at(last));
  }
  return own ? fmt::format("(r.time_known AND {})", sql) : sql;
}

// 128 bits as a decimal number: divided by ten again and again.
std::string address_number(const IpAddress& address) {
  auto bytes = address.bytes;
  std::string digits;
  bool left = true;
  while (left) {
    unsigned rest = 0;
    left = false;
    for (auto& byte : bytes) {
      const unsigned part = rest << 8 | byte;
      byte = static_cast<std::uint8_t>(part / 10);
      rest = part % 10;
      left = left || byte != 0;
    }
    digits.push_back(static_cast<char>('0' + rest));
  }
  std::reverse(digits.begin(), digits.end());
  return digits + "::UHUGEINT";
}

// IPv4 and IPv6 do not meet: the first are ::ffff:a.b.c.d, and a range is of one kind.
std::string address_condition(Field field, const std::vector<const FilterValue*>& values) {
  const std::string column = row_column(field);
  std::string single;
  std::string ranges;
  for (const FilterValue* v : values) {
    if (v->range.first == v->range.last) {
      single += (single.empty() ? "" : ", ") + address_number(v->range.first);
    } else {
      ranges += fmt::format("{}{} BETWEEN {} AND {}", ranges.empty() ? "" : " OR ", column,
                            address_number(v->range.first), address_number(v->range.last));
    }
  }
  if (single.empty()) return "(" + ranges + ")";
  const std::string in = fmt::format("{} IN ({})", column, single);
  return ranges.empty() ? in : fmt::format("({} OR {})", in, ranges);
}

std::string empty_condition(Field field) {
  switch (stored(field).as) {
    case StoredAs::Text:
      return in_group(field, fmt::format("\"{}\" = ''", info(field).log_name));
    case StoredAs::Word:
      return fmt::format("{} = 'absent'::{}_word", row_column(field), info(field).log_name);
    default:
      return fmt::format("({} IS NULL AND {} IS NULL)", row_column(field), odd_text_of(field));
  }
}

std::string value_condition(const FilterComparison& c, const FilterValue& value, Field field) {
  const StoredAs as = stored(field).as;
  const std::string group_column = fmt::format("\"{}\"", info(field).log_name);
  switch (value.kind) {
    case FilterValue::Kind::Empty:
      return empty_condition(field);
    case FilterValue::Kind::Text:
      return as == StoredAs::Text ? in_group(field, text_condition(group_column, c, value))
                                  : text_condition(column_text_sql(field), c, value);
    case FilterValue::Kind::Word:
      return field == Field::App ? in_group(field, word_in("app_status", "app_status", value.bits))
                                 : word_in(row_column(field), info(field).log_name, value.bits);
    case FilterValue::Kind::Number: {
      const Bounds b = number_bounds(c.op, value.low, value.high);
      if (as != StoredAs::Text) return between(number_of(field), b.low, b.high);
      return in_group(field, between(fmt::format("number_text({})", group_column), b.low, b.high));
    }
    case FilterValue::Kind::Flags:
      return fmt::format("({} & {}) <> 0", row_column(field), value.bits);
    case FilterValue::Kind::Time:
      return time_condition(c, value.time, field);
    case FilterValue::Kind::Address:
      break;
  }
  return "FALSE";
}

std::string side_condition(const FilterComparison& c, Field field) {
  std::string sql;
  std::vector<const FilterValue*> addresses;
  const auto add = [&](const std::string& part) { sql += (sql.empty() ? "" : " OR ") + part; };
  for (const FilterValue& value : c.values) {
    if (value.kind == FilterValue::Kind::Address) {
      addresses.push_back(&value);
    } else {
      add(value_condition(c, value, field));
    }
  }
  if (!addresses.empty()) add(address_condition(field, addresses));
  return sql.empty() ? "FALSE" : sql;
}

std::string comparison_sql(const FilterComparison& c) {
  switch (c.subject.kind) {
    case FilterSubject::Kind::Verdict: {
      std::uint64_t bits = 0;
      for (const FilterValue& value : c.values) bits |= value.bits;
      return verdict_sql(c.subject.verdict, bits);
    }
    case FilterSubject::Kind::Engine: {
      // Rows of a log have nothing of the session engine.
      const bool empty = std::any_of(c.values.begin(), c.values.end(), [](const FilterValue& v) {
        return v.kind == FilterValue::Kind::Empty;
      });
      return empty ? "TRUE" : "FALSE";
    }
    case FilterSubject::Kind::EitherSide:
      return side_condition(c, c.subject.first) + " OR " + side_condition(c, c.subject.second);
    case FilterSubject::Kind::Column:
    case FilterSubject::Kind::RecordTime:
      break;
  }
  return side_condition(c, c.subject.first);
}

// Below a NOT a missing value has to be false, not NULL, or its row would be lost twice.
void append_node(std::string& out, const FilterNode& node, bool negated) {
  switch (node.kind) {
    case FilterNode::Kind::Compare: {
      const FilterComparison& c = node.comparison;
      const bool opposite = c.op == FilterOp::Neq || c.op == FilterOp::Notin;
      const std::string sql = comparison_sql(c);
      if (opposite) {
        out += fmt::format("(NOT coalesce({}, FALSE))", sql);
      } else {
        out += negated ? fmt::format("coalesce({}, FALSE)", sql) : "(" + sql + ")";
      }
      return;
    }
    case FilterNode::Kind::Not:
      out += "(NOT ";
      append_node(out, node.children.front(), true);
      out += ')';
      return;
    case FilterNode::Kind::And:
    case FilterNode::Kind::Or: {
      const std::string_view between = node.kind == FilterNode::Kind::And ? " AND " : " OR ";
      out += '(';
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        if (i > 0) out += between;
        append_node(out, node.children[i], negated);
      }
      out += ')';
      return;
    }
  }
}

}  // namespace

std::string filter_sql(const FilterNode& root, SqlDialect dialect) {
  static_cast<void>(dialect);
  std::string out;
  append_node(out, root, false);
  return out;
}

}  // namespace endreason
