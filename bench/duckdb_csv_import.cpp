// SPDX-License-Identifier: Apache-2.0
// The peer: DuckDB imports the same CSV file into a table of a new database, all 117 columns, those
// that the store keeps as numbers and times as such, the rest as text. Until it is on the disk.
// Prints seconds and rows. Usage: duckdb_csv_import LIBDUCKDB.SO FILE DATABASE THREADS
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "duckdb_library.hpp"

using namespace endreason::bench;

namespace {

struct TypedColumn {
  int number;  // of the log, from 1
  std::string_view type;
};
constexpr TypedColumn kTyped[] = {
    {2, "TIMESTAMP"},  {7, "TIMESTAMP"},  {23, "UBIGINT"},   {24, "UBIGINT"}, {25, "USMALLINT"},
    {26, "USMALLINT"}, {27, "USMALLINT"}, {28, "USMALLINT"}, {32, "UBIGINT"}, {33, "UBIGINT"},
    {34, "UBIGINT"},   {35, "UBIGINT"},   {36, "TIMESTAMP"}, {37, "UBIGINT"}, {40, "UBIGINT"},
    {45, "UBIGINT"},   {46, "UBIGINT"},
};

std::string import_sql(const std::string& file) {
  std::string columns;
  for (int i = 1; i <= 117; ++i) {
    std::string_view type = "VARCHAR";
    for (const TypedColumn& typed : kTyped)
      if (typed.number == i) type = typed.type;
    columns += (i > 1 ? ", 'c" : "'c") + std::to_string(i) + "': '" + std::string(type) + "'";
  }
  return "CREATE TABLE traffic AS SELECT * FROM read_csv('" + file +
         "', header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
         "timestampformat = '%Y/%m/%d %H:%M:%S', columns = {" +
         columns + "})";
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "duckdb_csv_import LIBDUCKDB.SO FILE DATABASE THREADS\n");
    return 2;
  }
  const Duckdb duckdb = Duckdb::of_file(arguments[1]);
  Handle database = nullptr;
  Handle connection = nullptr;
  if (duckdb.open(arguments[3], &database) != 0 || duckdb.connect(database, &connection) != 0) {
    std::fprintf(stderr, "duckdb_csv_import: %s cannot be opened\n", arguments[3]);
    return 3;
  }
  duckdb.run(connection, std::string("SET threads = ") + arguments[4]);
  duckdb.run(connection, "SET preserve_insertion_order = false");
  const auto begin = std::chrono::steady_clock::now();
  duckdb.run(connection, import_sql(arguments[2]));
  duckdb.run(connection, "CHECKPOINT");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  QueryResult result{};
  duckdb.run(connection, "SELECT count(*) FROM traffic", result);
  std::printf("%.3f\trows=%lld\n", took.count(),
              static_cast<long long>(duckdb.value(&result, 0, 0)));
  duckdb.destroy(&result);
  duckdb.disconnect(&connection);
  duckdb.close(&database);
  return 0;
}
