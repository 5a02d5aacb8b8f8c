// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb_store.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "model/odd_texts.hpp"
#include "model/stored_words.hpp"
#include "store/duckdb_overview.hpp"
#include "store/result_table.hpp"
#include "store/rollups.hpp"
#include "store/row_scope.hpp"
#include "store/schema.hpp"

namespace endreason {
namespace {

std::string literal(std::string_view text) {
  return sql_text(SqlDialect::DuckDb, text);
}

}  // namespace

tl::unexpected<Error> stopped_error(std::chrono::milliseconds time) {
  return fail(Error::Code::Input,
              fmt::format("the query took longer than {} s and was stopped; ask for a shorter time "
                          "or filter more",
                          static_cast<double>(time.count()) / 1000));
}

// --- QueryWatch ----------------------------------------------------------------------------------

QueryWatch::QueryWatch() : thread_([this] { watch(); }) {}

QueryWatch::~QueryWatch() {
  {
    const std::scoped_lock lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

unsigned QueryWatch::running() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<unsigned>(watched_.size());
}

// An interrupt that comes before the query has begun is forgotten, so an overdue one is interrupted
// again and again.
void QueryWatch::watch() {
  std::unique_lock lock(mutex_);
  while (!done_) {
    const auto now = std::chrono::steady_clock::now();
    auto wake = now + std::chrono::hours(1);
    for (auto& [number, watched] : watched_) {
      if (watched.until <= now) {
        watched.stopped = true;
        duckdb_interrupt(watched.connection);
        wake = std::min(wake, now + std::chrono::milliseconds(20));
      } else {
        wake = std::min(wake, watched.until);
      }
    }
    changed_.wait_until(lock, wake);
  }
}

QueryWatch::Guard::Guard(QueryWatch& watch, duckdb_connection connection,
                         std::chrono::milliseconds time)
    : watch_(watch) {
  {
    const std::scoped_lock lock(watch_.mutex_);
    number_ = watch_.next_++;
    watch_.watched_[number_] = {connection, std::chrono::steady_clock::now() + time};
  }
  watch_.changed_.notify_all();
}

QueryWatch::Guard::~Guard() {
  const std::scoped_lock lock(watch_.mutex_);
  watch_.watched_.erase(number_);
}

bool QueryWatch::Guard::stopped() const {
  const std::scoped_lock lock(watch_.mutex_);
  return watch_.watched_.at(number_).stopped;
}

// --- JobWriter -----------------------------------------------------------------------------------

JobWriter::JobWriter(Work work) : work_(std::move(work)), thread_([this] { this->work(); }) {}

JobWriter::~JobWriter() {
  {
    const std::scoped_lock lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void JobWriter::push(WriteJob job) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.size() < kWaitingMax; });
  if (job.commit) ++commits_;
  jobs_.push_back(std::move(job));
  lock.unlock();
  changed_.notify_all();
}

void JobWriter::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.empty() && !busy_; });
}

void JobWriter::wait_for_commits() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return commits_ == 0; });
}

bool JobWriter::commits_wait() const {
  const std::scoped_lock lock(mutex_);
  return commits_ != 0;
}

void JobWriter::forget_failure() {
  const std::scoped_lock lock(mutex_);
  failed_ = false;
}

void JobWriter::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return done_ || !jobs_.empty(); });
    if (done_) return;
    WriteJob job = std::move(jobs_.front());
    jobs_.pop_front();
    busy_ = true;
    const bool leave_out = failed_;
    lock.unlock();
    changed_.notify_all();
    const bool well = work_(job, leave_out);
    job.part = {};
    lock.lock();
    failed_ = failed_ || !well;
    if (job.commit) --commits_;
    busy_ = false;
    changed_.notify_all();
  }
}

// --- opening -------------------------------------------------------------------------------------

Result<std::unique_ptr<Store>> open_duckdb_store(const StoreOptions& options) {
  return DuckdbStore::open(options);
}

Result<std::unique_ptr<Store>> DuckdbStore::open(const StoreOptions& options) {
  if (auto loaded = load_duckdb(); !loaded) return tl::unexpected(loaded.error());
  std::unique_ptr<DuckdbStore> store(new DuckdbStore(options));
  if (auto opened = store->open_database(); !opened) return tl::unexpected(opened.error());
  if (auto ready = store->make_ready(); !ready) return tl::unexpected(ready.error());
  return std::unique_ptr<Store>(std::move(store));
}

