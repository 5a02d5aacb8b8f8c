// SPDX-License-Identifier: Apache-2.0
// Ingestor: takes what is received into the spool, and a thread of its own brings it from there
// into the store: lines -> records -> verdicts -> rows. The place in the spool is committed with
// the rows, so a row is neither lost nor stored twice, whenever the process ends.
//
// Messages of Kafka do not go through the spool: Kafka keeps them until the group's place is
// committed, which is done behind the rows.
//
//   received = stored + duplicates + spooled + rejected + other + blank
//
// holds at every moment. What is spooled is counted in lines; a document of several records counts
// its elements once it has been read.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "ingest/seen_rows.hpp"
#include "ingest/spool.hpp"
#include "ingest/store_keeper.hpp"
#include "ingest/stream_blocks.hpp"
#include "model/engine_facts_text.hpp"
#include "model/record_clock.hpp"
#include "parse/line_reader.hpp"
#include "sources/file_place.hpp"
#include "store/store.hpp"
#include "verdict/judge.hpp"

namespace endreason {

struct IngestOptions {
  SpoolOptions spool;
  LineReaderOptions reader;
  Ruleset ruleset = Ruleset::Standard;
  Timers timers;
  RecordClock clock;
  std::uint64_t commit_rows = 491'520;  // four row groups of the database
  std::chrono::milliseconds commit_after{1000};
  // Rows older than so many days are removed; 0: none.
  std::uint32_t keep_days = 0;
  std::uint64_t keep_bytes = 0;              // of the database; 0: no limit
  std::function<std::int64_t()> now_micros;  // the wall clock
  KafkaOptions kafka;
};

// What may change while rows are taken.
struct IngestChange {
  Ruleset ruleset = Ruleset::Standard;
  Timers timers;
  RecordClock clock;
  std::uint32_t keep_days = 0;
  std::uint64_t keep_bytes = 0;
};

// What became of what one sender sent, or all of them.
struct IngestCounts {
  std::uint64_t bytes{}, stored{}, duplicates{}, rejected{}, other{}, blank{};
  std::uint64_t lines() const { return stored + duplicates + rejected + other + blank; }
  void add(const IngestCounts& more);
  IngestCounts since(const IngestCounts& before) const;
};

struct RejectedLine {
  std::int64_t time_micros{};
  std::string sender;
  std::uint64_t line{};  // within what was received at once
  std::string column, expected, found, text;
};

// StoreAway: the database is elsewhere and takes no rows; what is received waits in the spool.
enum class IngestState : std::uint8_t { Running, SpoolFull, DiskFull, StoreAway, Draining };
std::string_view log_name(IngestState state);

struct IngestSnapshot {
  IngestState state{};
  IngestCounts total;
  std::uint64_t spooled{};  // lines
  std::uint64_t received() const { return total.lines() + spooled; }
  struct Sender {
    std::string name;
    IngestCounts counts;
    std::uint64_t dropped{};
    std::int64_t last_micros{};
  };
  std::vector<Sender> senders;
  std::map<std::string, std::uint64_t, std::less<>> other_types;
  std::vector<RejectedLine> rejects;  // the last of them, newest first
  std::uint64_t spool_bytes{}, spool_bytes_max{}, damaged_bytes{};
  std::string problem;  // why it does not take anything, if it does not
};

// How senders of captures' rows are called: their lines stand behind words of the session engine
// (model/engine_facts_text.hpp).
inline constexpr std::string_view kCaptureSender = "capture ";

// And of messages from Kafka: "kafka topic/3".
inline constexpr std::string_view kKafkaSender = "kafka ";

// Looks at rows as they are stored, on the ingestor's thread.
using RowWatcher = std::function<void(const TrafficRecord&, const Verdict&, std::uint64_t id)>;

enum class WatchSlot : std::uint8_t { Tail, Alerts };

class Ingestor {
 public:
  // The store must live longer.
  Ingestor(Store& store, IngestOptions options);
  ~Ingestor();
  Ingestor(const Ingestor&) = delete;
  Ingestor& operator=(const Ingestor&) = delete;

  // Opens the spool, learns what is stored, and starts the thread.
  [[nodiscard]] Result<void> start();
  // Whole lines (each with its newline), or one document. Any thread. Not taken: the caller may
  // come again, or count what it drops.
  SpoolAppend take(std::string_view sender, std::string_view text);
  // A part of a file, with the place behind it, which is kept with the rows: places() has it at
  // once and after each start. Nothing but a place may be kept too.
  SpoolAppend take_part(std::string_view sender, std::string_view text, std::string_view key,
                        const FilePlace& place);
  FilePlaces places() const;
  void forget_place(std::string_view key);
  // Removes what is older or more than is to be kept; gives how many rows. Done every minute.
  [[nodiscard]] Result<std::uint64_t> keep_limits() { return keeper_.keep_limits(); }
  void count_dropped(std::string_view sender, std::uint64_t messages);
  // Returns when everything received has been committed, or after `most`.
  bool drain(std::chrono::milliseconds most);
  // Ends the thread; what is in the spool stays there for the next time.
  void stop();
  // Acts on what is read from the spool from now on. Any thread.
  void change(IngestChange next);

