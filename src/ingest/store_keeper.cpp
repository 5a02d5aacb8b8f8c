// SPDX-License-Identifier: Apache-2.0
#include "ingest/store_keeper.hpp"

#include <algorithm>
#include <chrono>

namespace endreason {
namespace {

constexpr std::int64_t kMicrosPerDay = std::int64_t{86'400} * 1'000'000;

}  // namespace

void StoreKeeper::start() {
  thread_ = std::thread([this] { work(); });
}

void StoreKeeper::stop() {
  stopping_ = true;
  {
    const std::scoped_lock lock(mutex_);
    wakes_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void StoreKeeper::change(KeepLimits limits) {
  const std::scoped_lock lock(mutex_);
  limits_ = limits;
}

// What fails is tried again later.
void StoreKeeper::work() {
  constexpr auto kPause = std::chrono::milliseconds(200);
  constexpr auto kQuiet = std::chrono::seconds(10);
  auto limits_checked = std::chrono::steady_clock::time_point{};
  auto busy_until = std::chrono::steady_clock::now() + kQuiet;
  std::uint64_t behind = 0;
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    if (const std::uint64_t rows = store_.rows_behind(); rows != behind) {
      behind = rows;
      busy_until = now + kQuiet;
    }
    auto done = store_.maintain(now >= busy_until);
    if (done && *done) continue;
    if (now - limits_checked >= std::chrono::minutes(1)) {
      limits_checked = now;
      static_cast<void>(keep_limits());
    }
    std::unique_lock lock(mutex_);
    wakes_.wait_for(lock, kPause, [this] { return stopping_.load(); });
  }
}

Result<std::uint64_t> StoreKeeper::keep_limits() {
  KeepLimits limits;
  {
    const std::scoped_lock lock(mutex_);
    limits = limits_;
  }
  std::uint64_t removed = 0;
  if (limits.days != 0) {
    // Counted back from the newest row where that is earlier: a clock of ours that jumps ahead must
    // not remove everything.
    const auto stored = store_.span({});
    if (!stored) return tl::unexpected(stored.error());
    if (!stored->last) return removed;
    const std::int64_t newest = std::min(now_micros_(), *stored->last);
    const auto old = store_.remove_before(newest - limits.days * kMicrosPerDay);
    if (!old) return old;
    removed += *old;
  }
  if (limits.bytes != 0) {
    const auto beyond = store_.remove_beyond(limits.bytes);
    if (!beyond) return beyond;
    removed += *beyond;
  }
  return removed;
}

}  // namespace endreason