Result<void> DuckdbStore::open_database() {
  std::error_code failed;
  if (!options_.read_only) std::filesystem::create_directories(options_.folder, failed);
  if (failed)
    return fail(Error::Code::Io, fmt::format("{}: the folder cannot be made: {}", options_.folder,
                                             failed.message()));
  file_ = options_.folder + "/traffic.duckdb";
  if (options_.read_only && !std::filesystem::exists(file_, failed))
    return fail(Error::Code::Io,
                fmt::format("{}: there is no database here; `endreason serve --folder` makes one",
                            options_.folder));
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  const auto set = [&](const char* name, const std::string& value) {
    duckdb_set_config(config, name, value.c_str());
  };
  if (options_.threads > 0) set("threads", std::to_string(options_.threads));
  set("memory_limit", std::to_string(options_.memory_bytes) + "B");
  set("temp_directory", options_.folder + "/temporary");
  set("autoinstall_known_extensions", "false");
  set("autoload_known_extensions", "false");
  set("access_mode", options_.read_only ? "READ_ONLY" : "READ_WRITE");
  char* message = nullptr;
  const auto state = duckdb_open_ext(file_.c_str(), database_.out(), config, &message);
  duckdb_destroy_config(&config);
  if (state != DuckDBSuccess) {
    const std::string why = message != nullptr ? message : "no reason was given";
    duckdb_free(message);
    if (why.find("lock") != std::string::npos)
      return fail(Error::Code::Io,
                  fmt::format("{}: another process has this database open; ask the running server "
                              "(--server), or stop it first",
                              file_));
    return fail(Error::Code::Io, fmt::format("{}: {}", file_, why));
  }
  return {};
}

Result<DuckConnection> DuckdbStore::connect() const {
  DuckConnection connection;
  if (duckdb_connect(database_.get(), connection.out()) != DuckDBSuccess)
    return fail(Error::Code::Io, file_ + ": no connection to the database");
  return connection;
}

Result<void> DuckdbStore::make_ready() {
  auto connection = connect();
  if (!connection) return tl::unexpected(connection.error());
  writer_ = *std::move(connection);
  const auto run = [&](const std::string& sql) { return run_plain(writer_.get(), sql); };
  for (const char* setting : {"SET TimeZone = 'UTC'", "SET checkpoint_threshold = '256MB'",
                              "SET preserve_insertion_order = true"})
    if (auto set = run(setting);
        !set && std::string_view(setting).find("TimeZone") == std::string_view::npos)
      return set;
  if (!options_.export_folder.empty()) {
    if (auto set = run("SET allowed_directories = [" + literal(options_.export_folder) + "]"); !set)
      return set;
    if (auto set = run("SET enable_external_access = false"); !set) return set;
  }
  auto tables = run_sql(writer_.get(),
                        "SELECT count(*) FROM information_schema.tables WHERE table_name = "
                        "'traffic_rows'");
  if (!tables) return tl::unexpected(tables.error());
  if (duckdb_value_int64(tables->get(), 0, 0) == 0) {
    if (options_.read_only)
      return fail(Error::Code::Io, file_ + ": this is no database of endreason");
    if (auto begun = run("BEGIN"); !begun) return begun;
    for (const std::string& statement : schema_statements())
      if (auto made = run(statement); !made)
        return fail(Error::Code::Io,
                    fmt::format("{}: {} ({})", file_, made.error().message, statement));
    if (auto version = run(
            fmt::format("INSERT INTO store_state VALUES ('schema_version', {})", kSchemaVersion));
        !version)
      return version;
    if (auto done = run("COMMIT"); !done) return done;
  }
  if (auto added = add_rollups(); !added) return added;
  return learn_what_is_there();
}

