// SPDX-License-Identifier: Apache-2.0
// A query's answer -> Table, and the check that a statement of a user only reads. Room store only.
#pragma once

#include <string>

#include "base/result.hpp"
#include "store/duckdb_handle.hpp"
#include "store/rollups.hpp"
#include "store/store.hpp"

namespace endreason {

Result<Table> read_table(DuckResult& result, std::uint64_t rows_max);

// How far rows are rolled up, as the connection's transaction sees it.
Result<RollupState> read_rollup_state(duckdb_connection connection);

// One statement that selects; anything else (EXPLAIN ANALYZE runs what it explains) is an error
// that says so.
Result<void> check_one_select(duckdb_connection connection, const std::string& sql);

}  // namespace endreason
