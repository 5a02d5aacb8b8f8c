// SPDX-License-Identifier: Apache-2.0
#include "store/result_table.hpp"

#include <cmath>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "model/odd_texts.hpp"

namespace endreason {
namespace {

struct Vector {
  duckdb_vector vector;
  duckdb_logical_type type;
  duckdb_type id;
};

template <class T>
T at(duckdb_vector v, std::size_t row) {
  return static_cast<const T*>(duckdb_vector_get_data(v))[row];
}

bool is_null(duckdb_vector v, std::size_t row) {
  std::uint64_t* mask = duckdb_vector_get_validity(v);
  return mask != nullptr && !duckdb_validity_row_is_valid(mask, row);
}

std::string text_at(duckdb_vector v, std::size_t row) {
  auto* data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(v));
  return as_bytes({duckdb_string_t_data(&data[row]), duckdb_string_t_length(data[row])});
}

std::string time_text(std::int64_t micros) {
  std::string out;
  append_rfc3339(out,
                 ZonedTime{micros, 0, static_cast<std::uint8_t>(micros % 1'000'000 == 0 ? 0 : 6)});
  return out;
}

// Sums are 128 bits wide; hardly any needs them.
Cell wide_number(duckdb_hugeint v) {
  if (v.upper == 0) return v.lower;
  if (v.upper == -1 && (v.lower >> 63) != 0) return static_cast<std::int64_t>(v.lower);
  return duckdb_hugeint_to_double(v);
}

std::string word_at(const Vector& v, std::size_t row) {
  std::uint64_t index = 0;
  switch (duckdb_enum_internal_type(v.type)) {
    case DUCKDB_TYPE_UTINYINT:
      index = at<std::uint8_t>(v.vector, row);
      break;
    case DUCKDB_TYPE_USMALLINT:
      index = at<std::uint16_t>(v.vector, row);
      break;
    default:
      index = at<std::uint32_t>(v.vector, row);
  }
  char* word = duckdb_enum_dictionary_value(v.type, index);
  std::string out = word;
  duckdb_free(word);
  return out;
}

Cell decimal_at(const Vector& v, std::size_t row) {
  double value = 0;
  switch (duckdb_decimal_internal_type(v.type)) {
    case DUCKDB_TYPE_SMALLINT:
      value = at<std::int16_t>(v.vector, row);
      break;
    case DUCKDB_TYPE_INTEGER:
      value = at<std::int32_t>(v.vector, row);
      break;
    case DUCKDB_TYPE_BIGINT:
      value = static_cast<double>(at<std::int64_t>(v.vector, row));
      break;
    default:
      value = duckdb_hugeint_to_double(at<duckdb_hugeint>(v.vector, row));
  }
  return value / std::pow(10.0, duckdb_decimal_scale(v.type));
}

// The texts of a list, with commas between them.
std::string list_at(const Vector& v, std::size_t row) {
  const auto entry = at<duckdb_list_entry>(v.vector, row);
  const duckdb_vector items = duckdb_list_vector_get_child(v.vector);
  std::string out;
  for (std::size_t i = 0; i < entry.length; ++i) {
    if (is_null(items, entry.offset + i)) continue;
    if (!out.empty()) out += ',';
    out += text_at(items, entry.offset + i);
  }
  return out;
}

bool is_list_of_texts(duckdb_logical_type type) {
  if (duckdb_get_type_id(type) != DUCKDB_TYPE_LIST) return false;
  const DuckType item(duckdb_list_type_child_type(type));
  return duckdb_get_type_id(item.get()) == DUCKDB_TYPE_VARCHAR;
}

bool readable(duckdb_type id) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_ENUM:
    case DUCKDB_TYPE_SQLNULL:
      return true;
    default:
      return false;
  }
}

