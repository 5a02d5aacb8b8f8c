// SPDX-License-Identifier: Apache-2.0
// Threads that come in any order, and are as slow as they like: every step of every batch is done
// once, when what it needs has been done, and not before there is room.
#include "dataplane/lane_flow.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace endreason {
namespace {

using Step = LaneFlow::Step;

// What is known of the steps, from outside.
class Watched {
 public:
  // `turns`: so many reads are one, and a batch is three of them; 0: there are no turns.
  Watched(unsigned lanes, std::uint64_t batches, std::uint64_t alone, std::uint64_t together,
          unsigned turns)
      : flow_(lanes, 3, turns > 0),
        reads_of_turn_(turns),
        fetched_(lanes, kNoTurn),
        tracked_(lanes),
        ordered_(lanes),
        last_(batches),
        alone_(alone),
        together_(together) {}

  LaneFlow& flow() { return flow_; }

  // A thread was given this.
  void begin(unsigned thread, const LaneFlow::Work& work) {
    switch (work.step) {
      case Step::Fetch:
        EXPECT_GT(reads_of_turn_, 0u);
        EXPECT_EQ(work.batch, turns_++);
        EXPECT_LT(work.batch, turn_ + 2) << "fetched when it is next, or the one behind";
        EXPECT_EQ(fetched_[thread], kNoTurn);
        break;
      case Step::Read:
        EXPECT_EQ(work.batch, read_);
        EXPECT_EQ(reading_, 0u);
        if (reads_of_turn_ > 0) {
          EXPECT_EQ(fetched_[work.reader], turn_);
        }
        for (const std::uint64_t tracked : tracked_) EXPECT_LT(work.batch, tracked + 3);
        ++reading_;
        break;
      case Step::Open:
        EXPECT_EQ(work.batch, opened_);
        EXPECT_EQ(work.behind_last, work.batch == last_);
        EXPECT_EQ(work.tracked, least_tracked());
        EXPECT_LE(work.batch, least_tracked() + LaneFlow::kAhead);
        if (work.behind_last || work.batch == alone_ || asked_again_) {
          EXPECT_EQ(least_tracked(), work.batch);
          EXPECT_EQ(tracking_, 0u);
        }
        if (work.batch == alone_) {
          EXPECT_EQ(reading_ + writing_, 0u);
        }
        break;
      case Step::Track:
        EXPECT_LT(work.batch, opened_);
        EXPECT_EQ(work.batch, tracked_[thread]);
        EXPECT_EQ(work.together, is_together(work));
        EXPECT_EQ(work.behind_last, work.batch == last_);
        EXPECT_LE(work.batch, parted_ + LaneFlow::row_batches(lanes()));
        EXPECT_EQ(work.numbered, numbered_);
        EXPECT_LT(work.batch, numbered_ + LaneFlow::kAhead);
        if (work.together) {
          EXPECT_EQ(thread, 0u);
          EXPECT_EQ(tracking_, 0u);
        }
        if (work.together || work.behind_last) {
          EXPECT_EQ(work.numbered, work.batch);
        }
        ++tracking_;
        for (unsigned lane = 0; lane < lanes(); ++lane)
          if (work.together ? thread == 0 : lane == thread)
            for (; ordered_[lane] < work.numbered; ++ordered_[lane]) flow_.ordered(lane);
        break;
      case Step::Number:
        EXPECT_EQ(work.batch, numbered_);
        EXPECT_LT(work.batch, least_tracked());
        break;
      case Step::Join:
        EXPECT_EQ(work.batch, joined_);
        for (const std::uint64_t ordered : ordered_) EXPECT_GT(ordered, work.batch);
        break;
      case Step::Write:
        EXPECT_LT(work.batch, joined_);
        EXPECT_LT(work.batch, parted_ + lanes()) << "the sink has been emptied";
        EXPECT_FALSE(opening_alone_);
        ++writing_;
        break;
      case Step::Part:
        EXPECT_EQ(work.batch, parted_);
        EXPECT_TRUE(written_[work.batch]);
        break;
      case Step::Done:
        EXPECT_EQ(parted_, last_);
        break;
    }
    opening_alone_ = opening_alone_ || (work.step == Step::Open && work.batch == alone_);
  }

