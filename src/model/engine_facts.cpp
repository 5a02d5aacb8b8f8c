// SPDX-License-Identifier: Apache-2.0
#include "model/engine_facts.hpp"

namespace endreason {

std::optional<EngineColumn> find_engine_column(std::string_view name) {
  for (const EngineColumnInfo& row : kEngineColumns)
    if (row.log_name == name) return row.value;
  return std::nullopt;
}

}  // namespace endreason
