// SPDX-License-Identifier: Apache-2.0
#include "query/filter_sql.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "model/stored_column.hpp"
#include "model/stored_words.hpp"
#include "model/verdict.hpp"
#include "query/filter_terms.hpp"

namespace endreason {
namespace {

// Writes a filter's parts in one dialect.
class FilterSql {
 public:
  explicit FilterSql(SqlDialect dialect)
      : dialect_(dialect), duckdb_(dialect == SqlDialect::DuckDb) {}
  void append(std::string& out, const FilterNode& node, bool negated) const;

 private:
  std::string row_column(Field f) const;
  std::string of_row(std::string_view name) const;
  std::string odd_text_of(Field f) const { return odd_text_sql(dialect_, info(f).log_name); }
  std::string_view truth(bool value) const {
    return duckdb_ ? (value ? "TRUE" : "FALSE") : (value ? "1" : "0");
  }
  std::string or_false(std::string_view sql) const;
  std::string has_bits(std::string_view column, std::uint64_t bits) const;
  std::string word_list(std::string_view enumeration, std::uint64_t bits) const;
  std::string word_in(std::string_view column, std::string_view enumeration,
                      std::uint64_t bits) const;
  std::string verdict(VerdictField field, std::uint64_t bits) const;
  std::string column_text(Field field) const;
  std::string in_group(Field field, const std::string& condition) const;
  std::string lowered(std::string_view text) const;
  std::string as_word(std::string_view text) const;
  std::string text_condition(std::string_view text, const FilterComparison& c,
                             const FilterValue& value) const;
  std::string between(const std::string& value, std::uint64_t low, std::uint64_t high) const;
  std::string number_of(Field field) const;
  std::string time_condition(const FilterComparison& c, const FilterTime& time, Field field) const;
  std::string address(const IpAddress& address) const;
  std::string address_condition(Field field, const std::vector<const FilterValue*>& values) const;
  std::string empty_condition(Field field) const;
  std::string value_condition(const FilterComparison& c, const FilterValue& value,
                              Field field) const;
  std::string side_condition(const FilterComparison& c, Field field) const;
  std::string comparison(const FilterComparison& c) const;