// A folder of a version before has none, or none in levels. Its rows are rolled up by and by, like
// any that were committed and are not yet.
Result<void> DuckdbStore::add_rollups() {
  auto columns = run_sql(writer_.get(),
                         "SELECT count(*) FROM information_schema.columns WHERE table_name = "
                         "'rollup_state' AND column_name = 'level'");
  if (!columns) return tl::unexpected(columns.error());
  has_rollups_ = duckdb_value_int64(columns->get(), 0, 0) != 0;
  if (!has_rollups_ && !options_.read_only) {
    std::vector<std::string> statements = drop_rollups();
    statements.insert(statements.begin(), "BEGIN");
    for (std::string& statement : rollup_schema()) statements.push_back(std::move(statement));
    statements.push_back(
        fmt::format("UPDATE store_state SET value = {0} WHERE name = 'schema_version' AND value >= "
                    "{1} AND value < {0}",
                    kSchemaVersion, kOldestSchemaVersion));
    statements.emplace_back("COMMIT");
    for (const std::string& statement : statements)
      if (auto done = run_plain(writer_.get(), statement); !done) return done;
    has_rollups_ = true;
  }
  if (!has_rollups_) return {};
  auto state = read_rollup_state(writer_.get());
  if (!state) return tl::unexpected(state.error());
  rolled_ = *state;
  rolled_next_id_ = rolled_[0];
  return {};
}

Result<void> DuckdbStore::learn_what_is_there() {
  auto known = state();
  if (!known) return tl::unexpected(known.error());
  for (const auto& [name, value] : *known)
    if (name == "schema_version" && value != kSchemaVersion &&
        (has_rollups_ || value < kOldestSchemaVersion || value > kSchemaVersion))
      return fail(Error::Code::Io,
                  fmt::format("{}: it was written by another version of endreason (schema {}, this "
                              "one reads {}); use that version, or another folder",
                              file_, value, kSchemaVersion));
  auto last = run_sql(writer_.get(), "SELECT coalesce(max(id), 0) FROM traffic_rows");
  if (!last) return tl::unexpected(last.error());
  next_id_ = static_cast<std::uint64_t>(duckdb_value_int64(last->get(), 0, 0)) + 1;
  // Numbers are never used again, also when the rows that had the highest are gone.
  for (const auto& [name, value] : *known)
    if (name == "next_id") next_id_ = std::max(next_id_, value);
  committed_next_id_ = next_id_;
  if (options_.read_only) return {};
  for (const StoredGroupInfo& group : kStoredGroups)
    if (auto learned = learn_group(group); !learned) return learned;
  auto keeper = connect();
  if (!keeper) return tl::unexpected(keeper.error());
  keeper_ = *std::move(keeper);
  jobs_ = std::make_unique<JobWriter>(
      [this](WriteJob& job, bool leave_out) { return do_job(job, leave_out); });
  return begin();
}

// The newest combinations, as many as are worth knowing.
Result<void> DuckdbStore::learn_group(const StoredGroupInfo& group) {
  GroupNumbers& numbers = encoder_.numbers(group.value);
  numbers.forget();
  std::string key;
  for (const Field f : fields_of(group.value))
    key += fmt::format("\"{}\" || chr(31) || ", info(f).log_name);
  auto found =
      run_sql(writer_.get(), fmt::format("SELECT id, {}'' FROM {} ORDER BY id DESC LIMIT {}", key,
                                         group.table, GroupNumbers::kKnownMax));
  if (!found) return tl::unexpected(found.error());
  std::uint32_t next = 1;
  while (true) {
    const DuckChunk part(duckdb_fetch_chunk(*found->get()));
    if (!part) break;
    const auto* ids = static_cast<const std::uint32_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(part.get(), 0)));
    auto* keys = static_cast<duckdb_string_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(part.get(), 1)));
    for (std::size_t i = 0; i < duckdb_data_chunk_get_size(part.get()); ++i) {
      next = std::max(next, ids[i] + 1);
      encoder_.learn(group.value,
                     as_bytes({duckdb_string_t_data(&keys[i]), duckdb_string_t_length(keys[i])}),
                     ids[i]);
    }
  }
  numbers.set_next(next);
  return {};
}

// --- writing -------------------------------------------------------------------------------------

Result<void> DuckdbStore::begin() {
  const auto appender = [&](std::string_view table, DuckAppender& out) -> Result<void> {
    if (duckdb_appender_create(writer_.get(), nullptr, std::string(table).c_str(), out.out()) ==
        DuckDBSuccess)
      return {};
    return fail(Error::Code::Io, fmt::format("{}: no rows can be added to {}", file_, table));
  };
  if (auto made = appender("traffic_rows", rows_); !made) return made;
  for (const StoredGroupInfo& group : kStoredGroups)
    if (auto made = appender(group.table, groups_[static_cast<std::size_t>(group.value)]); !made)
      return made;
  encoder_.bind(rows_.get());
  return {};
}

