// SPDX-License-Identifier: Apache-2.0
// The overview's answer from DuckDB: what is asked is added up once into small temporary tables,
// from the roll-ups where the question allows it, and every ranking is made from those. Room store
// only; one connection, one thread.
#pragma once

#include "base/result.hpp"
#include "store/duckdb_handle.hpp"
#include "store/overview_question.hpp"

namespace endreason {

// `rolled_up`: the database has roll-ups.
Result<OverviewAnswer> answer_overview(duckdb_connection connection,
                                       const OverviewQuestion& question, bool rolled_up);

}  // namespace endreason