  SqlDialect dialect_;
  bool duckdb_;
};

constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";

std::string FilterSql::row_column(Field f) const {
  return of_row(info(f).log_name);
}

std::string FilterSql::of_row(std::string_view name) const {
  return duckdb_ ? fmt::format("r.\"{}\"", name) : fmt::format("\"{}\"", name);
}

std::string FilterSql::or_false(std::string_view sql) const {
  return duckdb_ ? fmt::format("coalesce({}, FALSE)", sql) : fmt::format("ifNull({}, 0)", sql);
}

std::string FilterSql::has_bits(std::string_view column, std::uint64_t bits) const {
  return duckdb_ ? fmt::format("({} & {}) <> 0", column, bits)
                 : fmt::format("bitAnd({}, {}) <> 0", column, bits);
}

// `'a'::t, 'b'::t`: the words whose bits are set.
std::string FilterSql::word_list(std::string_view enumeration, std::uint64_t bits) const {
  std::string list;
  const auto& words = stored_words(enumeration);
  for (std::size_t i = 0; i < words.size() && i < 64; ++i) {
    if ((bits >> i & 1) == 0) continue;
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", words[i]);
    if (duckdb_) list += fmt::format("::{}_word", enumeration);
  }
  return list;
}

std::string FilterSql::word_in(std::string_view column, std::string_view enumeration,
                               std::uint64_t bits) const {
  const std::string list = word_list(enumeration, bits);
  return list.empty() ? std::string(truth(false)) : fmt::format("{} IN ({})", column, list);
}

std::string FilterSql::verdict(VerdictField field, std::uint64_t bits) const {
  const auto word = [&](std::string_view name) { return word_in(of_row(name), name, bits); };
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
    case VerdictField::Provisional: {
      const std::string column = of_row("provisional");
      return (bits & 3) == 3   ? std::string(truth(true))
             : (bits & 2) != 0 ? (duckdb_ ? column : column + " = 1")
             : (bits & 1) != 0 ? fmt::format("(NOT {})", column)
                               : std::string(truth(false));
    }
    case VerdictField::Contradictions: {
      constexpr std::uint64_t kNone = std::uint64_t{1} << kContradictions.size();
      const std::string column = of_row("contradictions");
      const std::string sql = has_bits(column, bits & (kNone - 1));
      return (bits & kNone) != 0 ? fmt::format("({} OR {} = 0)", sql, column) : sql;
    }
  }
  return std::string(truth(false));
}

// The column's text as the log had it; '' for a row that does not have it.
std::string FilterSql::column_text(Field field) const {
  const std::string_view name = info(field).log_name;
  const StoredAs as = stored(field).as;
  if (as == StoredAs::Text)
    return duckdb_ ? fmt::format("{}.\"{}\"", info(stored(field).group).table, name)
                   : row_column(field);
  const std::string column = row_column(field);
  const std::string plain = as == StoredAs::Address    ? address_text_sql(dialect_, column)
                            : as == StoredAs::Protocol ? protocol_text_sql(dialect_, column)
                            : duckdb_                  ? column + "::VARCHAR"
                                                       : fmt::format("toString({})", column);
  const std::string known =
      as == StoredAs::Word
          ? fmt::format("CASE WHEN {} IN ('absent', 'unrecognized') THEN '' ELSE {} END", column,
                        plain)
          : plain;
  if (duckdb_) return fmt::format("coalesce({}, {}, '')", odd_text_of(field), known);
  return fmt::format("if({}, {}, ifNull({}, ''))", has_odd_text_sql(dialect_, name),
                     odd_text_of(field), known);
}

// A condition on a text of a group, as a condition on the row.
std::string FilterSql::in_group(Field field, const std::string& condition) const {
  if (!duckdb_) return condition;
  const StoredGroupInfo& group = info(stored(field).group);
  return fmt::format("r.{} IN (SELECT id FROM {} WHERE {})", group.id, group.table, condition);
}

std::string FilterSql::lowered(std::string_view text) const {
  return duckdb_ ? fmt::format("translate({}, '{}', '{}')", text, kUpper, kLower)
                 : fmt::format("lower({})", text);  // of ASCII only
}

std::string FilterSql::as_word(std::string_view text) const {
  return duckdb_ ? fmt::format("translate({}, '{} _', '{}--')", text, kUpper, kLower)
                 : fmt::format("replaceAll(replaceAll(lower({}), ' ', '-'), '_', '-')", text);
}

// `text` stands for the column's text. Case and the mark between the parts of a word are ignored
// for ASCII only, as the filter does for records.
std::string FilterSql::text_condition(std::string_view text, const FilterComparison& c,
                                      const FilterValue& value) const {
  if (value.kind == FilterValue::Kind::Empty) return fmt::format("{} = ''", text);
  if (c.op == FilterOp::Contains)
    return duckdb_
               ? fmt::format("contains({}, {})", lowered(text), sql_text(dialect_, value.text))
               : fmt::format("position({}, {}) > 0", lowered(text), sql_text(dialect_, value.text));
  if (value_class(c.subject) != ValueClass::Word)
    return fmt::format("{} = {}", text, sql_text(dialect_, value.text));
  std::string word = value.text;
  for (char& ch : word)
    ch = ch == ' ' || ch == '_' ? '-' : (ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch + 32) : ch);
  return fmt::format("{} = {}", as_word(text), sql_text(dialect_, word));
}

// `value` is put in brackets by whoever makes it more than a name or a call.
std::string FilterSql::between(const std::string& value, std::uint64_t low,
                               std::uint64_t high) const {
  if (low > high) return std::string(truth(false));
  if (low == high) return fmt::format("{} = {}", value, low);
  if (high == std::numeric_limits<std::uint64_t>::max())
    return low == 0 ? fmt::format("{} IS NOT NULL", value) : fmt::format("{} >= {}", value, low);
  return low == 0 ? fmt::format("{} <= {}", value, high)
                  : fmt::format("{} BETWEEN {} AND {}", value, low, high);
}

