// SPDX-License-Identifier: Apache-2.0
// ClickhouseStore: rows in a ClickHouse server or cluster. Rows of a commit are sent as blocks of a
// shard, while the rows of the next are added. What was begun is written down before anything is
// sent, and after a failure the same rows come again with the same numbers: whatever has arrived is
// found by its numbers and left out, and on replicated tables the block that another replica has
// already taken is dropped by the cluster.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/clickhouse_rollups.hpp"
#include "store/clickhouse_rows.hpp"
#include "store/clickhouse_server.hpp"
#include "store/clickhouse_state.hpp"
#include "store/far_functions.hpp"
#include "store/store.hpp"

namespace endreason {

class ClickhouseStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
  ~ClickhouseStore() override;

  Result<std::uint64_t> add(const TrafficRecord& record, const Verdict& verdict,
                            const RowOrigin& origin, const RecordClock& clock) override;
  Result<void> add_sender(std::uint16_t id, std::string_view name) override;
  Result<void> commit(const StoreState& state) override;
  Result<void> begin_commit(const StoreState& state) override;
  bool commit_under_way() const override;
  Result<void> finish_commit() override;
  void roll_back() override;
  std::optional<StoreState> begun() const override;
  // By whole days: those that are over before `micros`.
  Result<std::uint64_t> remove_before(std::int64_t micros) override;
  // The oldest day, as often as it is asked.
  Result<std::uint64_t> remove_beyond(std::uint64_t bytes) override;
  // Adds up a day.
  Result<bool> maintain(bool idle) override;
  std::uint64_t next_id() const override { return next_id_; }
  std::uint64_t rows_of_a_commit() const override { return 2 * kBlockRows; }
  void begin_stream(StreamRows rows) override;
  void pass_over() override {
    if (stream_) ++next_id_;
  }

  Result<StoreState> state() override;
  Result<Table> query(const std::string& sql, const QueryLimits& limits) override;
  SqlDialect dialect() const override { return SqlDialect::ClickHouse; }
  Result<void> read_rows(const RowsQuestion& question, const QueryLimits& limits,
                         const std::function<bool(StoredRow&)>& take) override;
  Result<std::uint64_t> count(const RowScope& scope, const QueryLimits& limits) override;
  Result<StoredSpan> span(const QueryLimits& limits) override;
  Result<OverviewAnswer> overview(const OverviewQuestion& question,
                                  const QueryLimits& limits) override;
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
  Result<void> export_parquet(const RowScope& scope, const std::string& path,
                              const QueryLimits& limits) override;
  std::string missing_part() const override;
  std::string_view kind() const override { return "clickhouse"; }
  bool elsewhere() const override { return true; }
  std::uint64_t bytes_on_disk() const override;
  unsigned queries_running() const override { return running_; }

  // Of questions: one SELECT, answered by whichever server does.
  Result<Table> ask(const std::string& sql, const QueryLimits& limits);
  std::string table() const { return address_.database + ".traffic_rows"; }
  const std::string& database() const { return address_.database; }
  // The days whose sums every server has that answers, and which add up to its rows.
  RolledDays rolled_days_now();

 private:
  // A server for writing, and what is known of it once it has answered.
  struct Node {
    ClickhouseServer server;
    bool ready = false;
    std::uint64_t shard = 1;
  };
  using Servers = std::vector<ClickhouseServer>;
  class Lease;
  using ShardBlocks = std::vector<std::vector<ClickhouseBlock>>;  // full ones, the last, empty ones
  // What is being sent, until finish_commit().
  struct Sending {
    ShardBlocks blocks;  // kept afterwards for their memory
    std::uint64_t first_id{}, next_id{};
    StoreState state;
    std::vector<std::string> senders;
    std::future<Result<void>> sent;  // valid: a commit was begun
  };
  static constexpr std::size_t kBlockRows = 131'072;