  IngestSnapshot snapshot() const;
  // One watcher a slot; an empty function takes it away, and it is not called any more then.
  void watch(RowWatcher watcher, WatchSlot slot = WatchSlot::Tail);
  // Sequence numbers that are missing, by "serial\x1fvsys".
  std::map<std::string, SeqnoSet::Gaps> gaps(std::size_t newest) const;
  std::map<std::string, std::uint64_t> duplicates_by_serial() const;

 private:
  static constexpr std::string_view kStreamPlace = "kafka.";  // "kafka.GROUP.topic/3", in the state
  struct Sender {
    std::string name;
    IngestCounts committed, pending;
    std::uint64_t dropped{};
    std::int64_t last_micros{};
  };
  void take_change();
  Result<void> learn_state();
  Result<void> learn_seen_rows();
  void learn_begun();
  bool learn_at_last();
  void note_store_away(const std::string& problem);
  std::uint16_t sender_number(std::string_view name);
  void work();
  SpoolAppend append(std::string_view sender, std::string_view text, std::string_view place);
  bool process(const SpoolFrame& frame);
  bool store_row(TrafficRecord& record, const SpoolFrame& frame, IngestCounts& counts);
  void learn_engine_facts(TrafficRecord& record);
  bool is_copy(const TrafficRecord& record);
  void note_reject(const SpoolFrame& frame, const TrafficRecord& record, const Reject& reject);
  bool commit();
  bool begin_commit();
  bool finish_commit();
  StoreState state_to_commit() const;
  void fall_back(const std::string& problem);
  void take_again_when_there_is_room();
  bool work_on_streams();
  Result<void> start_streams();
  bool store_block(StreamBlock& block);
  Result<void> begin_block(StreamBlock& block, std::uint64_t first_id);
  std::string stream_key(const std::string& partition) const;

  Store& store_;
  IngestOptions options_;
  Spool spool_;
  LineReader reader_;
  RecordClock clock_;
  TrafficRecord record_;
  std::thread thread_;
  StoreKeeper keeper_;
  std::atomic<bool> stopping_{false};

  // Of the thread.
  SpoolPosition position_, committed_position_;
  std::uint16_t frame_sender_ = 0;  // who sent the frame that is read
  bool frame_of_engine_ = false;
  ReadEngineFacts facts_;
  bool seen_unknown_ = false;                 // which rows are stored is still to be learned
  std::optional<SpoolPosition> again_until_;  // where a commit ends that was begun before
  std::string sender_name_;
  std::uint64_t rows_pending_ = 0;
  std::uint64_t lines_pending_ = 0;  // as the spool counts them
  std::chrono::steady_clock::time_point pending_since_{};
  struct AddedKey {
    SeqnoSet* set;
    std::uint64_t number;
  };
  std::vector<AddedKey> keys_pending_;
  std::map<std::string, std::uint64_t, std::less<>> types_pending_;
  FilePlaces places_pending_;
  using StreamPlaces = std::map<std::string, std::uint64_t>;  // by stream_key()
  StreamPlaces streams_committed_, streams_pending_;
  bool replaying_ = false;     // rows of a block that another began: copies are not looked for
  bool streams_away_ = false;  // a block waits since the store or Kafka refused
  bool begin_failed_ = false;  // it was Kafka
  std::unique_ptr<StreamBlocks> blocks_;
  std::unique_ptr<KafkaConsumer> consumer_;
  // What the database is committing, while what is pending grows again.
  struct Committing {
    SpoolPosition position;  // behind it
    std::uint64_t lines;
    std::vector<IngestCounts> counts;  // by sender
    std::size_t senders;               // so many of senders_to_store_
    std::map<std::string, std::uint64_t, std::less<>> types;
    FilePlaces places;
    std::vector<AddedKey> keys;
    StreamPlaces streams;
  };
  std::optional<Committing> committing_;

  mutable std::mutex mutex_;  // guards what is below
  std::vector<Sender> senders_;
  std::map<std::string, std::uint16_t, std::less<>> sender_numbers_;
  std::vector<std::uint16_t> senders_to_store_;
  std::map<std::string, std::uint64_t, std::less<>> types_committed_;
  std::map<std::string, std::uint64_t> duplicates_by_serial_;
  FilePlaces places_, places_committed_;
  std::set<std::string, std::less<>> places_forgotten_;  // frames of theirs may still wait
  std::deque<RejectedLine> rejects_;
  IngestState state_ = IngestState::Running;
  std::string problem_;
  std::optional<IngestChange> change_;  // to be taken by the thread
  std::atomic<bool> changed_{false};

  mutable std::mutex seen_mutex_;
  SeenRows seen_;

  mutable std::mutex watcher_mutex_;
  std::array<RowWatcher, 2> watchers_;  // by slot
  std::atomic<bool> watched_{false};
};

}  // namespace endreason