Cell cell_at(const Vector& v, std::size_t row) {
  if (v.id == DUCKDB_TYPE_SQLNULL || is_null(v.vector, row)) return std::monostate{};
  switch (v.id) {
    case DUCKDB_TYPE_BOOLEAN:
      return at<bool>(v.vector, row);
    case DUCKDB_TYPE_TINYINT:
      return std::int64_t{at<std::int8_t>(v.vector, row)};
    case DUCKDB_TYPE_SMALLINT:
      return std::int64_t{at<std::int16_t>(v.vector, row)};
    case DUCKDB_TYPE_INTEGER:
      return std::int64_t{at<std::int32_t>(v.vector, row)};
    case DUCKDB_TYPE_BIGINT:
      return at<std::int64_t>(v.vector, row);
    case DUCKDB_TYPE_UTINYINT:
      return std::uint64_t{at<std::uint8_t>(v.vector, row)};
    case DUCKDB_TYPE_USMALLINT:
      return std::uint64_t{at<std::uint16_t>(v.vector, row)};
    case DUCKDB_TYPE_UINTEGER:
      return std::uint64_t{at<std::uint32_t>(v.vector, row)};
    case DUCKDB_TYPE_UBIGINT:
      return at<std::uint64_t>(v.vector, row);
    case DUCKDB_TYPE_HUGEINT:
      return wide_number(at<duckdb_hugeint>(v.vector, row));
    case DUCKDB_TYPE_FLOAT:
      return static_cast<double>(at<float>(v.vector, row));
    case DUCKDB_TYPE_DOUBLE:
      return at<double>(v.vector, row);
    case DUCKDB_TYPE_DECIMAL:
      return decimal_at(v, row);
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return time_text(at<std::int64_t>(v.vector, row));
    case DUCKDB_TYPE_DATE:
      return time_text(std::int64_t{at<std::int32_t>(v.vector, row)} * 86'400'000'000)
          .substr(0, 10);
    case DUCKDB_TYPE_ENUM:
      return word_at(v, row);
    case DUCKDB_TYPE_LIST:
      return list_at(v, row);
    default:
      return text_at(v.vector, row);
  }
}

std::string type_text(duckdb_type id) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
      return "boolean";
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_ENUM:
    case DUCKDB_TYPE_LIST:
      return "text";
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_DATE:
      return "time";
    default:
      return "number";
  }
}

}  // namespace

Result<Table> read_table(DuckResult& result, std::uint64_t rows_max) {
  Table table;
  const std::size_t columns = duckdb_column_count(result.get());
  std::vector<DuckType> types;
  for (std::size_t c = 0; c < columns; ++c) {
    const duckdb_type id = duckdb_column_type(result.get(), c);
    const std::string name = duckdb_column_name(result.get(), c);
    types.emplace_back(duckdb_column_logical_type(result.get(), c));
    if (!readable(id) && !is_list_of_texts(types.back().get()))
      return fail(
          Error::Code::Input,
          fmt::format("column {} has a type that is not given out; write {}::VARCHAR", name, name));
    table.columns.push_back({name, type_text(id)});
  }
  while (true) {
    const DuckChunk part(duckdb_fetch_chunk(*result.get()));
    if (!part) return table;
    const std::size_t n = duckdb_data_chunk_get_size(part.get());
    for (std::size_t row = 0; row < n; ++row) {
      if (table.rows.size() == rows_max) {
        table.truncated = true;
        return table;
      }
      auto& cells = table.rows.emplace_back();
      for (std::size_t c = 0; c < columns; ++c)
        cells.push_back(cell_at({duckdb_data_chunk_get_vector(part.get(), c), types[c].get(),
                                 duckdb_get_type_id(types[c].get())},
                                row));
    }
  }
}

Result<RollupState> read_rollup_state(duckdb_connection connection) {
  auto found = run_sql(connection, "SELECT next_id FROM rollup_state ORDER BY level");
  if (!found) return tl::unexpected(found.error());
  RollupState state{};
  for (std::size_t level = 0; level < state.size(); ++level)
    state[level] = static_cast<std::uint64_t>(duckdb_value_int64(found->get(), 0, level));
  return state;
}

Result<void> check_one_select(duckdb_connection connection, const std::string& sql) {
  duckdb_extracted_statements statements = nullptr;
  const idx_t n = duckdb_extract_statements(connection, sql.c_str(), &statements);
  Result<void> answer;
  if (n == 0) {
    const char* why = duckdb_extract_statements_error(statements);
    answer = fail(Error::Code::Input, why != nullptr ? why : "no statement was given");
  } else if (n > 1) {
    answer = fail(Error::Code::Input, "one statement at a time");
  } else {
    DuckStatement statement;
    if (duckdb_prepare_extracted_statement(connection, statements, 0, statement.out()) !=
        DuckDBSuccess) {
      const char* why = duckdb_prepare_error(statement.get());
      answer = fail(Error::Code::Input, why != nullptr ? why : "the statement cannot be prepared");
    } else {
      const auto type = duckdb_prepared_statement_type(statement.get());
      if (type != DUCKDB_STATEMENT_TYPE_SELECT)
        answer = fail(Error::Code::Input, "only statements that read are run: SELECT, WITH, FROM");
    }
  }
  duckdb_destroy_extracted(&statements);
  return answer;
}

}  // namespace endreason