Result<std::uint64_t> DuckdbStore::add(const TrafficRecord& record, const Verdict& verdict,
                                       const RowOrigin& origin, const RecordClock& clock) {
  if (encoder_.full()) jobs_->push({encoder_.take_part(), std::nullopt});
  encoder_.add(next_id_, record, verdict, origin, clock, options_.keep_raw);
  return next_id_++;
}

bool DuckdbStore::do_job(WriteJob& job, bool leave_out) {
  Result<void> done;
  if (leave_out) {
    done = fail(Error::Code::Io, file_ + ": rows could not be added");
  } else if (!in_transaction_) {
    done = run_plain(writer_.get(), "BEGIN");
    in_transaction_ = done.has_value();
  }
  if (done && job.part.chunk && !append_part(job.part)) done = appender_error();
  if (done && job.commit) done = do_commit(*job.commit);
  if (!done && job.commit) commit_problem_ = done.error().message;
  return done.has_value();
}

tl::unexpected<Error> DuckdbStore::appender_error() const {
  const char* why = duckdb_appender_error(rows_.get());
  return fail(Error::Code::Io, fmt::format("{}: {}", file_, why != nullptr ? why : "not written"));
}

bool DuckdbStore::append_part(RowEncoder::Part& part) {
  if (duckdb_append_data_chunk(rows_.get(), part.chunk.get()) != DuckDBSuccess ||
      !append_groups(part.fresh))
    return false;
  if (++parts_unflushed_ < kPartsPerFlush) return true;
  parts_unflushed_ = 0;
  return duckdb_appender_flush(rows_.get()) == DuckDBSuccess;
}

bool DuckdbStore::append_groups(const std::vector<RowEncoder::FreshGroup>& groups) {
  bool well = true;
  for (const RowEncoder::FreshGroup& fresh : groups) {
    const duckdb_appender a = groups_[static_cast<std::size_t>(fresh.group)].get();
    well = well && duckdb_append_uint32(a, fresh.number) == DuckDBSuccess;
    for (const std::string& text : fresh.texts) {
      const std::string utf8 = as_utf8_text(text);
      well = well && duckdb_append_varchar_length(a, utf8.data(), utf8.size()) == DuckDBSuccess;
    }
    if (fresh.group == StoredGroup::Application) {
      const auto& words = stored_words("app_status");
      well = well &&
             duckdb_append_varchar(a, words[static_cast<std::size_t>(fresh.app_status)].c_str()) ==
                 DuckDBSuccess;
    }
    well = well && duckdb_appender_end_row(a) == DuckDBSuccess;
  }
  return well;
}

Result<void> DuckdbStore::add_sender(std::uint16_t id, std::string_view name) {
  senders_fresh_.emplace_back(id, name);
  return {};
}

Result<void> DuckdbStore::commit(const StoreState& state) {
  if (auto begun = begin_commit(state); !begun) return begun;
  return finish_commit();
}

Result<void> DuckdbStore::begin_commit(const StoreState& state) {
  jobs_->wait_for_commits();
  commit_problem_.reset();
  WriteJob job{{}, WriteJob::Commit{state, next_id_, std::move(senders_fresh_)}};
  senders_fresh_.clear();
  if (encoder_.rows() > 0) job.part = encoder_.take_part();
  jobs_->push(std::move(job));
  return {};
}

Result<void> DuckdbStore::finish_commit() {
  jobs_->wait_for_commits();
  if (commit_problem_) return fail(Error::Code::Io, *commit_problem_);
  return {};
}

Result<void> DuckdbStore::do_commit(const WriteJob::Commit& commit) {
  bool well = duckdb_appender_flush(rows_.get()) == DuckDBSuccess;
  for (const DuckAppender& group : groups_)
    well = well && duckdb_appender_flush(group.get()) == DuckDBSuccess;
  if (!well) return appender_error();
  std::vector<std::string> statements;
  for (const auto& [id, name] : commit.senders)
    statements.push_back(fmt::format("INSERT INTO senders VALUES ({}, {})", id, literal(name)));
  std::string values =
      fmt::format("('schema_version', {}), ('next_id', {})", kSchemaVersion, commit.next_id);
  for (const auto& [name, value] : commit.state)
    values += fmt::format(", ({}, {})", literal(name), value);
  statements.emplace_back("DELETE FROM store_state");
  statements.push_back("INSERT INTO store_state VALUES " + values);
  statements.emplace_back("COMMIT");
  for (const std::string& sql : statements)
    if (auto done = run_plain(writer_.get(), sql); !done) return done;
  in_transaction_ = false;
  committed_next_id_ = commit.next_id;
  // Nobody else may write while space is given back; when somebody does, it waits.
  if (checkpoint_wanted_ && run_plain(writer_.get(), "CHECKPOINT")) checkpoint_wanted_ = false;
  return {};
}

