// SPDX-License-Identifier: Apache-2.0
// The peer: DuckDB reads the same CSV file and groups it by four columns, with one thread. It
// adds up five columns of numbers, whose types are checked by that, or only counts rows. The
// library is loaded at run time and its few C functions are declared here, so that no header of it
// is needed. Prints seconds, rows and groups. Usage: duckdb_group_by LIBDUCKDB.SO FILE [THREADS
// [sums|count]]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>

#include <dlfcn.h>

namespace {

// The C interface as DuckDB documents it: opaque handles, 0 for success. The result is a struct of
// six words whose members are deprecated; it is only handed on.
using Handle = void*;
struct QueryResult {
  std::uint64_t words[8];
};

template <class Function>
Function* function_named(void* library, const char* name) {
  void* const found = ::dlsym(library, name);
  if (found == nullptr) {
    std::fprintf(stderr, "duckdb_group_by: the library has no %s\n", name);
    std::exit(3);
  }
  return reinterpret_cast<Function*>(found);
}

struct Duckdb {
  explicit Duckdb(void* library)
      : open(function_named<int(const char*, Handle*)>(library, "duckdb_open")),
        connect(function_named<int(Handle, Handle*)>(library, "duckdb_connect")),
        query(function_named<int(Handle, const char*, QueryResult*)>(library, "duckdb_query")),
        error(function_named<const char*(QueryResult*)>(library, "duckdb_result_error")),
        row_count(function_named<std::uint64_t(QueryResult*)>(library, "duckdb_row_count")),
        value(function_named<std::int64_t(QueryResult*, std::uint64_t, std::uint64_t)>(
            library, "duckdb_value_int64")),
        destroy(function_named<void(QueryResult*)>(library, "duckdb_destroy_result")) {}

  int (*open)(const char*, Handle*);
  int (*connect)(Handle, Handle*);
  int (*query)(Handle, const char*, QueryResult*);
  const char* (*error)(QueryResult*);
  std::uint64_t (*row_count)(QueryResult*);
  std::int64_t (*value)(QueryResult*, std::uint64_t, std::uint64_t);
  void (*destroy)(QueryResult*);
};

void run(const Duckdb& duckdb, Handle connection, const std::string& sql, QueryResult& result) {
  if (duckdb.query(connection, sql.c_str(), &result) == 0) return;
  std::fprintf(stderr, "duckdb_group_by: %s\n", duckdb.error(&result));
  std::exit(3);
}

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
  void* const library = ::dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "duckdb_group_by: %s\n", ::dlerror());
    return 3;
  }
  const Duckdb duckdb(library);
  Handle database = nullptr;
  Handle connection = nullptr;
  if (duckdb.open(nullptr, &database) != 0 || duckdb.connect(database, &connection) != 0) {
    std::fprintf(stderr, "duckdb_group_by: no database could be opened in memory\n");
    return 3;
  }
  QueryResult result{};
  const std::string threads = count > 3 ? arguments[3] : "1";
  const bool sums = count <= 4 || std::string(arguments[4]) != "count";
  run(duckdb, connection, "SET threads = " + threads, result);
  duckdb.destroy(&result);

  const auto begin = std::chrono::steady_clock::now();
  run(duckdb, connection, group_by_sql(arguments[2], sums), result);
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