// The column as the filter counts it.
std::string FilterSql::number_of(Field field) const {
  const std::string column = row_column(field);
  if (field == Field::Repeatcnt)
    return fmt::format(
        "(CASE WHEN {0} = 0 THEN 1 WHEN {0} > 4294967295 THEN 4294967295 ELSE {0} END)", column);
  // A port that is none is still a number; those of the two ends are always ports.
  if (field == Field::Natsport || field == Field::Natdport)
    return fmt::format("coalesce({}{}, {})", column, duckdb_ ? "::UBIGINT" : "",
                       number_text_sql(dialect_, odd_text_of(field)));
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

std::string FilterSql::time_condition(const FilterComparison& c, const FilterTime& time,
                                      Field field) const {
  const bool own = c.subject.kind == FilterSubject::Kind::RecordTime;
  std::string column = own ? of_row("time") : row_column(field);
  if (!time.zoned)
    column = duckdb_ ? fmt::format("({} + to_minutes(r.zone_minutes::BIGINT))", column)
                     : fmt::format("({} + zone_minutes * 60000000)", column);
  const std::int64_t first = time.micros;
  const std::int64_t last = time.micros + time.span_micros - 1;
  const auto at = [this](std::int64_t micros) {
    return duckdb_ ? fmt::format("make_timestamp({}::BIGINT)", micros) : std::to_string(micros);
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
  return own ? fmt::format("({} AND {})", of_row("time_known"), sql) : sql;
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

std::string FilterSql::address(const IpAddress& value) const {
  if (duckdb_) return address_number(value);
  std::string hex;
  for (const std::uint8_t byte : value.bytes) hex += fmt::format("{:02X}", byte);
  return fmt::format("toFixedString(unhex('{}'), 16)", hex);
}

// IPv4 and IPv6 do not meet: the first are ::ffff:a.b.c.d, and a range is of one kind.
std::string FilterSql::address_condition(Field field,
                                         const std::vector<const FilterValue*>& values) const {
  const std::string column = row_column(field);
  std::string single;
  std::string ranges;
  for (const FilterValue* v : values) {
    if (v->range.first == v->range.last) {
      single += (single.empty() ? "" : ", ") + address(v->range.first);
    } else {
      ranges += fmt::format("{}{} BETWEEN {} AND {}", ranges.empty() ? "" : " OR ", column,
                            address(v->range.first), address(v->range.last));
    }
  }
  if (single.empty()) return "(" + ranges + ")";
  const std::string in = fmt::format("{} IN ({})", column, single);
  return ranges.empty() ? in : fmt::format("({} OR {})", in, ranges);
}

std::string FilterSql::empty_condition(Field field) const {
  switch (stored(field).as) {
    case StoredAs::Text:
      return in_group(field, fmt::format("\"{}\" = ''", info(field).log_name));
    case StoredAs::Word:
      return duckdb_
                 ? fmt::format("{} = 'absent'::{}_word", row_column(field), info(field).log_name)
                 : fmt::format("{} = 'absent'", row_column(field));
    default:
      return fmt::format("({} IS NULL AND NOT ({}))", row_column(field),
                         has_odd_text_sql(dialect_, info(field).log_name));
  }
}

std::string FilterSql::value_condition(const FilterComparison& c, const FilterValue& value,
                                       Field field) const {
  const StoredAs as = stored(field).as;
  const std::string group_column = fmt::format("\"{}\"", info(field).log_name);
  switch (value.kind) {
    case FilterValue::Kind::Empty:
      return empty_condition(field);
    case FilterValue::Kind::Text:
      return as == StoredAs::Text ? in_group(field, text_condition(group_column, c, value))
                                  : text_condition(column_text(field), c, value);
    case FilterValue::Kind::Word:
      return field == Field::App ? in_group(field, word_in("app_status", "app_status", value.bits))
                                 : word_in(row_column(field), info(field).log_name, value.bits);
    case FilterValue::Kind::Number: {
      const Bounds b = number_bounds(c.op, value.low, value.high);
      if (as != StoredAs::Text) return between(number_of(field), b.low, b.high);
      return in_group(field, between(number_text_sql(dialect_, group_column), b.low, b.high));
    }
    case FilterValue::Kind::Flags:
      return has_bits(row_column(field), value.bits);
    case FilterValue::Kind::Time:
      return time_condition(c, value.time, field);
    case FilterValue::Kind::Address:
      break;
  }
  return std::string(truth(false));
}

std::string FilterSql::side_condition(const FilterComparison& c, Field field) const {
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
  return sql.empty() ? std::string(truth(false)) : sql;
}

std::string FilterSql::comparison(const FilterComparison& c) const {
  switch (c.subject.kind) {
    case FilterSubject::Kind::Verdict: {
      std::uint64_t bits = 0;
      for (const FilterValue& value : c.values) bits |= value.bits;
      return verdict(c.subject.verdict, bits);
    }
    case FilterSubject::Kind::Engine: {
      // Rows of a log have nothing of the session engine.
      const bool empty = std::any_of(c.values.begin(), c.values.end(), [](const FilterValue& v) {
        return v.kind == FilterValue::Kind::Empty;
      });
      return std::string(truth(empty));
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
void FilterSql::append(std::string& out, const FilterNode& node, bool negated) const {
  switch (node.kind) {
    case FilterNode::Kind::Compare: {
      const FilterComparison& c = node.comparison;
      const bool opposite = c.op == FilterOp::Neq || c.op == FilterOp::Notin;
      const std::string sql = comparison(c);
      if (opposite) {
        out += fmt::format("(NOT {})", or_false(sql));
      } else {
        out += negated ? or_false(sql) : "(" + sql + ")";
      }
      return;
    }
    case FilterNode::Kind::Not:
      out += "(NOT ";
      append(out, node.children.front(), true);
      out += ')';
      return;
    case FilterNode::Kind::And:
    case FilterNode::Kind::Or: {
      const std::string_view joint = node.kind == FilterNode::Kind::And ? " AND " : " OR ";
      out += '(';
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        if (i > 0) out += joint;
        append(out, node.children[i], negated);
      }
      out += ')';
      return;
    }
  }
}

}  // namespace

std::string filter_sql(const FilterNode& root, SqlDialect dialect) {
  std::string out;
  FilterSql(dialect).append(out, root, false);
  return out;
}

}  // namespace endreason
