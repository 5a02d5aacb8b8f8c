// SPDX-License-Identifier: Apache-2.0
// DuckdbStore: the embedded Store. One file in a folder, held by one process at a time.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "store/duckdb_handle.hpp"
#include "store/rollups.hpp"
#include "store/row_encoder.hpp"
#include "store/store.hpp"

namespace endreason {

// Stops queries that take longer than they may, from a thread of its own.
class QueryWatch {
 public:
  QueryWatch();
  ~QueryWatch();
  QueryWatch(const QueryWatch&) = delete;
  QueryWatch& operator=(const QueryWatch&) = delete;

  // While it lives, the connection's query has until `time` from now.
  class Guard {
   public:
    Guard(QueryWatch& watch, duckdb_connection connection, std::chrono::milliseconds time);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    bool stopped() const;

   private:
    QueryWatch& watch_;
    std::uint64_t number_;
  };
  unsigned running() const;

 private:
  struct Watched {
    duckdb_connection connection;
    std::chrono::steady_clock::time_point until;
    bool stopped = false;
  };
  void watch();
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Watched> watched_;
  std::uint64_t next_ = 0;
  bool done_ = false;
  std::thread thread_;
};

// What is to be done with the database, in order: rows to be appended, or what was appended to be
// committed with a state.
struct WriteJob {
  struct Commit {
    StoreState state;
    std::uint64_t next_id;
    std::vector<std::pair<std::uint16_t, std::string>> senders;
  };
  RowEncoder::Part part;
  std::optional<Commit> commit;
};

// Does jobs on a thread of its own, so that rows are made while others are taken by the database.
// After one that fails all are left out, until the failure is forgotten.
class JobWriter {
 public:
  // Whether it went well. `leave_out`: nothing is to be done any more.
  using Work = std::function<bool(WriteJob&, bool leave_out)>;
  explicit JobWriter(Work work);
  ~JobWriter();
  JobWriter(const JobWriter&) = delete;
  JobWriter& operator=(const JobWriter&) = delete;
  void push(WriteJob job);  // waits while many wait already
  void drain();             // waits until all are done
  void wait_for_commits();  // until none is waiting or being done
  bool commits_wait() const;
  void forget_failure();

