// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingestor.hpp"

#include <cstring>
#include <utility>

#include "base/parse_number.hpp"
#include "ingest/run_cutter.hpp"
#include "sources/memory_source.hpp"

namespace endreason {
namespace {

constexpr std::size_t kSendersMax = 4096;
constexpr std::string_view kOtherSenders = "others";
constexpr std::size_t kRejectsKept = 100;
constexpr std::size_t kRejectTextMax = 2000;

// How many lines a text has; the last need not end.
std::uint32_t lines_in(std::string_view text) {
  std::uint32_t lines = 0;
  while (!text.empty()) {
    ++lines;
    const void* end = std::memchr(text.data(), '\n', text.size());
    if (end == nullptr) break;
    text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(end) - text.data()) + 1);
  }
  return lines;
}

}  // namespace

std::string_view log_name(IngestState state) {
  switch (state) {
    case IngestState::Running:
      return "running";
    case IngestState::SpoolFull:
      return "spool-full";
    case IngestState::DiskFull:
      return "disk-full";
    case IngestState::StoreAway:
      return "store-away";
    case IngestState::Draining:
      return "draining";
  }
  return "";
}

void IngestCounts::add(const IngestCounts& more) {
  bytes += more.bytes;
  stored += more.stored;
  duplicates += more.duplicates;
  rejected += more.rejected;
  other += more.other;
  blank += more.blank;
}

IngestCounts IngestCounts::since(const IngestCounts& before) const {
  return {bytes - before.bytes,       stored - before.stored, duplicates - before.duplicates,
          rejected - before.rejected, other - before.other,   blank - before.blank};
}

Ingestor::Ingestor(Store& store, IngestOptions options)
    : store_(store),
      options_(std::move(options)),
      spool_(options_.spool),
      reader_(options_.reader),
      clock_(options_.clock),
      keeper_(store, {options_.keep_days, options_.keep_bytes}, options_.now_micros) {
  if (const std::uint64_t most = store_.rows_of_a_commit(); most != 0)
    options_.commit_rows = std::min(options_.commit_rows, most);
}

Ingestor::~Ingestor() {
  stop();
}

Result<void> Ingestor::start() {
  if (auto learned = learn_state(); !learned) return learned;
  if (auto learned = learn_seen_rows(); !learned) {
    // What comes is received meanwhile, and stored once the database says what it has.
    if (!store_.elsewhere()) return learned;
    seen_unknown_ = true;
    note_store_away(learned.error().message);
  }
  const auto waits = [this](std::string_view bytes) {
    std::string_view key;
    FilePlace place;
    if (read_place(bytes, key, place)) places_.insert_or_assign(std::string(key), place);
  };
  if (auto opened = spool_.open(committed_position_, waits); !opened) return opened;
  if (auto started = start_streams(); !started) return started;
  thread_ = std::thread([this] { work(); });
  keeper_.start();
  return {};
}

Result<void> Ingestor::learn_seen_rows() {
  return store_.read_seqnos(
      [this](std::string_view serial, std::string_view vsys, std::uint64_t seqno) {
        const std::scoped_lock lock(seen_mutex_);
        if (SeqnoSet* const set = seen_.of(serial, vsys)) set->insert(seqno);
      });
}

void Ingestor::note_store_away(const std::string& problem) {
  const std::scoped_lock lock(mutex_);
  if (state_ != IngestState::Draining)
    state_ = store_.elsewhere() ? IngestState::StoreAway : IngestState::DiskFull;
  problem_ = problem;
}

