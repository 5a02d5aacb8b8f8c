// SPDX-License-Identifier: Apache-2.0
#include "dataplane/lane_flow.hpp"

#include <algorithm>
#include <cassert>

#include "base/worker_team.hpp"

namespace endreason {
namespace {

// A thread reads rather than tracks while fewer batches than these wait.
constexpr std::uint64_t kReadFirst = 3;

}  // namespace

LaneFlow::LaneFlow(unsigned lanes, unsigned batches)
    : batches_(batches), rows_(row_batches(lanes)), lanes_(lanes), lines_(lanes) {}

LaneFlow::Work LaneFlow::take(unsigned thread) {
  for (;;) {
    const std::uint32_t seen = changes_.load(std::memory_order_acquire);
    if (const auto work = try_take(thread)) return *work;
    await_change(changes_, seen);
  }
}

// What others wait for comes first, then the thread's own lane.
std::optional<LaneFlow::Work> LaneFlow::try_take(unsigned thread) {
  const std::lock_guard lock(mutex_);
  if (!parting_ && parted_ < written_ && lines_[parted_ % lines_.size()]) {
    parting_ = true;
    return Work{Step::Part, parted_};
  }
  if (may_number()) {
    numbering_ = true;
    return Work{Step::Number, numbered_};
  }
  if (may_open()) {
    opening_ = true;
    return Work{.step = Step::Open,
                .batch = opened_,
                .behind_last = opened_ == read_,
                .tracked = least_tracked()};
  }
  // One thread at a time reads, so where that takes longest all others come to wait for it. It is
  // who has come furthest with its own lane: another one has something to track, and would keep
  // this one waiting for what it reads meanwhile.
  if (may_read() && read_ < least_tracked() + kReadFirst && is_furthest(thread)) {
    reading_ = true;
    return Work{Step::Read, read_};
  }
  if (may_track(thread)) {
    Lane& lane = lanes_[thread];
    lane.busy = true;
    return Work{.step = Step::Track,
                .batch = lane.tracked,
                .together = lane.tracked == together_,
                .behind_last = ended_ && lane.tracked == read_,
                .numbered = numbered_};
  }
  if (may_join()) {
    joining_ = true;
    return Work{Step::Join, joined_};
  }
  if (may_read() && (read_ <= least_tracked() + 1 || !may_write())) {
    reading_ = true;
    return Work{Step::Read, read_};
  }
  if (may_write()) {
    ++writing_;
    return Work{Step::Write, written_++};
  }
  if (ended_ && parted_ == read_) return Work{Step::Done, read_};
  return std::nullopt;
}

std::uint64_t LaneFlow::least_tracked() const {
  std::uint64_t least = UINT64_MAX;
  for (const Lane& lane : lanes_) least = std::min(least, lane.tracked);
  return least;
}

bool LaneFlow::is_furthest(unsigned number) const {
  return std::all_of(
      lanes_.begin(), lanes_.end(),
      [own = lanes_[number].tracked](const Lane& lane) { return lane.tracked <= own; });
}

bool LaneFlow::may_read() const {
  return !reading_ && !ended_ && alone_ == kNone && read_ < least_tracked() + batches_;
}

// Behind the last batch there is one more without packets, for the rows of those before.
bool LaneFlow::may_open() const {
  if (opening_ || opened_ > read_ || (opened_ == read_ && (!ended_ || read_ == 0))) return false;
  const bool waits = unsure_ || opened_ == read_ || opened_ == alone_;
  const std::uint64_t least = least_tracked();
  if (least + (waits ? 0 : kAhead) < opened_) return false;
  if (together_ != kNone && least <= together_) return false;
  return alone_ != opened_ || (!reading_ && writing_ == 0);
}

bool LaneFlow::may_track(unsigned number) const {
  const Lane& lane = lanes_[number];
  if (lane.busy || lane.tracked >= opened_ || parted_ + rows_ < lane.tracked) return false;
  const bool behind_last = ended_ && lane.tracked == read_;
  if (lane.tracked == together_ || behind_last)
    return numbered_ == lane.tracked && (behind_last || number == 0);
  return lane.tracked < numbered_ + kAhead;
}

bool LaneFlow::may_number() const {
  return !numbering_ && numbered_ < read_ && numbered_ < least_tracked();
}

bool LaneFlow::may_join() const {
  return !joining_ && joined_ < read_ &&
         std::all_of(lanes_.begin(), lanes_.end(),
                     [this](const Lane& lane) { return lane.ordered > joined_; });
}

bool LaneFlow::may_write() const {
  const bool others_wait = alone_ != kNone && least_tracked() >= alone_;
  return written_ < joined_ && written_ < parted_ + lines_.size() && !others_wait;
}

void LaneFlow::done(unsigned thread, const Work& work) {
  {
    const std::lock_guard lock(mutex_);
    switch (work.step) {
      case Step::Track:
        lanes_[thread].busy = false;
        if (work.together)
          for (Lane& lane : lanes_) lane.tracked = work.batch + 1;
        else
          lanes_[thread].tracked = work.batch + 1;
        break;
      case Step::Number:
        numbering_ = false;
        ++numbered_;
        break;
      case Step::Join:
        joining_ = false;
        ++joined_;
        break;
      case Step::Write:
        --writing_;
        lines_[work.batch % lines_.size()] = true;
        break;
      case Step::Part:
        parting_ = false;
        lines_[work.batch % lines_.size()] = false;
        ++parted_;
        break;
      case Step::Read:
      case Step::Open:
      case Step::Done:
        assert(false && "they have functions of their own, or are no work");
    }
  }
  tell();
}

void LaneFlow::done_reading(bool any, bool alone) {
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    if (alone && any) alone_ = read_;
    if (any)
      ++read_;
    else
      ended_ = true;
  }
  tell();
}

void LaneFlow::done_opening(Opened opened) {
  {
    const std::lock_guard lock(mutex_);
    opening_ = false;
    unsure_ = opened == Opened::Unsure;
    if (!unsure_) {
      if (opened == Opened::Together) together_ = opened_;
      if (alone_ == opened_) alone_ = kNone;
      ++opened_;
    }
  }
  tell();
}

void LaneFlow::ordered(unsigned lane) {
  {
    const std::lock_guard lock(mutex_);
    ++lanes_[lane].ordered;
  }
  tell();
}

void LaneFlow::tell() {
  changes_.fetch_add(1, std::memory_order_release);
  changes_.notify_all();
}

}  // namespace endreason
