// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse_store.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "model/odd_texts.hpp"
#include "model/stored_sql.hpp"
#include "store/clickhouse_rollups.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

// How long a server may go on with a block whose sender has lost it.
constexpr auto kOldInsertTime = std::chrono::seconds(60);
constexpr std::uint64_t kNumbersPerNode = std::uint64_t{1} << 48;
// How many blocks are sent at a time.
constexpr std::size_t kSendersMax = 4;

std::string literal(std::string_view text) {
  return sql_text(SqlDialect::ClickHouse, text);
}

}  // namespace

Result<std::unique_ptr<Store>> open_clickhouse_store(const StoreOptions& options) {
  return ClickhouseStore::open(options);
}

Result<std::unique_ptr<Store>> ClickhouseStore::open(const StoreOptions& options) {
  auto address = parse_clickhouse_address(options.clickhouse);
  if (!address) return tl::unexpected(address.error());
  if (options.cluster.empty() && address->servers.size() > 1)
    return fail(Error::Code::Usage,
                "store: several servers are named, but no cluster; give its name as store-cluster");
  std::error_code failed;
  std::filesystem::create_directories(options.folder, failed);
  if (failed) return fail(Error::Code::Io, fmt::format("{}: {}", options.folder, failed.message()));
  std::unique_ptr<ClickhouseStore> store(new ClickhouseStore(options, *std::move(address)));
  if (auto learned = store->learn_what_is_there(); !learned) return tl::unexpected(learned.error());
  return store;
}

ClickhouseStore::~ClickhouseStore() {
  if (sending_.sent.valid()) sending_.sent.wait();
}

ClickhouseServer ClickhouseStore::make_server(const std::string& name,
                                              std::chrono::milliseconds answer_time) const {
  return {address_, name, options_.password, options_.ca_file, answer_time};
}

// A node that has been here before can start while its servers are away: what is received waits in
// the spool.
Result<void> ClickhouseStore::learn_what_is_there() {
  state_file_ = options_.folder + "/clickhouse.state";
  auto known = read_clickhouse_state(state_file_);
  if (!known) return tl::unexpected(known.error());
  for (const std::string& name : address_.servers) nodes_.push_back({make_server(name)});
  Result<void> problem;
  bool any = false;
  for (Node& node : nodes_) {
    const auto ready = make_ready(node);
    any = any || ready;
    if (!ready) problem = ready;
  }
  if (!any && !*known) return problem;
  known_.next_id = first_number() + 1;
  if (*known) known_ = **known;
  if (any)
    if (auto learned = learn_numbers(!*known); !learned) return learned;
  senders_ = known_.senders;
  end_stream();
  return {};
}

// A folder that is new, perhaps beside rows that are not: their numbers are not used again. One
// that is not new knows all of its rows.
Result<void> ClickhouseStore::learn_numbers(bool folder_is_new) {
  const std::uint64_t first = first_number();
  if (known_.next_id <= first || known_.next_id - first >= kNumbersPerNode)
    return fail(Error::Code::Usage,
                fmt::format("--store-node {}: the rows of this folder have the numbers of another "
                            "node; give the number that it had",
                            options_.node));
  const auto last = ask(fmt::format("SELECT count(), max(id) FROM {} WHERE id > {} AND id < {}",
                                    table(), first, first + kNumbersPerNode),
                        {});
  if (!last) return tl::unexpected(last.error());
  if (folder_is_new && partial_)
    return fail(
        Error::Code::Io,
        "ClickHouse: a shard does not answer, so which numbers are free is not known; start "
        "when all do");
  // Behind the last that is stored there may be those of a block that is still to be sent again.
  constexpr std::uint64_t kBlockRowsMax = std::uint64_t{1} << 24;
  const bool none = number_of(last->rows.at(0)[0]) == 0;
  const std::uint64_t next = none ? first + 1 : number_of(last->rows[0][1]) + 1;
  if (folder_is_new) {
    known_.next_id = none ? next : next + kBlockRowsMax;
    return save();
  }
  if (next > std::max(known_.next_id, known_.begun ? known_.begun->next_id : 0))
    return fail(Error::Code::Usage,
                fmt::format("--store-node {}: another endreason stores rows with this node's "
                            "numbers into {}; give each node a number of its own",
                            options_.node, table()));
  return {};
}

// --- schema --------------------------------------------------------------------------------------

Result<void> ClickhouseStore::learn_shard(Node& node, ClickhousePlace& place) {
  place = {address_.database, options_.cluster, 1, node.server.name()};
  auto learned = ask_shard(node.server);
  if (!learned) return tl::unexpected(learned.error());
  place.shard = node.shard = learned->shard;
  shards_ = std::max(shards_.load(), learned->shards);
  return {};
}

