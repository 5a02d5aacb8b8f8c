// SPDX-License-Identifier: Apache-2.0
#include "ingest/run_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace endreason {
namespace {

constexpr unsigned kSpins = 1000;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

// One input as the cutter reads it: the bytes of its pieces in order.
class RunQueue::PieceSource final : public ByteSource {
 public:
  PieceSource(RunQueue& queue, std::string name) : queue_(queue), name_(std::move(name)) {}

  // Never beyond a piece, so that the cutter comes to rest where one ends.
  Result<std::size_t> read(std::span<char> buffer) override {
    while (queue_.at_boundary())
      if (!queue_.turn_page()) return 0;
    const std::string_view rest = queue_.reading_.padded().text().substr(queue_.read_);
    if (rest.empty() && queue_.reading_.error) return tl::unexpected(*queue_.reading_.error);
    const std::size_t count = std::min(buffer.size(), rest.size());
    if (count > 0) std::memcpy(buffer.data(), rest.data(), count);
    queue_.read_ += count;
    return count;
  }
  std::string_view name() const override { return name_; }
  // As a pipe: what one read gives is a run.
  std::optional<std::uint64_t> size_hint() const override { return std::nullopt; }
  std::uint64_t position() const override { return 0; }  // the supply knows

 private:
  RunQueue& queue_;
  std::string name_;
};

RunQueue::RunQueue(std::vector<Input> inputs, const LineReaderOptions& reader,
                   std::size_t run_bytes, InputOpener open, unsigned threads, bool lend, bool guess)
    : guesses_(guess),
      direct_(threads == 1 || guess),
      supply_(direct_ ? std::vector<Input>{} : inputs, open, std::max<std::size_t>(run_bytes, 64),
              threads),
      cutter_(
          std::move(inputs), reader, run_bytes,
          direct_ ? std::move(open) : [this](const Input& input) { return open_next(input); }) {
  if (!direct_) return;
  cutter_.leave_survey();
  if (lend || guess) cutter_.lend();
}

void RunQueue::read_up_to(const Run& run, std::size_t offset, std::uint64_t line) {
  const std::scoped_lock lock(mutex_);
  if (!guesses_) return cutter_.read_up_to(run, offset, line);
  if (offset < run.text().size()) guessed_wrong_ = stopped_ = true;
}

void RunQueue::broke_off(std::uint32_t file, std::uint64_t line) {
  const std::scoped_lock lock(mutex_);
  cutter_.broke_off(file, line);
}

bool RunQueue::next(Run& run, const std::function<void(std::uint64_t)>& progress) {
  std::unique_lock lock(mutex_);
  if (!(direct_ ? next_of_cutter(run) : next_of_many(run, lock))) return false;
  if (progress) progress(direct_ ? cutter_.position() : supply_.position());
  return true;
}

bool RunQueue::next_of_cutter(Run& run) {
  if (stopped_ || !cutter_.next(run)) return false;
  if (guesses_ && run.kind != Run::Kind::Lines) guessed_wrong_ = stopped_ = true;
  return !stopped_;
}

void RunQueue::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  changed();
}

void RunQueue::changed() {
  changes_.fetch_add(1, std::memory_order_relaxed);
  changed_.notify_all();
}

// Mostly somebody is but a few microseconds behind: less than it takes to fall asleep and wake up.
void RunQueue::wait(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t seen = changes_.load(std::memory_order_relaxed);
  const auto unchanged = [&] { return changes_.load(std::memory_order_relaxed) == seen; };
  lock.unlock();
  for (unsigned i = 0; i < kSpins && unchanged(); ++i) pause();
  lock.lock();
  changed_.wait(lock, [&] { return !unchanged(); });
}

bool RunQueue::next_of_many(Run& run, std::unique_lock<std::mutex>& lock) {
  std::optional<std::uint64_t> brought;  // the ticket of the piece that this worker has brought
  for (;;) {
    if (stopped_ || over_) return false;
    if (!cutting_) {
      const auto next = arrived_.find(turn_);
      const bool whole = next != arrived_.end() && at_boundary() && cutter_.at_rest() &&
                         cutter_.take_whole(next->second.piece, next->second.survey, run);
      if (whole) {
        arrived_.erase(next);
        ++turn_;
        changed();
        return true;
      }
      const bool nothing_comes = supply_over_ && taking_ == 0;
      if (next != arrived_.end() || !at_boundary() || !cutter_.at_rest() || nothing_comes)
        return cut(run, lock);
    }
    if (supply_over_ || (brought && *brought >= turn_)) {
      wait(lock);
      continue;
    }
    std::uint64_t ticket = 0;
    if (take_piece(std::move(run.bytes), lock, ticket)) brought = ticket;
    run.bytes = {};
  }
}

// The long way: the cutter reads.
bool RunQueue::cut(Run& run, std::unique_lock<std::mutex>& lock) {
  cutting_ = true;
  lock.unlock();
  const bool got = cutter_.next(run);
  lock.lock();
  cutting_ = false;
  over_ = !got;
  changed();
  return got;
}

// Gets one from the supply, in `memory`, without the lock.
bool RunQueue::take_piece(Chunk memory, std::unique_lock<std::mutex>& lock, std::uint64_t& ticket) {
  ++taking_;
  lock.unlock();
  Surveyed brought;
  brought.piece.bytes = std::move(memory);
  const bool got = supply_.take(brought.piece);
  if (got) brought.survey = cutter_.survey(brought.piece);
  lock.lock();
  --taking_;
  if (got) {
    ticket = brought.piece.ticket;
    arrived_.emplace(ticket, std::move(brought));
  } else {
    supply_over_ = true;
  }
  changed();
  return got;
}

// Called by the worker that has the cutter: it waits for whoever has the piece, or gets it.
bool RunQueue::turn_page() {
  Chunk memory = std::move(reading_.bytes);
  reading_ = {};
  read_ = 0;
  input_over_ = false;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (const auto next = arrived_.find(turn_); next != arrived_.end()) {
      reading_ = std::move(next->second.piece);
      input_over_ = reading_.ends;
      arrived_.erase(next);
      ++turn_;
      changed();
      return true;
    }
    if (supply_.taken() > turn_) {
      wait(lock);
    } else if (supply_over_) {
      return false;
    } else {
      std::uint64_t ticket = 0;
      take_piece(std::exchange(memory, {}), lock, ticket);
    }
  }
}

Result<std::unique_ptr<ByteSource>> RunQueue::open_next(const Input& input) {
  const std::uint32_t index = opened_++;
  // Pieces of an input that ended before them, because it had become shorter, are passed over.
  while (turn_page() && reading_.input != index) {
  }
  if (!reading_.source && reading_.error) {
    Error error = std::move(*reading_.error);
    reading_ = {};
    input_over_ = false;
    return tl::unexpected(std::move(error));
  }
  return std::make_unique<PieceSource>(*this, input.path);
}

}  // namespace endreason