void DuckdbStore::roll_back() {
  // What the appenders hold goes with them; made anew, they begin empty.
  jobs_->drain();
  jobs_->forget_failure();
  commit_problem_.reset();
  senders_fresh_.clear();
  parts_unflushed_ = 0;
  rows_.reset();
  for (DuckAppender& group : groups_) group.reset();
  if (in_transaction_) static_cast<void>(run_plain(writer_.get(), "ROLLBACK"));
  in_transaction_ = false;
  next_id_ = committed_next_id_;
  encoder_ = RowEncoder();
  for (const StoredGroupInfo& group : kStoredGroups) static_cast<void>(learn_group(group));
  static_cast<void>(begin());
}

// --- reading -------------------------------------------------------------------------------------

Result<StoreState> DuckdbStore::state() {
  auto connection = connect();
  if (!connection) return tl::unexpected(connection.error());
  auto result = run_sql(connection->get(), "SELECT name, value FROM store_state ORDER BY name");
  if (!result) return tl::unexpected(result.error());
  auto table = read_table(*result, 100'000);
  if (!table) return tl::unexpected(table.error());
  StoreState state;
  for (const auto& row : table->rows)
    state.emplace_back(std::get<std::string>(row[0]), std::get<std::uint64_t>(row[1]));
  return state;
}

Result<Table> DuckdbStore::query(const std::string& sql, const QueryLimits& limits) {
  auto connection = connect();
  if (!connection) return tl::unexpected(connection.error());
  if (limits.one_select)
    if (auto reads = check_one_select(connection->get(), sql); !reads)
      return tl::unexpected(reads.error());
  const QueryWatch::Guard guard(watch_, connection->get(), limits.time);
  auto result = run_sql(connection->get(), sql);
  if (!result) {
    if (guard.stopped()) return stopped_error(limits.time);
    return fail(Error::Code::Input, result.error().message);
  }
  return read_table(*result, limits.rows);
}

Result<void> DuckdbStore::read_seqnos(
    const std::function<void(std::string_view, std::string_view, std::uint64_t)>& take) {
  auto devices = query("SELECT id, serial, vsys FROM devices", {UINT64_MAX, std::chrono::hours(1)});
  if (!devices) return tl::unexpected(devices.error());
  std::map<std::uint64_t, std::pair<std::string, std::string>> names;
  for (auto& row : devices->rows)
    names[std::get<std::uint64_t>(row[0])] = {std::get<std::string>(row[1]),
                                              std::get<std::string>(row[2])};
  auto connection = connect();
  if (!connection) return tl::unexpected(connection.error());
  auto result =
      run_streaming(connection->get(), "SELECT device_id, seqno FROM traffic_rows WHERE seqno > 0");
  if (!result) return tl::unexpected(result.error());
  while (true) {
    const DuckChunk part(duckdb_fetch_chunk(*result->get()));
    if (!part) return check_fetched(*result);
    const auto* ids = static_cast<const std::uint32_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(part.get(), 0)));
    const auto* numbers = static_cast<const std::uint64_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(part.get(), 1)));
    for (std::size_t i = 0; i < duckdb_data_chunk_get_size(part.get()); ++i) {
      const auto& [serial, vsys] = names[ids[i]];
      if (!serial.empty()) take(serial, vsys, numbers[i]);
    }
  }
}

Result<OverviewAnswer> DuckdbStore::overview(const OverviewQuestion& question,
                                             const QueryLimits& limits) {
  auto connection = connect();
  if (!connection) return tl::unexpected(connection.error());
  const QueryWatch::Guard guard(watch_, connection->get(), limits.time);
  auto answer = answer_overview(connection->get(), question, has_rollups_);
  if (!answer && guard.stopped()) return stopped_error(limits.time);
  return answer;
}

std::uint64_t DuckdbStore::bytes_on_disk() const {
  std::uint64_t sum = 0;
  for (const char* suffix : {"", ".wal"}) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(file_ + suffix, failed);
    if (!failed) sum += size;
  }
  return sum;
}

}  // namespace endreason