 private:
  void work();
  // As many as come while a commit is written.
  static constexpr std::size_t kWaitingMax = 64;
  Work work_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WriteJob> jobs_;
  unsigned commits_ = 0;
  bool busy_ = false, failed_ = false, done_ = false;
  std::thread thread_;
};

// What is told of a query that a QueryWatch has stopped.
tl::unexpected<Error> stopped_error(std::chrono::milliseconds time);

class DuckdbStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);

  Result<std::uint64_t> add(const TrafficRecord& record, const Verdict& verdict,
                            const RowOrigin& origin, const RecordClock& clock) override;
  Result<void> add_sender(std::uint16_t id, std::string_view name) override;
  Result<void> commit(const StoreState& state) override;
  Result<void> begin_commit(const StoreState& state) override;
  bool commit_under_way() const override { return jobs_->commits_wait(); }
  Result<void> finish_commit() override;
  void roll_back() override;
  std::uint64_t next_id() const override { return next_id_; }
  // Of the next row that is added; not below that of the last.
  void take_id(std::uint64_t id) { next_id_ = id; }

  Result<std::uint64_t> remove_before(std::int64_t micros) override;
  Result<std::uint64_t> remove_beyond(std::uint64_t bytes) override;
  Result<bool> maintain(bool idle) override;
  std::uint64_t rows_behind() const override {
    return committed_next_id_ - std::min<std::uint64_t>(committed_next_id_, rolled_next_id_);
  }

  Result<StoreState> state() override;
  Result<Table> query(const std::string& sql, const QueryLimits& limits) override;
  SqlDialect dialect() const override { return SqlDialect::DuckDb; }
  Result<void> read_rows(const RowsQuestion& question, const QueryLimits& limits,
                         const std::function<bool(StoredRow&)>& take) override;
  Result<std::uint64_t> count(const RowScope& scope, const QueryLimits& limits) override;
  Result<void> export_parquet(const RowScope& scope, const std::string& path,
                              const QueryLimits& limits) override;
  Result<StoredSpan> span(const QueryLimits& limits) override;
  Result<std::vector<GroupedRows>> groups(const RowScope& scope,
                                          const std::vector<GroupColumn>& columns,
                                          std::uint64_t most, const QueryLimits& limits) override;
  Result<std::vector<std::string>> complete(const RowScope& scope, Field field,
                                            std::string_view prefix,
                                            const QueryLimits& limits) override;
  Result<std::vector<DeviceRows>> devices(const QueryLimits& limits) override;
  Result<std::vector<DeviceLag>> device_lags(std::int64_t received_since,
                                             const QueryLimits& limits) override;
  Result<std::vector<std::string>> senders() override;
  Result<void> read_seqnos(
      const std::function<void(std::string_view, std::string_view, std::uint64_t)>& take) override;
  Result<OverviewAnswer> overview(const OverviewQuestion& question,
                                  const QueryLimits& limits) override;
  std::string_view kind() const override { return "duckdb"; }
  std::uint64_t bytes_on_disk() const override;
  unsigned queries_running() const override { return watch_.running(); }

 private:
  explicit DuckdbStore(StoreOptions options) : options_(std::move(options)) {}
  Result<void> open_database();
  Result<void> make_ready();
  // Rows, first and last time of a scope.
  Result<Table> counts(const RowScope& scope, const QueryLimits& limits);
  // A page of rows in order of time, found before they are read.
  Result<void> read_page(duckdb_connection connection, const RowsQuestion& question,
                         const std::function<bool(StoredRow&)>& take);
  Result<void> add_rollups();
  // One batch of a level, if there are rows enough for it.
  Result<bool> roll_up(std::size_t level, bool idle);
  std::vector<std::string> cut_statements(const RollupInfo& rollup, std::size_t level,
                                          std::int64_t micros) const;
  Result<void> learn_what_is_there();
  Result<void> learn_group(const StoredGroupInfo& group);
  Result<void> begin();
  // Flushed now and then, so that little is left to do while somebody waits for a commit.
  static constexpr unsigned kPartsPerFlush = 15;
  // On the jobs' thread.
  bool do_job(WriteJob& job, bool leave_out);
  bool append_part(RowEncoder::Part& part);
  bool append_groups(const std::vector<RowEncoder::FreshGroup>& groups);
  tl::unexpected<Error> appender_error() const;
  Result<void> do_commit(const WriteJob::Commit& commit);
  Result<DuckConnection> connect() const;

  StoreOptions options_;
  std::string file_;
  DuckDatabase database_;
  // Of the jobs' thread, and of nobody else while a job waits.
  DuckConnection writer_;
  DuckAppender rows_;
  std::array<DuckAppender, kStoredGroups.size()> groups_;
  bool in_transaction_ = false;
  unsigned parts_unflushed_ = 0;
  std::optional<std::string> commit_problem_;
  // Of who adds rows.
  RowEncoder encoder_;
  std::vector<std::pair<std::uint16_t, std::string>> senders_fresh_;
  std::uint64_t next_id_ = 1;
  std::atomic<std::uint64_t> committed_next_id_{1};
  // Of upkeep.
  DuckConnection keeper_;
  std::mutex keeper_mutex_;
  RollupState rolled_{};
  std::atomic<std::uint64_t> rolled_next_id_{1};  // of the lowest level, for others to see
  bool has_rollups_ = true;
  std::atomic<bool> checkpoint_wanted_{false};
  QueryWatch watch_;
  std::unique_ptr<JobWriter> jobs_;  // the last, so that it ends first; none when only reading
};

}  // namespace endreason
