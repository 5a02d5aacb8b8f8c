// SPDX-License-Identifier: Apache-2.0
// Owners of DuckDB's C handles, and its errors as Results. Room store only. A connection belongs to
// one thread at a time; interrupt() alone may come from another.
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"
#include "store/duckdb_calls.hpp"

namespace endreason {

// An owner of handle type H that `destroy` frees.
template <class H, auto& destroy>
class DuckHandle {
 public:
  DuckHandle() = default;
  explicit DuckHandle(H handle) : handle_(handle) {}
  DuckHandle(DuckHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  DuckHandle& operator=(DuckHandle&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~DuckHandle() { reset(); }
  H get() const { return handle_; }
  H* out() {
    reset();
    return &handle_;
  }
  void reset() {
    if (handle_ != nullptr) destroy(&handle_);
    handle_ = nullptr;
  }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  H handle_ = nullptr;
};

inline void destroy_appender(duckdb_appender* a) {
  static_cast<void>(duckdb_appender_destroy(a));
}
using DuckDatabase = DuckHandle<duckdb_database, duckdb_close>;
using DuckConnection = DuckHandle<duckdb_connection, duckdb_disconnect>;
using DuckAppender = DuckHandle<duckdb_appender, destroy_appender>;
using DuckChunk = DuckHandle<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using DuckType = DuckHandle<duckdb_logical_type, duckdb_destroy_logical_type>;
using DuckStatement = DuckHandle<duckdb_prepared_statement, duckdb_destroy_prepare>;

class DuckResult {
 public:
  DuckResult() = default;
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  DuckResult(DuckResult&& other) noexcept : result_(std::exchange(other.result_, {})) {}
  ~DuckResult() { duckdb_destroy_result(&result_); }
  duckdb_result* get() { return &result_; }

 private:
  duckdb_result result_{};
};

// Runs a statement. The error's message is the database's.
inline Result<DuckResult> run_sql(duckdb_connection connection, const std::string& sql) {
  DuckResult result;
  if (duckdb_query(connection, sql.c_str(), result.get()) == DuckDBSuccess) return result;
  const char* message = duckdb_result_error(result.get());
  return fail(Error::Code::Io, message != nullptr ? message : "the database gave no reason");
}

// The same, chunk by chunk as they are fetched, so that an answer of any size needs little memory.
// An error may come while it is fetched: check_fetched() after the last chunk.
inline Result<DuckResult> run_streaming(duckdb_connection connection, const std::string& sql) {
  DuckStatement statement;
  if (duckdb_prepare(connection, sql.c_str(), statement.out()) != DuckDBSuccess) {
    const char* why = duckdb_prepare_error(statement.get());
    return fail(Error::Code::Io, why != nullptr ? why : "the statement cannot be prepared");
  }
  duckdb_pending_result pending = nullptr;
  DuckResult result;
  const bool well = duckdb_pending_prepared_streaming(statement.get(), &pending) == DuckDBSuccess &&
                    duckdb_execute_pending(pending, result.get()) == DuckDBSuccess;
  std::string message;
  if (!well) {
    const char* why = duckdb_pending_error(pending);
    if (why == nullptr) why = duckdb_result_error(result.get());
    message = why != nullptr ? why : "the database gave no reason";
  }
  duckdb_destroy_pending(&pending);
  if (!well) return fail(Error::Code::Io, message);
  return result;
}

inline Result<void> check_fetched(DuckResult& result) {
  const char* why = duckdb_result_error(result.get());
  if (why == nullptr || *why == '\0') return {};
  return fail(Error::Code::Io, why);
}

inline Result<void> run_plain(duckdb_connection connection, const std::string& sql) {
  auto result = run_sql(connection, sql);
  if (!result) return tl::unexpected(result.error());
  return {};
}

}  // namespace endreason
