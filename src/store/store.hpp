// SPDX-License-Identifier: Apache-2.0
// Store: where judged records are kept and asked for. Rows are added and committed by one thread;
// what is committed becomes visible together with the state that came along, or not at all. Reading
// is safe from any number of threads, while rows are added too.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "model/record_clock.hpp"
#include "model/stored_sql.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"
#include "store/overview_question.hpp"
#include "store/question.hpp"

namespace endreason {

struct StoreOptions {
  std::string folder;
  bool keep_raw = false;
  unsigned threads = 0;  // of queries; 0: one a core
  std::uint64_t memory_bytes = std::uint64_t{768} << 20;
  bool read_only = false;
  // Where rows are looked for in order of time: so many in the first window.
  std::uint64_t window_rows = 250'000;
  std::uint64_t rollup_rows = 983'040;  // rolled up at once: eight row groups of the database
  // Where queries may write files; nowhere else, and they read none.
  std::string export_folder;
  // Of ClickHouse: clickhouse://USER@HOST:8123,HOST:8123/DATABASE, and what does not belong there.
  std::string clickhouse, password, cluster, ca_file;
  // A day of which nothing has come for so long is added up.
  std::uint64_t rollup_quiet_seconds = 60;
  std::uint16_t node = 0;  // of those that store into the same database; each has its own numbers
};

// Where a row came from.
struct RowOrigin {
  std::int64_t received_micros{};
  std::uint16_t sender{};
  std::string_view sender_name{};
};

// A cell of an answer. Times are text, RFC 3339.
using Cell = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string>;
struct Table {
  struct Column {
    std::string name, type;
  };
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  bool truncated = false;  // there were more rows than the limit
};

// A row as it was kept.
struct StoredRow {
  std::uint64_t id{};
  std::int64_t time_micros{};  // UTC
  std::int64_t received_micros{};
  bool time_known{};
  std::string raw;     // empty: not kept
  std::string sender;  // who sent it, where the store has the name with the row; then the record's
                       // file is UINT32_MAX
  TrafficRecord record;  // its file is else the number of the sender
  Verdict verdict;
};

// Rows of a stream whose place is kept where it comes from, so that another node may have to store
// them: the same rows with the same ids then.
struct StreamRows {
  std::optional<std::uint64_t> again_from;  // the first row's id when they were begun before
  // Called with that id before anything is stored of which others could not know; an error ends the
  // commit. A store that keeps the stream's place in the same transaction need not call it.
  std::function<Result<void>(std::uint64_t first_id)> begin;
};

using StoreState = std::vector<std::pair<std::string, std::uint64_t>>;

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // --- writing, one thread -------------------------------------------------------------------
  // The id that the row got, from 1 without gaps.
  [[nodiscard]] virtual Result<std::uint64_t> add(const TrafficRecord& record,
                                                  const Verdict& verdict, const RowOrigin& origin,
                                                  const RecordClock& clock) = 0;
  [[nodiscard]] virtual Result<void> add_sender(std::uint16_t id, std::string_view name) = 0;
  // Everything added so far and this state, in one transaction. After an error nothing of it is
  // kept, and the rows have to be added again.
  [[nodiscard]] virtual Result<void> commit(const StoreState& state) = 0;
  // The same, which may still be going on when it returns: rows that are added meanwhile belong to
  // the next commit. It is known how it went when finish_commit() returns, which waits; one commit
  // at a time. An error of it takes the rows behind it along.
  [[nodiscard]] virtual Result<void> begin_commit(const StoreState& state) { return commit(state); }
  virtual bool commit_under_way() const { return false; }
  [[nodiscard]] virtual Result<void> finish_commit() { return {}; }
  virtual void roll_back() = 0;
  // The state of a commit that was begun and of which nobody knows whether it was done: a database
  // elsewhere may have taken rows whose writer then died. The same rows have to be added again, up
  // to that state and no others, and committed; what is there already is not stored twice.
  virtual std::optional<StoreState> begun() const { return std::nullopt; }
  virtual std::uint64_t next_id() const = 0;
  // More rows than these are not worth waiting for before they are committed; 0: as many as come.
  virtual std::uint64_t rows_of_a_commit() const { return 0; }
  // What is added from now on, until it is committed or rolled back, is of a stream.
  virtual void begin_stream(StreamRows rows) { static_cast<void>(rows); }
  // The next row of the stream is a copy: it is not stored, and its id is not used.
  virtual void pass_over() {}

