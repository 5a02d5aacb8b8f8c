// SPDX-License-Identifier: Apache-2.0
// The table traffic_rows in ClickHouse: all of a row in one place, its columns in order, with their
// types; and the statements that make it. Constant once built. Room store only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/stored_column.hpp"
#include "store/row_columns.hpp"

namespace endreason {

// What of a row stands in a column.
struct ClickhouseColumn {
  enum class Holds : std::uint8_t { OfRow, OfLog, Sender, AppStatus, SessionKey };
  std::string name;
  std::string type;  // as 18.16 knows it
  Holds holds{};
  RowColumn row{};
  Field field{};
  unsigned width{};  // bytes of a value; 0: a text
  bool nullable = false;
};
const std::vector<ClickhouseColumn>& clickhouse_columns();

// What a server knows, by its version.
struct ClickhouseFeatures {
  unsigned major{}, minor{};
  bool at_least(unsigned a, unsigned b) const { return major > a || (major == a && minor >= b); }
  bool low_cardinality() const { return at_least(19, 11); }
  bool codecs() const { return at_least(19, 11); }
  bool many_partitions_setting() const { return at_least(19, 4); }
};
ClickhouseFeatures features_of(std::string_view version);  // "18.16.1"

struct ClickhousePlace {
  std::string database;
  std::string cluster;  // empty: one server
  std::uint64_t shard{};
  std::string replica;
};
// Everything that is not there yet is made; what is there is left.
std::vector<std::string> clickhouse_schema(const ClickhousePlace& place,
                                           const ClickhouseFeatures& features);

// The table that rows are written to, and the one that is read.
std::string clickhouse_local_table(const ClickhousePlace& place);

}  // namespace endreason