Result<ClickhouseStore::ShardOf> ClickhouseStore::ask_shard(ClickhouseServer& server) const {
  if (options_.cluster.empty()) return ShardOf{1, 1};
  const auto shards = server.ask(
      fmt::format("SELECT max(shard_num), groupUniqArray(if(is_local, shard_num, 0)) AS mine, "
                  "arrayStringConcat(arrayMap(x -> toString(x), arrayFilter(x -> x > 0, mine)), "
                  "',') FROM system.clusters WHERE cluster = {}",
                  literal(options_.cluster)),
      1);
  if (!shards) return tl::unexpected(shards.error());
  const std::string mine(text_of(shards->rows.at(0)[2]));
  if (mine.empty() || mine.find(',') != std::string::npos)
    return fail(
        Error::Code::Usage,
        fmt::format("store-cluster: ClickHouse at {} says that it is in {} of cluster {}; "
                    "name a cluster of its configuration (system.clusters)",
                    server.name(), mine.empty() ? "no shard" : "several shards", options_.cluster));
  return ShardOf{std::stoull(mine), number_of(shards->rows[0][0])};
}

Result<void> ClickhouseStore::make_ready(Node& node) {
  if (node.ready) return {};
  const auto version = node.server.ask("SELECT version()", 1);
  if (!version) return tl::unexpected(version.error());
  const ClickhouseFeatures features = features_of(text_of(version->rows.at(0)[0]));
  if (!features.at_least(18, 12))
    return fail(Error::Code::Usage,
                fmt::format("store: ClickHouse at {} is {}; 18.12 or newer is needed",
                            node.server.name(), text_of(version->rows[0][0])));
  ClickhousePlace place;
  if (auto learned = learn_shard(node, place); !learned) return learned;
  for (const auto& statements : {clickhouse_schema(place, features), clickhouse_sums_schema(place)})
    for (const std::string& statement : statements)
      if (auto made = node.server.run(statement); !made) return made;
  for (const auto& [name, columns] :
       {std::pair{clickhouse_local_table(place), clickhouse_columns()},
        {table(), clickhouse_columns()},
        {clickhouse_sums_table(place), clickhouse_sum_columns()},
        {address_.database + ".traffic_sums", clickhouse_sum_columns()}})
    if (auto mended = mend_columns(node, name, columns); !mended) return mended;
  node.ready = true;
  return {};
}

