// SPDX-License-Identifier: Apache-2.0
// What a node of ClickHouse has committed, and what it began to commit, in a file beside its spool:
// the place in the spool means something there alone. Written anew as a whole and then renamed, and
// the disk is asked to keep it, so a killed process finds the one or the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/store.hpp"

namespace endreason {

struct ClickhouseState {
  std::uint64_t next_id = 1;  // of the rows
  StoreState state;
  std::vector<std::string> senders;
  // Rows next_id to `next_id` of the begun commit, without the last, may be stored.
  struct Begun {
    std::uint64_t next_id{};
    StoreState state;
  };
  std::optional<Begun> begun;
};

// Nothing when there is no file yet.
Result<std::optional<ClickhouseState>> read_clickhouse_state(const std::string& path);
Result<void> write_clickhouse_state(const std::string& path, const ClickhouseState& state);

}  // namespace endreason
