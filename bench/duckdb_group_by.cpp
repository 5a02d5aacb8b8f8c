// SPDX-License-Identifier: Apache-2.0
// The peer: DuckDB reads the same CSV file and groups it by four columns, with one thread. It
// adds up five columns of numbers, whose types are checked by that, or only counts rows. Prints
// seconds, rows and groups. Usage: duckdb_group_by LIBDUCKDB.SO FILE [THREADS [sums|count]]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>

#include "duckdb_library.hpp"

using namespace endreason::bench;

namespace {

// repeatcnt, bytes, bytes_sent, bytes_received and packets, as columns of the log.
constexpr int kSummed[] = {24, 32, 33, 34, 35};

// No header and nothing guessed. Subtype, application, action and end reason are columns 5, 15, 31
// and 47. All columns are text but those that are added up.
std::string group_by_sql(const std::string& file, bool sums) {
  std::string columns;
  for (int i = 1; i <= 117; ++i) {
    const bool number =
        sums && std::find(std::begin(kSummed), std::end(kSummed), i) != std::end(kSummed);
    columns +=
        (i > 1 ? ", 'c" : "'c") + std::to_string(i) + (number ? "': 'UBIGINT'" : "': 'VARCHAR'");
  }
  std::string added;
  for (const int i : kSummed)
    if (sums) added += ", sum(c" + std::to_string(i) + ")";
  return "SELECT c5, c15, c31, c47, count(*) AS n" + added + " FROM read_csv('" + file +
         "', header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
         "columns = {" +
         columns + "}) GROUP BY c5, c15, c31, c47 ORDER BY n DESC";
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "duckdb_group_by LIBDUCKDB.SO FILE [THREADS [sums|count]]\n");
    return 2;
  }
  const Duckdb duckdb = Duckdb::of_file(arguments[1]);
  Handle database = nullptr;
  Handle connection = nullptr;
  if (duckdb.open(nullptr, &database) != 0 || duckdb.connect(database, &connection) != 0) {
    std::fprintf(stderr, "duckdb_group_by: no database could be opened in memory\n");
    return 3;
  }
  QueryResult result{};
  const std::string threads = count > 3 ? arguments[3] : "1";
  const bool sums = count <= 4 || std::string(arguments[4]) != "count";
  duckdb.run(connection, "SET threads = " + threads);

  const auto begin = std::chrono::steady_clock::now();
  duckdb.run(connection, group_by_sql(arguments[2], sums), result);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const std::uint64_t groups = duckdb.row_count(&result);
  std::int64_t rows = 0;
  for (std::uint64_t i = 0; i < groups; ++i) rows += duckdb.value(&result, 4, i);
  std::printf("%.3f\trows=%lld groups=%llu\n", took.count(), static_cast<long long>(rows),
              static_cast<unsigned long long>(groups));
  duckdb.destroy(&result);
  std::fflush(stdout);
  std::_Exit(0);  // the library's threads need not be taken down in order
}
