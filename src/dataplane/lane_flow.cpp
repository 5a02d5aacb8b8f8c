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

LaneFlow::LaneFlow(unsigned lanes, unsigned batches, bool has_turns)
    : batches_(batches),
      rows_(row_batches(lanes)),
      has_turns_(has_turns),
      lanes_(lanes),
      lines_(lanes) {}

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
  const bool few = read_ < least_tracked() + kReadFirst;
  if (few && (is_furthest(thread) || lanes_[thread].turn == turn_))
    if (const auto work = take_read(thread, 1)) return work;
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
  // Before it waits for another one's read, it fetches what comes next.
  if (read_ <= least_tracked() + 1 || !may_write())
    if (const auto work = take_read(thread, 2)) return work;
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

// Who has fetched the turn that is next. It may have gone on to something else, and is not waited
// for.
std::optional<unsigned> LaneFlow::next_reader(unsigned thread) const {
  if (!has_turns_) return thread;
  for (unsigned lane = 0; lane < lanes_.size(); ++lane)
    if (lanes_[lane].turn == turn_ && !lanes_[lane].fetching) return lane;
  return std::nullopt;
}

// A Read, or the Fetch in front of it while fewer turns than these are given out.
std::optional<LaneFlow::Work> LaneFlow::take_read(unsigned thread, unsigned fetched_at_once) {
  if (!has_room()) return std::nullopt;
  if (!reading_) {
    if (const auto reader = next_reader(thread)) {
      reading_ = true;
      return Work{.step = Step::Read, .batch = read_, .reader = *reader};
    }
  }
  if (!has_turns_ || lanes_[thread].turn != kNone || turns_ - turn_ >= fetched_at_once)
    return std::nullopt;
  lanes_[thread].turn = turns_;
  lanes_[thread].fetching = true;
  return Work{Step::Fetch, turns_++};
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
      case Step::Fetch:
        lanes_[thread].fetching = false;
        break;
      case Step::Read:
      case Step::Open:
      case Step::Done:
        assert(false && "they have functions of their own, or are no work");
    }
  }
  tell();
}

void LaneFlow::done_reading(const Work& work, const ReadTo& to) {
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    if (to.turn_is_over) {
      lanes_[work.reader].turn = kNone;
      ++turn_;
    }
    if (to.place == ReadTo::Place::EndOfAll) ended_ = true;
    if (to.place == ReadTo::Place::EndOfBatch) {
      if (to.alone) alone_ = read_;
      ++read_;
    }
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