  void end(unsigned thread, const LaneFlow::Work& work) {
    switch (work.step) {
      case Step::Fetch:
        fetched_[thread] = work.batch;
        break;
      case Step::Read:
        --reading_;
        return flow_.done_reading(work, read_part(work));
      case Step::Open:
        opening_alone_ = false;
        asked_again_ = is_together(work) && work.tracked < work.batch;
        if (asked_again_) return flow_.done_opening(LaneFlow::Opened::Unsure);
        ++opened_;
        return flow_.done_opening(is_together(work) ? LaneFlow::Opened::Together
                                                    : LaneFlow::Opened::Apart);
      case Step::Track:
        --tracking_;
        for (unsigned lane = 0; lane < lanes(); ++lane)
          if (work.together || lane == thread) ++tracked_[lane];
        break;
      case Step::Number:
        ++numbered_;
        break;
      case Step::Join:
        ++joined_;
        break;
      case Step::Write:
        --writing_;
        written_.resize(std::max<std::size_t>(written_.size(), work.batch + 1));
        written_[work.batch] = true;
        break;
      case Step::Part:
        ++parted_;
        break;
      case Step::Done:
        return;
    }
    flow_.done(thread, work);
  }

  unsigned lanes() const { return static_cast<unsigned>(tracked_.size()); }

 private:
  static constexpr std::uint64_t kNoTurn = UINT64_MAX;

  LaneFlow::ReadTo read_part(const LaneFlow::Work& work) {
    using Place = LaneFlow::ReadTo::Place;
    if (work.batch == last_) return {Place::EndOfAll};
    ++reads_;
    const bool turn_is_over = reads_of_turn_ > 0 && reads_ % reads_of_turn_ == 0;
    if (turn_is_over) {
      fetched_[work.reader] = kNoTurn;
      ++turn_;
    }
    if (reads_of_turn_ > 0 && reads_ % 3 != 0) return {Place::More, false, turn_is_over};
    ++read_;
    return {Place::EndOfBatch, work.batch == alone_, turn_is_over};
  }
  bool is_together(const LaneFlow::Work& work) const {
    return work.batch == together_ && !work.behind_last;
  }
  std::uint64_t least_tracked() const {
    return *std::min_element(tracked_.begin(), tracked_.end());
  }

  LaneFlow flow_;
  unsigned reads_of_turn_;
  std::vector<std::uint64_t> fetched_;  // by thread
  std::uint64_t turn_ = 0, turns_ = 0, reads_ = 0;
  std::vector<std::uint64_t> tracked_, ordered_;
  std::uint64_t last_, alone_, together_;
  std::uint64_t read_ = 0, opened_ = 0, numbered_ = 0, joined_ = 0, parted_ = 0;
  unsigned reading_ = 0, writing_ = 0, tracking_ = 0;
  bool opening_alone_ = false, asked_again_ = false;
  std::vector<bool> written_;
};

TEST(LaneFlow, EveryStepIsDoneOnceAndInItsOrderHoweverSlowAThreadIs) {
  for (const unsigned lanes : {2u, 3u, 5u})
    for (const std::uint64_t batches : {0u, 1u, 2u, 40u})
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Watched watched(lanes, batches, seed % 4 == 0 ? 0 : seed % 30, seed * 7 % 30,
                        static_cast<unsigned>(seed % 5));
        std::vector<std::optional<LaneFlow::Work>> hands(lanes);
        std::vector<bool> gone(lanes);
        std::uint64_t state = seed;
        unsigned waiting = 0;
        for (unsigned left = lanes; left > 0;) {
          state = state * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
          const auto thread = static_cast<unsigned>((state >> 33) % lanes);
          if (gone[thread]) continue;
          if (hands[thread]) {
            watched.end(thread, *std::exchange(hands[thread], std::nullopt));
            waiting = 0;
          } else if ((hands[thread] = watched.flow().try_take(thread))) {
            watched.begin(thread, *hands[thread]);
            if (hands[thread]->step == Step::Done) gone[thread] = true, --left;
            waiting = 0;
          } else {
            ASSERT_LT(++waiting, 10'000u) << "all threads wait";
          }
          ASSERT_FALSE(HasFailure()) << lanes << " lanes, " << batches << " batches, seed " << seed;
        }
      }
}

}  // namespace
}  // namespace endreason
