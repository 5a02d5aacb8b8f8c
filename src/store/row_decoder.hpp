// SPDX-License-Identifier: Apache-2.0
// RowDecoder: chunks of `traffic_rows` -> StoredRows, with the texts of their groups. The opposite
// of RowEncoder: a record comes back with the texts that it had. One thread; a decoder per query.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "store/duckdb_handle.hpp"
#include "store/odd_column.hpp"
#include "store/row_columns.hpp"
#include "store/store.hpp"

namespace endreason {

class RowDecoder {
 public:
  // The columns that a chunk has to have, in this order, for SELECT.
  static const std::string& select_list();
  // Fetches the texts of groups that the chunk names and that are not known yet.
  Result<void> learn_groups(duckdb_connection connection, duckdb_data_chunk chunk);
  void read(duckdb_data_chunk chunk, std::size_t row, StoredRow& out);

 private:
  struct Vector {
    const void* data;
    std::uint64_t* validity;
  };
  template <class T>
  T value(std::size_t column, std::size_t row) const {
    return static_cast<const T*>(vectors_[column].data)[row];
  }
  bool valid(std::size_t column, std::size_t row) const {
    const std::uint64_t* mask = vectors_[column].validity;
    return mask == nullptr || (mask[row / 64] >> row % 64 & 1) != 0;
  }
  std::string text(std::size_t column, std::size_t row) const;
  void look_at(duckdb_data_chunk chunk);
  void read_origin(std::size_t row, StoredRow& out) const;
  void read_verdict(std::size_t row, StoredRow& out) const;
  void read_groups(std::size_t row, TrafficRecord& record) const;
  void read_field(std::size_t column, std::size_t row, Field field, TrafficRecord& record) const;

  using Texts = std::vector<std::string>;
  std::array<std::unordered_map<std::uint32_t, Texts>, kStoredGroups.size()> groups_;
  std::array<Vector, kTableColumnCount> vectors_{};
  OddColumn odd_;  // of the last row
};

}  // namespace endreason
