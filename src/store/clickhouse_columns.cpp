// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse_columns.hpp"

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "model/stored_sql.hpp"
#include "model/stored_words.hpp"

namespace endreason {
namespace {

using Holds = ClickhouseColumn::Holds;

std::string enumeration(std::string_view name) {
  std::string words;
  const auto& all = stored_words(name);
  for (std::size_t i = 0; i < all.size(); ++i)
    words += fmt::format("{}'{}' = {}", i == 0 ? "" : ", ", all[i], i);
  return "Enum8(" + words + ")";
}

struct TypeOf {
  std::string_view name;
  unsigned width;
};
TypeOf type_of(ColumnType type) {
  switch (type) {
    case ColumnType::Bool:
    case ColumnType::U8:
      return {"UInt8", 1};
    case ColumnType::U16:
      return {"UInt16", 2};
    case ColumnType::I16:
      return {"Int16", 2};
    case ColumnType::U32:
      return {"UInt32", 4};
    case ColumnType::U64:
      return {"UInt64", 8};
    case ColumnType::I64:
    case ColumnType::Timestamp:  // microseconds: 18.16 has no finer type of time than seconds
      return {"Int64", 8};
    case ColumnType::U128:
      return {"FixedString(16)", 16};  // in the order of the network
    case ColumnType::Word:
      return {"", 1};
    case ColumnType::Text:
      break;
  }
  return {"String", 0};
}

ClickhouseColumn of_row(const RowColumnInfo& c) {
  const TypeOf type = type_of(c.type);
  if (c.value == RowColumn::Sender)
    return {"sender", "String", Holds::Sender, c.value, {}, 0, false};
  ClickhouseColumn made{
      std::string(c.name), std::string(type.name), Holds::OfRow, c.value, {}, type.width, false};
  if (c.value == RowColumn::Id) made.type = "UInt64";
  if (c.type == ColumnType::Word) made.type = enumeration(c.words);
  return made;
}

ClickhouseColumn of_log(const FieldInfo& f) {
  const StoredAs as = stored(f.value).as;
  const TypeOf type = type_of(column_type(as));
  ClickhouseColumn made{std::string(f.log_name),
                        std::string(type.name),
                        Holds::OfLog,
                        {},
                        f.value,
                        type.width,
                        false};
  if (as == StoredAs::Word) {
    made.type = enumeration(f.log_name);
  } else if (as != StoredAs::Text) {
    made.type = "Nullable(" + made.type + ")";
    made.nullable = true;
  }
  return made;
}

// Types of newer servers that hold the same values in less room.
std::string type_for(const ClickhouseColumn& c, const ClickhouseFeatures& features) {
  const bool many = c.name == "odd" || c.name == "raw";
  if (c.width == 0 && !many && features.low_cardinality()) return "LowCardinality(String)";
  if (!features.codecs()) return c.type;
  if (c.name == "id" || c.name == "time" || c.name == "received")
    return c.type + " CODEC(Delta, LZ4)";
  return c.type;
}

// A column as the log had it, or a value of its own type where that is of more use.
std::string view_column(const FieldInfo& f) {
  constexpr SqlDialect kOurs = SqlDialect::ClickHouse;
  const std::string name = fmt::format("\"{}\"", f.log_name);
  switch (stored(f.value).as) {
    case StoredAs::Text:
      return fmt::format("{0} AS {0}", name);
    case StoredAs::Word:
      return fmt::format("if({}, {}, toString({})) AS {}", has_odd_text_sql(kOurs, f.log_name),
                         odd_text_sql(kOurs, f.log_name), name, name);
    case StoredAs::Address:
      return fmt::format("{} AS {}", address_text_sql(kOurs, name), name);
    case StoredAs::Protocol:
      return fmt::format("{} AS {}", protocol_text_sql(kOurs, name), name);
    case StoredAs::Time:
      return fmt::format("toDateTime(intDiv({0}, 1000000)) AS {0}", name);
    default:
      return fmt::format("{0} AS {0}", name);
  }
}

std::string traffic_view(const ClickhousePlace& place) {
  std::string columns = "id, time AS time_micros";
  for (const FieldInfo& f : kFields) columns += ", " + view_column(f);
  for (const RowColumn c : {RowColumn::FinalAction, RowColumn::DecidedBy, RowColumn::Outcome,
                            RowColumn::EndedBy, RowColumn::ReasonCode, RowColumn::Confidence,
                            RowColumn::Provisional, RowColumn::Contradictions, RowColumn::Sessions,
                            RowColumn::Format, RowColumn::Partial, RowColumn::Odd, RowColumn::Raw})
    columns += fmt::format(", {}", info(c).name);
  columns += ", toDateTime(intDiv(received, 1000000)) AS received, sender";
  return fmt::format("CREATE VIEW IF NOT EXISTS {0}.traffic AS SELECT {1} FROM {0}.traffic_rows",
                     place.database, columns);
}

}  // namespace

const std::vector<ClickhouseColumn>& clickhouse_columns() {
  static const std::vector<ClickhouseColumn> all = [] {
    std::vector<ClickhouseColumn> made;
    for (const RowColumnInfo& c : kRowColumns) made.push_back(of_row(c));
    made.push_back({"session_key", "UInt64", Holds::SessionKey, {}, {}, 8, false});
    made.push_back({"app_status", enumeration("app_status"), Holds::AppStatus, {}, {}, 1, false});
    for (const FieldInfo& f : kFields) made.push_back(of_log(f));
    return made;
  }();
  return all;
}

ClickhouseFeatures features_of(std::string_view version) {
  std::uint64_t numbers[2] = {0, 0};
  for (std::uint64_t& number : numbers) {
    const std::size_t end = std::min(version.find('.'), version.size());
    static_cast<void>(parse_decimal(version.substr(0, end), number));
    version.remove_prefix(std::min(end + 1, version.size()));
  }
  return {static_cast<unsigned>(numbers[0]), static_cast<unsigned>(numbers[1])};
}

std::string clickhouse_local_table(const ClickhousePlace& place) {
  return place.database + (place.cluster.empty() ? ".traffic_rows" : ".traffic_rows_here");
}

std::vector<std::string> clickhouse_schema(const ClickhousePlace& place,
                                           const ClickhouseFeatures& features) {
  std::string columns;
  for (const ClickhouseColumn& c : clickhouse_columns())
    columns +=
        fmt::format("{}\"{}\" {}", columns.empty() ? "" : ", ", c.name, type_for(c, features));
  // A day of the row's own time is a partition; within it the newest are found by their time.
  const std::string order =
      "PARTITION BY intDiv(time, toInt64(86400000000)) ORDER BY (time, id) SETTINGS "
      "index_granularity = 8192";
  std::vector<std::string> made{"CREATE DATABASE IF NOT EXISTS " + place.database};
  if (place.cluster.empty()) {
    made.push_back(fmt::format("CREATE TABLE IF NOT EXISTS {} ({}) ENGINE = MergeTree {}",
                               clickhouse_local_table(place), columns, order));
  } else {
    // What the window forgets, a node that comes back finds by the numbers of its rows.
    made.push_back(fmt::format(
        "CREATE TABLE IF NOT EXISTS {} ({}) ENGINE = "
        "ReplicatedMergeTree('/clickhouse/tables/{}/{}/traffic_rows', '{}') {}, "
        "replicated_deduplication_window = 10000",
        clickhouse_local_table(place), columns, place.database, place.shard, place.replica, order));
    made.push_back(fmt::format(
        "CREATE TABLE IF NOT EXISTS {0}.traffic_rows ({1}) ENGINE = Distributed({2}, {0}, "
        "traffic_rows_here, session_key)",
        place.database, columns, place.cluster));
  }
  made.push_back(traffic_view(place));
  return made;
}

}  // namespace endreason