  ClickhouseStore(StoreOptions options, ClickhouseAddress address)
      : options_(std::move(options)), address_(std::move(address)) {}
  struct ShardOf {
    std::uint64_t shard{}, shards{};  // its own, and how many there are
  };
  // What a server has of days.
  struct ServerDays {
    struct Count {
      std::uint64_t rows{}, quiet_seconds{};
    };
    struct Mark {
      std::uint64_t rows{}, sums{};
    };
    using Key = std::pair<std::int64_t, std::uint64_t>;  // day, generation
    std::map<std::int64_t, Count> rows;
    std::map<Key, Count> sums;
    std::map<Key, Mark> marks;
    std::uint64_t rows_of(std::int64_t day) const {
      const auto known = rows.find(day);
      return known == rows.end() ? 0 : known->second.rows;
    }
    bool has(std::int64_t day, std::uint64_t generation) const;
  };
  Result<ServerDays> ask_days(ClickhouseServer& server) const;
  static RolledDays rolled_days(const std::vector<ServerDays>& servers);
  std::optional<std::int64_t> day_to_roll_up(const std::vector<ServerDays>& servers) const;
  Result<bool> roll_up_a_day();
  Result<bool> roll_up(ClickhouseServer& server, std::int64_t day, std::uint64_t generation) const;
  void remove_old_sums(std::vector<ClickhouseServer>& servers,
                       const std::vector<ServerDays>& pictures) const;

  ClickhouseServer make_server(const std::string& name, std::chrono::milliseconds answer_time =
                                                            ClickhouseServer::kAnswerTime) const;
  Result<void> learn_what_is_there();
  Result<void> learn_numbers(bool folder_is_new);
  // Numbers of this node's rows are above it.
  std::uint64_t first_number() const { return std::uint64_t{options_.node} << 48; }
  Result<void> make_ready(Node& node);
  Result<void> learn_shard(Node& node, ClickhousePlace& place);
  Result<ShardOf> ask_shard(ClickhouseServer& server) const;
  Result<void> mend_columns(Node& node, const std::string& name,
                            const std::vector<ClickhouseColumn>& columns);
  Result<void> note_begun(const StoreState& state);
  void keep_committed();
  void end_stream();
  ClickhouseBlock& open_block(std::uint64_t shard);
  static void clear(ShardBlocks& blocks);
  Result<void> send_blocks();
  void send_at_once(std::vector<bool>& sent);
  Result<void> send(std::uint64_t shard, const ClickhouseBlock& block);
  Result<void> send_to(Node& node, const ClickhouseBlock& block);
  Result<void> insert(ClickhouseServer& server, const ClickhouseBlock& block,
                      const std::vector<bool>& leave_out);
  Result<std::vector<bool>> already_there(Node& node, const ClickhouseBlock& block);
  std::string insert_name() const;
  Result<void> save() { return write_clickhouse_state(state_file_, known_); }
  template <class Answer>
  Result<Answer> answered(
      const QueryLimits& limits,
      const std::function<Result<Answer>(ClickhouseServer&, const ClickhouseSettings&)>& put);
  // What a user's SQL must not call.
  Result<FarFunctions> far_functions(const QueryLimits& limits);
  std::string where(const RowScope& scope) const;

  StoreOptions options_;
  ClickhouseAddress address_;
  std::string state_file_;
  ClickhouseState known_;
  std::vector<Node> nodes_;
  std::atomic<std::uint64_t> shards_ = 0;  // 0: not known yet
  ShardBlocks blocks_;                     // of what is added
  Sending sending_;
  ClickhouseEncoder encoder_;
  std::vector<std::string> senders_;  // with those that are not committed yet
  std::uint64_t next_id_ = 1;
  std::chrono::steady_clock::time_point maintain_next_{};  // of the keeper's thread
  bool uncertain_ = false;  // rows from known_.next_id on may be stored already
  std::atomic<std::uint64_t> attempts_ = 0;
  std::optional<StreamRows> stream_;
  std::uint64_t first_id_ = 1;  // of what is added

  mutable std::mutex idle_mutex_;
  mutable std::vector<Servers> idle_;  // connections for questions
  std::atomic<std::size_t> first_{0};  // the server that answered last
  std::atomic<bool> partial_{false};
  std::atomic<unsigned> running_{0};
  mutable std::mutex bytes_mutex_;
  mutable std::uint64_t bytes_ = 0;
  mutable std::chrono::steady_clock::time_point bytes_asked_{};
};

}  // namespace endreason
