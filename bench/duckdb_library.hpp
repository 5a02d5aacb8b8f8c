// SPDX-License-Identifier: Apache-2.0
// DuckDB as a peer: its library is loaded at run time and its few C functions are declared here, so
// that no header of it is needed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <dlfcn.h>

namespace endreason::bench {

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
    std::fprintf(stderr, "DuckDB's library has no %s\n", name);
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
        destroy(function_named<void(QueryResult*)>(library, "duckdb_destroy_result")),
        disconnect(function_named<void(Handle*)>(library, "duckdb_disconnect")),
        close(function_named<void(Handle*)>(library, "duckdb_close")) {}

  static Duckdb of_file(const char* path) {
    void* const library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) return Duckdb(library);
    std::fprintf(stderr, "%s\n", ::dlerror());
    std::exit(3);
  }
  void run(Handle connection, const std::string& sql, QueryResult& result) const {
    if (query(connection, sql.c_str(), &result) == 0) return;
    std::fprintf(stderr, "DuckDB: %s\n", error(&result));
    std::exit(3);
  }
  void run(Handle connection, const std::string& sql) const {
    QueryResult result{};
    run(connection, sql, result);
    destroy(&result);
  }

  int (*open)(const char*, Handle*);
  int (*connect)(Handle, Handle*);
  int (*query)(Handle, const char*, QueryResult*);
  const char* (*error)(QueryResult*);
  std::uint64_t (*row_count)(QueryResult*);
  std::int64_t (*value)(QueryResult*, std::uint64_t, std::uint64_t);
  void (*destroy)(QueryResult*);
  void (*disconnect)(Handle*);
  void (*close)(Handle*);
};

}  // namespace endreason::bench