  // --- upkeep, one thread beside the writer's -------------------------------------------------
  // Removes rows whose time is before `micros`; gives how many.
  [[nodiscard]] virtual Result<std::uint64_t> remove_before(std::int64_t micros) = 0;
  // Removes the oldest rows where more than `bytes` are taken; gives how many.
  [[nodiscard]] virtual Result<std::uint64_t> remove_beyond(std::uint64_t bytes) {
    static_cast<void>(bytes);
    return 0;
  }
  // A piece of the work that may wait, such as roll-ups; false when there is none. `idle`: also
  // what is hardly worth a piece yet.
  [[nodiscard]] virtual Result<bool> maintain(bool idle) {
    static_cast<void>(idle);
    return false;
  }
  // Committed rows that such work is still to be done for.
  virtual std::uint64_t rows_behind() const { return 0; }

  // --- reading, any thread -------------------------------------------------------------------
  [[nodiscard]] virtual Result<StoreState> state() = 0;
  // SQL of the database's own, on the view `traffic`.
  [[nodiscard]] virtual Result<Table> query(const std::string& sql, const QueryLimits& limits) = 0;
  // In which the conditions of scopes have to be written.
  virtual SqlDialect dialect() const = 0;

  [[nodiscard]] virtual Result<void> read_rows(const RowsQuestion& question,
                                               const QueryLimits& limits,
                                               const std::function<bool(StoredRow&)>& take) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> count(const RowScope& scope,
                                                    const QueryLimits& limits) = 0;
  [[nodiscard]] virtual Result<StoredSpan> span(const QueryLimits& limits) = 0;
  // Most sessions first, then most rows, then by the texts.
  [[nodiscard]] virtual Result<std::vector<GroupedRows>> groups(
      const RowScope& scope, const std::vector<GroupColumn>& columns, std::uint64_t most,
      const QueryLimits& limits) = 0;
  // The 20 texts of a column that most rows have, of those that begin so.
  [[nodiscard]] virtual Result<std::vector<std::string>> complete(const RowScope& scope,
                                                                  Field field,
                                                                  std::string_view prefix,
                                                                  const QueryLimits& limits) = 0;
  [[nodiscard]] virtual Result<std::vector<DeviceRows>> devices(const QueryLimits& limits) = 0;
  [[nodiscard]] virtual Result<std::vector<DeviceLag>> device_lags(std::int64_t received_since,
                                                                   const QueryLimits& limits) = 0;
  // By number.
  [[nodiscard]] virtual Result<std::vector<std::string>> senders() = 0;
  // The sequence number of every row that has one, by firewall and virtual system.
  [[nodiscard]] virtual Result<void> read_seqnos(
      const std::function<void(std::string_view serial, std::string_view vsys,
                               std::uint64_t seqno)>& take) = 0;
  // Totals, steps, rankings and what stands out of a period, in one consistent view.
  [[nodiscard]] virtual Result<OverviewAnswer> overview(const OverviewQuestion& question,
                                                        const QueryLimits& limits) = 0;
  // All columns of the view `traffic`, in the order of storing, as a Parquet file at a path that
  // the store may write to (StoreOptions::export_folder).
  [[nodiscard]] virtual Result<void> export_parquet(const RowScope& scope, const std::string& path,
                                                    const QueryLimits& limits) {
    static_cast<void>(scope), static_cast<void>(path), static_cast<void>(limits);
    return fail(Error::Code::Usage,
                "this store writes no Parquet files; ask its database for them");
  }
  // Which part of what is stored answers leave out now, as a sentence; empty: none.
  virtual std::string missing_part() const { return {}; }
  // "duckdb"
  virtual std::string_view kind() const = 0;
  // It is another process, which may be away while this one goes on.
  virtual bool elsewhere() const { return false; }
  virtual std::uint64_t bytes_on_disk() const = 0;
  virtual unsigned queries_running() const = 0;
};

// Opens the folder, or makes it. An error says who has it open already.
Result<std::unique_ptr<Store>> open_duckdb_store(const StoreOptions& options);

// Of options.clickhouse; the folder holds what has been committed. An error says what to set.
Result<std::unique_ptr<Store>> open_clickhouse_store(const StoreOptions& options);

}  // namespace endreason
