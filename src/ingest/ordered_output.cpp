// SPDX-License-Identifier: Apache-2.0
#include "ingest/ordered_output.hpp"

#include <utility>

namespace endreason {

bool OrderedOutput::submit(std::uint64_t sequence, RunResult&& result) {
  std::unique_lock lock(mutex_);
  // The run that everybody waits for is never held up here, so this cannot lock up.
  const std::size_t bytes = result.bytes();
  moved_.wait(lock, [&] { return stopped_ || may_wait(sequence, bytes); });
  if (stopped_) return false;
  waiting_bytes_ += bytes;
  waiting_.emplace(sequence, std::move(result));
  if (writing_) return true;  // whoever writes now takes it along when its turn comes
  writing_ = true;
  while (!stopped_) {
    const auto it = waiting_.find(next_);
    if (it == waiting_.end()) break;
    RunResult ready = std::move(it->second);
    waiting_.erase(it);
    waiting_bytes_ -= ready.bytes();
    lock.unlock();
    const bool go_on = write_(ready);
    lock.lock();
    ++next_;
    if (!go_on) stopped_ = true;
    moved_.notify_all();
  }
  writing_ = false;
  return !stopped_;
}

bool OrderedOutput::may_wait(std::uint64_t sequence, std::size_t bytes) const {
  const std::uint64_t ahead = sequence - next_;
  return ahead < ahead_max_ ||
         (ahead < ahead_max_ * kSmallFactor && waiting_bytes_ + bytes <= kSmallBytes);
}

bool OrderedOutput::stopped() const {
  const std::scoped_lock lock(mutex_);
  return stopped_;
}

void OrderedOutput::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  moved_.notify_all();
}

}  // namespace endreason
