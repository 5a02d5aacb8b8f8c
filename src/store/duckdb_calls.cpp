// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb_calls.hpp"

namespace endreason {

Result<void> load_duckdb() {
  static const Result<void> loaded = load_functions({ENDREASON_DUCKDB_FILE}, "the database",
                                                    {ENDREASON_DUCKDB_CALLS(ENDREASON_FIND_CALL)});
  return loaded;
}

}  // namespace endreason
