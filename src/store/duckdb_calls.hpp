// SPDX-License-Identifier: Apache-2.0
// The functions of DuckDB's C interface that this room calls. They are looked up in the library
// when a database is first opened: loading it takes milliseconds, which commands that need none are
// spared. Room store only. The names hide the header's own within the namespace, so code calls them
// as ever; one that is missing here is an undefined symbol for the linker.
#pragma once

#include <duckdb.h>

#include "base/loaded_library.hpp"
#include "base/result.hpp"

#define ENDREASON_DUCKDB_CALLS(CALL)            \
  CALL(duckdb_append_data_chunk)                \
  CALL(duckdb_append_uint32)                    \
  CALL(duckdb_append_varchar)                   \
  CALL(duckdb_append_varchar_length)            \
  CALL(duckdb_appender_column_type)             \
  CALL(duckdb_appender_create)                  \
  CALL(duckdb_appender_destroy)                 \
  CALL(duckdb_appender_end_row)                 \
  CALL(duckdb_appender_error)                   \
  CALL(duckdb_appender_flush)                   \
  CALL(duckdb_close)                            \
  CALL(duckdb_column_count)                     \
  CALL(duckdb_column_logical_type)              \
  CALL(duckdb_column_name)                      \
  CALL(duckdb_column_type)                      \
  CALL(duckdb_connect)                          \
  CALL(duckdb_create_config)                    \
  CALL(duckdb_create_data_chunk)                \
  CALL(duckdb_data_chunk_get_size)              \
  CALL(duckdb_data_chunk_get_vector)            \
  CALL(duckdb_data_chunk_set_size)              \
  CALL(duckdb_decimal_internal_type)            \
  CALL(duckdb_decimal_scale)                    \
  CALL(duckdb_destroy_config)                   \
  CALL(duckdb_destroy_data_chunk)               \
  CALL(duckdb_destroy_extracted)                \
  CALL(duckdb_destroy_logical_type)             \
  CALL(duckdb_destroy_pending)                  \
  CALL(duckdb_destroy_prepare)                  \
  CALL(duckdb_destroy_result)                   \
  CALL(duckdb_disconnect)                       \
  CALL(duckdb_enum_dictionary_value)            \
  CALL(duckdb_enum_internal_type)               \
  CALL(duckdb_execute_pending)                  \
  CALL(duckdb_extract_statements)               \
  CALL(duckdb_extract_statements_error)         \
  CALL(duckdb_fetch_chunk)                      \
  CALL(duckdb_free)                             \
  CALL(duckdb_get_type_id)                      \
  CALL(duckdb_hugeint_to_double)                \
  CALL(duckdb_interrupt)                        \
  CALL(duckdb_list_type_child_type)             \
  CALL(duckdb_list_vector_get_child)            \
  CALL(duckdb_open_ext)                         \
  CALL(duckdb_pending_error)                    \
  CALL(duckdb_pending_prepared_streaming)       \
  CALL(duckdb_prepare)                          \
  CALL(duckdb_prepare_error)                    \
  CALL(duckdb_prepare_extracted_statement)      \
  CALL(duckdb_prepared_statement_type)          \
  CALL(duckdb_query)                            \
  CALL(duckdb_result_error)                     \
  CALL(duckdb_rows_changed)                     \
  CALL(duckdb_set_config)                       \
  CALL(duckdb_string_t_data)                    \
  CALL(duckdb_string_t_length)                  \
  CALL(duckdb_validity_row_is_valid)            \
  CALL(duckdb_value_int64)                      \
  CALL(duckdb_vector_assign_string_element_len) \
  CALL(duckdb_vector_ensure_validity_writable)  \
  CALL(duckdb_vector_get_data)                  \
  CALL(duckdb_vector_get_validity)              \
  CALL(duckdb_vector_size)

namespace endreason {

ENDREASON_DUCKDB_CALLS(ENDREASON_DECLARE_CALL)

// Before the first call of any of them. Thread-safe; the library stays loaded.
Result<void> load_duckdb();

}  // namespace endreason
