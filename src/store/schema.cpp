// SPDX-License-Identifier: Apache-2.0
#include "store/schema.hpp"

#include <array>

#include <fmt/format.h>

#include "model/stored_words.hpp"
#include "model/verdict.hpp"
#include "store/rollups.hpp"

namespace endreason {
namespace {

std::string_view plain_type(ColumnType type) {
  switch (type) {
    case ColumnType::Bool:
      return "BOOLEAN";
    case ColumnType::U8:
      return "UTINYINT";
    case ColumnType::U16:
      return "USMALLINT";
    case ColumnType::I16:
      return "SMALLINT";
    case ColumnType::U32:
      return "UINTEGER";
    case ColumnType::U64:
      return "UBIGINT";
    case ColumnType::I64:
      return "BIGINT";
    case ColumnType::U128:
      return "UHUGEINT";
    case ColumnType::Timestamp:
      return "TIMESTAMP";
    case ColumnType::Text:
    case ColumnType::Word:
      break;
  }
  return "VARCHAR";
}

std::string enumeration_statement(const StoredWords& e) {
  std::string words;
  for (const std::string& word : e.words)
    words += fmt::format("{}'{}'", words.empty() ? "" : ", ", word);
  return fmt::format("CREATE TYPE {}_word AS ENUM ({})", e.name, words);
}

std::string rows_statement() {
  std::string columns;
  for (const RowColumnInfo& c : kRowColumns)
    columns += fmt::format("{}\"{}\" {}", columns.empty() ? "" : ", ", c.name, type_name(c));
  for (const StoredGroupInfo& g : kStoredGroups) columns += fmt::format(", \"{}\" UINTEGER", g.id);
  for (const Field f : kTypedFields)
    columns += fmt::format(", \"{}\" {}", info(f).log_name, type_name(stored(f)));
  return "CREATE TABLE traffic_rows (" + columns + ")";
}

std::string group_statement(const StoredGroupInfo& group) {
  std::string columns = "\"id\" UINTEGER";
  for (const Field f : fields_of(group.value))
    columns += fmt::format(", \"{}\" VARCHAR", info(f).log_name);
  if (group.value == StoredGroup::Application) columns += ", \"app_status\" app_status_word";
  return fmt::format("CREATE TABLE {} ({})", group.table, columns);
}

// A column as the log had it, or a value of its own type where that is of more use.
std::string view_column(const FieldInfo& f) {
  const StoredColumn& column = stored(f.value);
  switch (column.as) {
    case StoredAs::Text:
      return fmt::format("nullif({}.\"{}\", '') AS \"{}\"", info(column.group).table, f.log_name,
                         f.log_name);
    case StoredAs::Word:
      return fmt::format(
          "coalesce(odd_text(r.odd, '{0}'), nullif(r.\"{0}\"::VARCHAR, 'absent')) AS "
          "\"{0}\"",
          f.log_name);
    case StoredAs::Address:
      return fmt::format("address_text(r.\"{0}\") AS \"{0}\"", f.log_name);
    case StoredAs::Protocol:
      return fmt::format("protocol_text(r.\"{0}\") AS \"{0}\"", f.log_name);
    default:
      return fmt::format("r.\"{}\"", f.log_name);
  }
}

std::vector<std::string> macros() {
  std::string words;
  for (const auto& row : kContradictions)
    words += fmt::format("{}CASE WHEN bits & {} <> 0 THEN '{}' END", words.empty() ? "" : ", ",
                         1u << static_cast<unsigned>(row.value), row.log_name);
  return {
      // What the filter language takes for a number.
      "CREATE MACRO number_text(t) AS CASE WHEN regexp_full_match(t, "
      "'[0-9]{1,20}|0[xX][0-9a-fA-F]{1,16}') THEN TRY_CAST(t AS UBIGINT) END",
      "CREATE MACRO odd_text(odd, name) AS json_extract_string(odd, '$.\"' || name || '\"')",
      "CREATE MACRO hex_group(a, unit) AS lower(to_hex(((a // unit::UHUGEINT) % 65536)::UBIGINT))",
      // ::ffff:a.b.c.d is between these two.
      "CREATE MACRO is_v4(a) AS a BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT",
      "CREATE MACRO address_text(a) AS CASE WHEN a IS NULL THEN NULL WHEN is_v4(a) THEN "
      "concat_ws('.', ((a // 16777216) % 256)::INTEGER, ((a // 65536) % 256)::INTEGER, "
      "((a // 256) % 256)::INTEGER, (a % 256)::INTEGER) ELSE concat_ws(':', "
      "hex_group(a, 5192296858534827628530496329220096),"
      " hex_group(a, 79228162514264337593543950336),"
      " hex_group(a, 1208925819614629174706176),"
      " hex_group(a, 18446744073709551616),"
      " hex_group(a, 281474976710656),"
      " hex_group(a, 4294967296),"
      " hex_group(a, 65536),"
      " hex_group(a, 1)) END",
      "CREATE MACRO protocol_text(p) AS CASE p WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN "
      "'udp' WHEN 58 THEN 'ipv6-icmp' WHEN 132 THEN 'sctp' ELSE p::VARCHAR END",
      "CREATE MACRO contradiction_words(bits) AS list_filter([" + words + "], x -> x IS NOT NULL)",
  };
}

}  // namespace

std::string traffic_select() {
  std::string columns = "r.id, r.time";
  for (const FieldInfo& f : kFields) columns += ", " + view_column(f);
  for (const RowColumn c : {RowColumn::FinalAction, RowColumn::Outcome, RowColumn::EndedBy,
                            RowColumn::ReasonCode, RowColumn::Confidence, RowColumn::Provisional})
    columns += fmt::format(", r.{}", info(c).name);
  columns += ", nullif(r.decided_by::VARCHAR, 'none') AS decided_by";
  columns += ", contradiction_words(r.contradictions) AS contradictions";
  columns += ", r.sessions, r.received, senders.name AS sender, r.format, r.partial, r.odd, r.raw";
  std::string joins;
  for (const StoredGroupInfo& g : kStoredGroups)
    joins += fmt::format(" LEFT JOIN {0} ON r.{1} = {0}.id", g.table, g.id);
  joins += " LEFT JOIN senders ON r.sender_id = senders.id";
  return "SELECT " + columns + " FROM traffic_rows r" + joins;
}

std::string type_name(const RowColumnInfo& column) {
  if (column.type == ColumnType::Word) return std::string(column.words) + "_word";
  return std::string(plain_type(column.type));
}

std::string type_name(const StoredColumn& column) {
  if (column.as == StoredAs::Word) return std::string(info(column.value).log_name) + "_word";
  return std::string(plain_type(column_type(column.as)));
}

std::span<const Field> fields_of(StoredGroup group) {
  static const auto fields = [] {
    std::array<std::vector<Field>, kStoredGroups.size()> all;
    for (const StoredColumn& c : kStoredColumns)
      if (c.as == StoredAs::Text) all[static_cast<std::size_t>(c.group)].push_back(c.value);
    return all;
  }();
  return fields[static_cast<std::size_t>(group)];
}

std::vector<std::string> schema_statements() {
  std::vector<std::string> statements;
  for (const StoredWords& e : stored_words()) statements.push_back(enumeration_statement(e));
  statements.push_back(rows_statement());
  for (const StoredGroupInfo& g : kStoredGroups) statements.push_back(group_statement(g));
  statements.emplace_back("CREATE TABLE senders (id USMALLINT, name VARCHAR)");
  statements.emplace_back("CREATE TABLE store_state (name VARCHAR, value UBIGINT)");
  for (std::string& statement : rollup_schema()) statements.push_back(std::move(statement));
  for (std::string& macro : macros()) statements.push_back(std::move(macro));
  statements.push_back("CREATE VIEW traffic AS " + traffic_select());
  return statements;
}

}  // namespace endreason