// The database was away when this began. False: it still is.
bool Ingestor::learn_at_last() {
  const auto learned = learn_seen_rows();
  if (!learned) {
    note_store_away(learned.error().message);
    for (int i = 0; i < 20 && !stopping_; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return false;
  }
  seen_unknown_ = false;
  const std::scoped_lock lock(mutex_);
  if (state_ == IngestState::StoreAway) state_ = IngestState::Running;
  problem_.clear();
  return true;
}

std::uint16_t Ingestor::sender_number(std::string_view name) {
  if (const auto found = sender_numbers_.find(name); found != sender_numbers_.end())
    return found->second;
  if (senders_.size() >= kSendersMax && name != kOtherSenders && !name.starts_with(kKafkaSender))
    return sender_number(kOtherSenders);
  const auto number = static_cast<std::uint16_t>(senders_.size());
  senders_.push_back({std::string(name), {}, {}, 0, 0});
  sender_numbers_.emplace(name, number);
  senders_to_store_.push_back(number);
  return number;
}

SpoolAppend Ingestor::take(std::string_view sender, std::string_view text) {
  return text.empty() ? SpoolAppend::Taken : append(sender, text, {});
}

SpoolAppend Ingestor::take_part(std::string_view sender, std::string_view text,
                                std::string_view key, const FilePlace& place) {
  const SpoolAppend taken = append(sender, text, place_bytes(key, place));
  if (taken != SpoolAppend::Taken) return taken;
  const std::scoped_lock lock(mutex_);
  places_.insert_or_assign(std::string(key), place);
  if (const auto again = places_forgotten_.find(key); again != places_forgotten_.end())
    places_forgotten_.erase(again);
  return taken;
}

FilePlaces Ingestor::places() const {
  const std::scoped_lock lock(mutex_);
  return places_;
}

void Ingestor::forget_place(std::string_view key) {
  const std::scoped_lock lock(mutex_);
  if (const auto known = places_.find(key); known != places_.end()) places_.erase(known);
  if (const auto known = places_committed_.find(key); known != places_committed_.end())
    places_committed_.erase(known);
  places_forgotten_.emplace(key);
}

SpoolAppend Ingestor::append(std::string_view sender, std::string_view text,
                             std::string_view place) {
  const std::uint32_t lines = lines_in(text);
  const std::int64_t now = options_.now_micros();
  {
    const std::scoped_lock lock(mutex_);
    if (state_ == IngestState::Draining) return SpoolAppend::Full;
  }
  const SpoolAppend taken = spool_.append(sender, now, lines, text, place);
  const std::scoped_lock lock(mutex_);
  if (taken == SpoolAppend::Taken) {
    if (!text.empty()) senders_[sender_number(sender)].last_micros = now;
    if (state_ == IngestState::SpoolFull) state_ = IngestState::Running;
  } else if (taken == SpoolAppend::Full) {
    if (state_ == IngestState::Running) state_ = IngestState::SpoolFull;
  } else {
    if (state_ != IngestState::Draining) state_ = IngestState::DiskFull;
    problem_ = spool_.failure();
  }
  return taken;
}

void Ingestor::count_dropped(std::string_view sender, std::uint64_t messages) {
  const std::scoped_lock lock(mutex_);
  senders_[sender_number(sender)].dropped += messages;
}

void Ingestor::change(IngestChange next) {
  const std::scoped_lock lock(mutex_);
  change_ = std::move(next);
  changed_ = true;
}

// --- the thread ----------------------------------------------------------------------------------

void Ingestor::work() {
  SpoolFrame frame;
  while (!stopping_) {
    if (changed_) take_change();
    if (seen_unknown_ && !learn_at_last()) continue;
    if (committing_ && !store_.commit_under_way() && !finish_commit()) continue;
    if (consumer_ && work_on_streams()) continue;
    const bool there = spool_.read(position_, frame);
    if (there) {
      if (lines_pending_ == 0) pending_since_ = std::chrono::steady_clock::now();
      if (!process(frame)) continue;
      position_ = frame.end;
      lines_pending_ += frame.lines;
    }
    if (again_until_) {
      // Rows that may be stored already: to their end, and no further. What has been lost of the
      // spool does not come any more.
      if (there && position_ < *again_until_) continue;
      again_until_.reset();
      if (lines_pending_ > 0) static_cast<void>(commit());
      continue;
    }
    // While more keeps coming, large transactions are cheaper; when it stops, nobody should wait.
    const auto patience = there ? options_.commit_after : options_.commit_after / 4;
    const bool overdue = lines_pending_ > 0 && !store_.commit_under_way() &&
                         (std::chrono::steady_clock::now() - pending_since_ >= patience ||
                          (!there && spool_.nearly_full()));
    if (rows_pending_ >= options_.commit_rows || overdue) static_cast<void>(begin_commit());
    if (there || (committing_ && !finish_commit())) continue;
    if (lines_pending_ == 0) {
      take_again_when_there_is_room();
    }
    spool_.wait(std::chrono::milliseconds(lines_pending_ > 0 ? 20 : consumer_ ? 10 : 200));
  }
  if (lines_pending_ > 0) {
    static_cast<void>(commit());
  } else if (committing_) {
    static_cast<void>(finish_commit());
  }
  consumer_.reset();  // leaves the group: others take its partitions at once
}

void Ingestor::take_change() {
  const std::scoped_lock lock(mutex_);
  changed_ = false;
  options_.ruleset = change_->ruleset;
  options_.timers = change_->timers;
  keeper_.change({change_->keep_days, change_->keep_bytes});
  clock_ = std::move(change_->clock);
  change_.reset();
}

// False when the rows could not be added; everything since the last commit comes again then.
bool Ingestor::process(const SpoolFrame& frame) {
  std::string_view key;
  FilePlace place;
  if (read_place(frame.place(), key, place))
    places_pending_.insert_or_assign(std::string(key), place);
  if (frame.text().empty()) return true;
  IngestCounts counts;
  counts.bytes = frame.text().size();
  frame_of_engine_ = frame.sender().starts_with(kCaptureSender);
  {
    const std::scoped_lock lock(mutex_);
    frame_sender_ = sender_number(frame.sender());
    sender_name_ = senders_[frame_sender_].name;
  }
  RunCutter cutter({Input{"", counts.bytes}}, options_.reader, counts.bytes + 1,
                   [&](const Input&) -> Result<std::unique_ptr<ByteSource>> {
                     return std::make_unique<MemorySource>(frame.text());
                   });
  Run run;
  ReadStatus status;
  bool well = true;
  const auto take = [&] {
    switch (status.kind) {
      case ReadKind::Traffic:
        well = well && store_row(record_, frame, counts);
        break;
      case ReadKind::Other:
        ++counts.other;
        ++types_pending_[std::string(status.type)];
        break;
      case ReadKind::Blank:
        ++counts.blank;
        break;
      case ReadKind::Rejected:
        ++counts.rejected;
        note_reject(frame, record_, status.reject);
        break;
    }
  };
  const auto take_whole = [&] {
    record_.reset(run.bytes.text().data());
    record_.raw = run.bytes.text();
    record_.line = run.first_line;
    take();
  };
  while (well && cutter.next(run)) {
    switch (run.kind) {
      case Run::Kind::Lines:
        reader_.start(run.bytes.padded(), run.first_line, 0, run.layout);
        while (well && reader_.next(record_, status)) take();
        break;
      case Run::Kind::Elements:
        for (const Run::Element& e : run.elements) {
          reader_.read_element(run.bytes.text().substr(e.offset, e.length), e.end, e.line, 0,
                               record_, status);
          take();
        }
        break;
      case Run::Kind::Header:
        status = {ReadKind::Other, "HEADER", {}};
        take_whole();
        break;
      case Run::Kind::TooLong:
        status = {ReadKind::Rejected, {}, {}};
        status.reject.reason = RejectReason::TooLong;
        status.reject.expected = "a record of at most 1 MiB";
        status.reject.found = run.bytes.text().substr(0, 80);
        take_whole();
        break;
    }
  }
  if (!well) return false;
  const std::scoped_lock lock(mutex_);
  senders_[frame_sender_].pending.add(counts);
  return true;
}

// A row of a capture is the engine's own: its facts are those of the word in front of the line.
void Ingestor::learn_engine_facts(TrafficRecord& record) {
  if (!facts_.read(record.raw.substr(0, record.raw.find(' ')))) return;
  record.format = InputFormat::Engine;
  record.engine = &facts_.facts();
}

bool Ingestor::store_row(TrafficRecord& record, const SpoolFrame& frame, IngestCounts& counts) {
  if (is_copy(record) && !replaying_) {
    ++counts.duplicates;
    store_.pass_over();
    return true;
  }
  record.file = frame_sender_;
  if (frame_of_engine_) learn_engine_facts(record);
  const Verdict verdict = judge(record, options_.ruleset, options_.timers);
  const auto id =
      store_.add(record, verdict, {frame.received_micros, frame_sender_, sender_name_}, clock_);
  if (!id) {
    fall_back(id.error().message);
    return false;
  }
  ++counts.stored;
  ++rows_pending_;
  if (watched_ && !replaying_) [[unlikely]] {
    const std::scoped_lock lock(watcher_mutex_);
    for (const RowWatcher& watcher : watchers_)
      if (watcher) watcher(record, verdict, *id);
  }
  return true;
}

// Rows without a sequence number are never taken for copies.
bool Ingestor::is_copy(const TrafficRecord& record) {
  std::uint64_t seqno = 0;
  const std::string_view serial = record.text(Field::Serial);
  if (serial.empty() || !parse_decimal(record.text(Field::Seqno), seqno) || seqno == 0)
    return false;
  SeqnoSet* set = nullptr;
  {
    const std::scoped_lock lock(seen_mutex_);
    set = seen_.of(serial, record.text(Field::Vsys));
    if (set == nullptr) return false;
    if (set->insert(seqno)) {
      keys_pending_.push_back({set, seqno});
      return false;
    }
  }
  const std::scoped_lock lock(mutex_);
  ++duplicates_by_serial_[std::string(serial)];
  return true;
}

void Ingestor::note_reject(const SpoolFrame& frame, const TrafficRecord& record,
                           const Reject& reject) {
  RejectedLine line;
  line.time_micros = frame.received_micros;
  line.line = record.line;
  line.column = reject.column_name;
  line.expected = reject.expected.empty()
                      ? kRejectReasons[static_cast<std::size_t>(reject.reason)].meaning
                      : reject.expected;
  line.found = reject.found.substr(0, kRejectTextMax);
  line.text = record.raw.substr(0, kRejectTextMax);
  const std::scoped_lock lock(mutex_);
  line.sender = senders_[frame_sender_].name;
  rejects_.push_front(std::move(line));
  if (rejects_.size() > kRejectsKept) rejects_.pop_back();
}

// Everything is stored. Senders that were turned away may ask whether rows are taken before they
// come again, so the answer must not wait for them.
void Ingestor::take_again_when_there_is_room() {
  const std::scoped_lock lock(mutex_);
  if (state_ != IngestState::SpoolFull && state_ != IngestState::DiskFull) return;
  if (!spool_.disk_has_room()) return;
  state_ = IngestState::Running;
  problem_.clear();
}

// --- from outside --------------------------------------------------------------------------------

bool Ingestor::drain(std::chrono::milliseconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (std::chrono::steady_clock::now() < until) {
    if (spool_.waiting().lines == 0) return true;
    spool_.wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return spool_.waiting().lines == 0;
}

void Ingestor::stop() {
  {
    const std::scoped_lock lock(mutex_);
    state_ = IngestState::Draining;
  }
  stopping_ = true;
  spool_.wake();
  keeper_.stop();
  if (thread_.joinable()) thread_.join();
}

IngestSnapshot Ingestor::snapshot() const {
  IngestSnapshot s;
  const std::scoped_lock lock(mutex_);
  const Spool::Waiting waiting = spool_.waiting();
  s.state = state_;
  s.spooled = waiting.lines;
  s.spool_bytes = waiting.bytes;
  s.spool_bytes_max = spool_.bytes_max();
  s.damaged_bytes = spool_.damaged_bytes();
  for (const Sender& sender : senders_) {
    s.total.add(sender.committed);
    s.senders.push_back({sender.name, sender.committed, sender.dropped, sender.last_micros});
  }
  s.other_types = types_committed_;
  s.rejects.assign(rejects_.begin(), rejects_.end());
  s.problem = problem_.empty() && spool_.read_refused() ? spool_.failure() : problem_;
  return s;
}

void Ingestor::watch(RowWatcher watcher, WatchSlot slot) {
  const std::scoped_lock lock(watcher_mutex_);
  watchers_[static_cast<std::size_t>(slot)] = std::move(watcher);
  watched_ = watchers_[0] || watchers_[1];
}

std::map<std::string, SeqnoSet::Gaps> Ingestor::gaps(std::size_t newest) const {
  std::map<std::string, SeqnoSet::Gaps> found;
  const std::scoped_lock lock(seen_mutex_);
  for (const auto& [key, set] : seen_.all()) found.emplace(key, set.gaps(newest));
  return found;
}

std::map<std::string, std::uint64_t> Ingestor::duplicates_by_serial() const {
  const std::scoped_lock lock(mutex_);
  return duplicates_by_serial_;
}

}  // namespace endreason