// A table of an older endreason gets the columns and the words that it lacks.
Result<void> ClickhouseStore::mend_columns(Node& node, const std::string& name,
                                           const std::vector<ClickhouseColumn>& columns) {
  const auto there = node.server.ask(
      fmt::format("SELECT name, type FROM system.columns WHERE database = {} AND table = {}",
                  literal(address_.database), literal(name.substr(address_.database.size() + 1))),
      10'000);
  if (!there) return tl::unexpected(there.error());
  std::map<std::string, std::string> types;
  for (const auto& row : there->rows) types[std::string(text_of(row[0]))] = text_of(row[1]);
  for (const ClickhouseColumn& c : columns) {
    const auto found = types.find(c.name);
    const bool other_words =
        found != types.end() && c.type.starts_with("Enum8") && found->second != c.type;
    if (found != types.end() && !other_words) continue;
    if (auto changed = node.server.run(fmt::format("ALTER TABLE {} {} COLUMN \"{}\" {}", name,
                                                   other_words ? "MODIFY" : "ADD", c.name, c.type));
        !changed)
      return changed;
  }
  return {};
}

// --- writing -------------------------------------------------------------------------------------

Result<std::uint64_t> ClickhouseStore::add(const TrafficRecord& record, const Verdict& verdict,
                                           const RowOrigin& origin, const RecordClock& clock) {
  // How many shards there are has to be known, or a session's rows would be scattered.
  if (shards_ == 0) {
    Result<void> ready;
    for (Node& node : nodes_)
      if (ready = make_ready(node); ready) break;
    if (!ready) return tl::unexpected(ready.error());
  }
  const std::uint64_t key = ClickhouseEncoder::session_key(record);
  encoder_.add(open_block(key % shards_), next_id_, record, verdict, origin, clock,
               options_.keep_raw, key);
  return next_id_++;
}

Result<void> ClickhouseStore::add_sender(std::uint16_t id, std::string_view name) {
  if (senders_.size() <= id) senders_.resize(std::size_t{id} + 1);
  senders_[id] = name;
  return {};
}

void ClickhouseStore::begin_stream(StreamRows rows) {
  stream_ = std::move(rows);
  if (stream_->again_from) {
    next_id_ = *stream_->again_from;
    uncertain_ = true;
  }
  first_id_ = next_id_;
}

// Says that rows are going to be sent: for those of the spool in the state; for those of a stream
// where its place is, so that here only their numbers are used up.
Result<void> ClickhouseStore::note_begun(const StoreState& state) {
  if (!stream_) {
    if (uncertain_) return {};
    known_.begun = {next_id_, state};
    return save();
  }
  if (!stream_->again_from) {
    known_.next_id = next_id_;
    if (auto saved = save(); !saved) return saved;
  }
  return stream_->begin(first_id_);
}

Result<void> ClickhouseStore::commit(const StoreState& state) {
  if (auto begun = begin_commit(state); !begun) return begun;
  return finish_commit();
}

// Where it is not certain which rows are there, or the place is kept elsewhere, it is done at once.
Result<void> ClickhouseStore::begin_commit(const StoreState& state) {
  if (sending_.sent.valid())
    if (auto finished = finish_commit(); !finished) return finished;
  sending_.first_id = first_id_;
  sending_.next_id = next_id_;
  sending_.state = state;
  sending_.senders = senders_;
  const bool rows = next_id_ > first_id_;
  if (rows)
    if (auto begun = note_begun(state); !begun) return begun;
  sending_.blocks.swap(blocks_);
  first_id_ = next_id_;
  const auto how = !rows || uncertain_ || stream_ ? std::launch::deferred : std::launch::async;
  sending_.sent = std::async(how, [this, rows] { return rows ? send_blocks() : Result<void>(); });
  return how == std::launch::async ? Result<void>() : finish_commit();
}

bool ClickhouseStore::commit_under_way() const {
  return sending_.sent.valid() &&
         sending_.sent.wait_for(std::chrono::seconds(0)) == std::future_status::timeout;
}

Result<void> ClickhouseStore::finish_commit() {
  if (!sending_.sent.valid()) return {};
  const auto sent = sending_.sent.get();
  clear(sending_.blocks);
  if (!sent) {
    uncertain_ = true;
    return sent;
  }
  keep_committed();
  return save();
}

void ClickhouseStore::keep_committed() {
  known_.state = std::move(sending_.state);
  known_.senders = std::move(sending_.senders);
  if (stream_) {
    end_stream();
    return;
  }
  known_.next_id = sending_.next_id;
  // Numbers that a begun commit used are not used again, whatever became of its rows.
  if (known_.begun) known_.next_id = std::max(known_.next_id, known_.begun->next_id);
  known_.begun.reset();
  next_id_ = std::max(next_id_, known_.next_id);
  first_id_ = std::max(first_id_, known_.next_id);
  uncertain_ = false;
}

void ClickhouseStore::end_stream() {
  stream_.reset();
  first_id_ = next_id_ = known_.next_id;
  uncertain_ = known_.begun.has_value();
}

void ClickhouseStore::roll_back() {
  if (sending_.sent.valid()) static_cast<void>(sending_.sent.get());
  clear(sending_.blocks);
  clear(blocks_);
  senders_ = known_.senders;
  end_stream();
}

std::optional<StoreState> ClickhouseStore::begun() const {
  if (!known_.begun) return std::nullopt;
  return known_.begun->state;
}

std::string ClickhouseStore::insert_name() const {
  return fmt::format("endreason-{}-{}", address_.database, sending_.first_id);
}

ClickhouseBlock& ClickhouseStore::open_block(std::uint64_t shard) {
  if (blocks_.size() <= shard) blocks_.resize(shards_);
  for (ClickhouseBlock& block : blocks_[shard])
    if (block.rows() < kBlockRows) return block;
  // Its columns will be about as large as those before: they need not grow there step by step.
  ClickhouseBlock& next = blocks_[shard].emplace_back();
  for (const ShardBlocks* blocks : {&blocks_, &sending_.blocks})
    if (blocks->size() > shard && !(*blocks)[shard].empty() && &(*blocks)[shard].front() != &next)
      next.reserve_as((*blocks)[shard].front());
  return next;
}

// They are kept, with their memory.
void ClickhouseStore::clear(ShardBlocks& blocks) {
  for (std::vector<ClickhouseBlock>& of_shard : blocks)
    for (ClickhouseBlock& block : of_shard) block.clear();
}

// Several at once as long as nothing is uncertain; what was not taken then, one by one, with every
// replica tried and with the question what of it is there.
Result<void> ClickhouseStore::send_blocks() {
  std::vector<bool> sent;
  if (!uncertain_) send_at_once(sent);
  std::size_t at = 0;
  for (std::size_t shard = 0; shard < sending_.blocks.size(); ++shard)
    for (const ClickhouseBlock& block : sending_.blocks[shard]) {
      const bool done = at < sent.size() && sent[at];
      ++at;
      if (done || block.rows() == 0) continue;
      if (auto one = send(shard + 1, block); !one) return one;
    }
  return {};
}

// A server takes one block on one processor, so more are sent at a time.
void ClickhouseStore::send_at_once(std::vector<bool>& sent) {
  struct Job {
    const ClickhouseBlock* block;
    const std::string* server;
    bool done = false;
  };
  std::vector<Job> jobs;
  for (std::size_t shard = 0; shard < sending_.blocks.size(); ++shard) {
    const auto node = std::find_if(nodes_.begin(), nodes_.end(),
                                   [&](const Node& n) { return n.ready && n.shard == shard + 1; });
    for (const ClickhouseBlock& block : sending_.blocks[shard])
      jobs.push_back({&block, node == nodes_.end() ? nullptr : &node->server.name()});
  }
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = 0; (i = next++) < jobs.size();) {
      Job& job = jobs[i];
      if (job.server == nullptr || job.block->rows() == 0) continue;
      ClickhouseServer server = make_server(*job.server);
      job.done = insert(server, *job.block, {}).has_value();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(jobs.size(), kSendersMax); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  for (const Job& job : jobs) {
    sent.push_back(job.done);
    uncertain_ = uncertain_ || (!job.done && job.server != nullptr && job.block->rows() > 0);
  }
}

Result<void> ClickhouseStore::send(std::uint64_t shard, const ClickhouseBlock& block) {
  Result<void> sent = fail(Error::Code::Io,
                           fmt::format("ClickHouse: no server of shard {} of {} is named; name one",
                                       shard, shards_.load()));
  for (Node& node : nodes_) {
    if (node.ready && node.shard != shard) continue;
    if (auto ready = make_ready(node); !ready) {
      if (node.shard == shard || shards_ == 1) sent = ready;
      continue;
    }
    if (node.shard != shard) continue;
    sent = send_to(node, block);
    if (sent) return sent;
    uncertain_ = true;
  }
  return sent;
}

Result<void> ClickhouseStore::send_to(Node& node, const ClickhouseBlock& block) {
  std::vector<bool> there;
  if (uncertain_) {
    auto found = already_there(node, block);
    if (!found) return tl::unexpected(found.error());
    there = *std::move(found);
    if (std::find(there.begin(), there.end(), false) == there.end()) return {};
  }
  return insert(node.server, block, there);
}

Result<void> ClickhouseStore::insert(ClickhouseServer& server, const ClickhouseBlock& block,
                                     const std::vector<bool>& leave_out) {
  ClickhouseSettings settings;
  settings.query_id = fmt::format("{}-{}", insert_name(), ++attempts_);
  const ClickhousePlace place{address_.database, options_.cluster, 1, {}};
  return server.insert(fmt::format("INSERT INTO {} ({}) FORMAT Native",
                                   clickhouse_local_table(place), block.column_list()),
                       block.native(leave_out).pieces, settings);
}

// Which rows of the block are stored. First an insert that its sender has lost has to end, or it
// would come behind the answer.
Result<std::vector<bool>> ClickhouseStore::already_there(Node& node, const ClickhouseBlock& block) {
  const auto until = std::chrono::steady_clock::now() + kOldInsertTime;
  while (true) {
    const auto busy = node.server.ask(
        fmt::format("SELECT count() FROM system.processes WHERE startsWith(query_id, {})",
                    literal(insert_name() + "-")),
        1);
    if (!busy) return tl::unexpected(busy.error());
    if (number_of(busy->rows.at(0)[0]) == 0) break;
    if (std::chrono::steady_clock::now() > until)
      return fail(Error::Code::Io, fmt::format("ClickHouse at {}: it is still busy with a block "
                                               "that was sent before",
                                               node.server.name()));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  const ClickhousePlace place{address_.database, options_.cluster, node.shard, {}};
  const auto found = node.server.ask(
      fmt::format("SELECT id FROM {} WHERE id >= {} AND id <= {}", clickhouse_local_table(place),
                  block.ids().front(), block.ids().back()),
      UINT64_MAX);
  if (!found) return tl::unexpected(found.error());
  std::set<std::uint64_t> ids;
  for (const auto& row : found->rows) ids.insert(number_of(row[0]));
  std::vector<bool> there;
  for (const std::uint64_t id : block.ids()) there.push_back(ids.contains(id));
  return there;
}

}  // namespace endreason
