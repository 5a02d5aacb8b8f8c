// SPDX-License-Identifier: Apache-2.0
// LaneGroup: a capture from its beginning to its end, by the steps of LaneFlow.
#include <array>
#include <utility>

#include "dataplane/lane_group.hpp"

namespace endreason {

class LaneGroup::Follower {
 public:
  Follower(LaneGroup& group, const Course& course)
      : group_(group),
        course_(course),
        flow_(group.size(), kBatches, course.has_turns),
        rows_(LaneFlow::row_batches(group.size())),
        ordered_(group.size()),
        uses_(group.size()) {
    for (Rows& rows : rows_) rows.places.resize(group.size());
    for (unsigned lane = 0; lane < group.size(); ++lane)
      uses_[lane].fill(group.lanes_[lane]->use());
  }

  void work(unsigned thread) {
    for (;;) {
      const LaneFlow::Work work = flow_.take(thread);
      switch (work.step) {
        case LaneFlow::Step::Fetch:
          course_.fetch(thread, work.batch);
          break;
        case LaneFlow::Step::Read:
          read(work);
          continue;
        case LaneFlow::Step::Open:
          open(work);
          continue;
        case LaneFlow::Step::Track:
          track(thread, work);
          break;
        case LaneFlow::Step::Number:
          group_.find_numbers(work.batch);
          break;
        case LaneFlow::Step::Join:
          join(rows_of(work.batch));
          break;
        case LaneFlow::Step::Write:
          course_.write(sink_of(work), rows_of(work.batch).rows, rows_of(work.batch).before);
          break;
        case LaneFlow::Step::Part:
          course_.part(sink_of(work));
          break;
        case LaneFlow::Step::Done:
          return;
      }
      flow_.done(thread, work);
    }
  }

  std::uint64_t rows() const { return joined_; }

 private:
  // Of a batch: what each lane has, and all of it.
  struct Rows {
    std::vector<std::span<const RowPlace>> places;
    std::vector<const EngineRow*> rows;
    std::uint64_t before = 0;
  };

  PacketBatch& batch_of(std::uint64_t batch) { return group_.batches_[batch % kBatches]; }
  Rows& rows_of(std::uint64_t batch) { return rows_[batch % rows_.size()]; }
  unsigned sink_of(const LaneFlow::Work& work) const {
    return static_cast<unsigned>(work.batch % group_.size());
  }

  // Where packets need not stay, several reads make a batch, so that it is worth its steps whatever
  // is read at a time. Who is given few at a time is not made to wait for more; turns are a file's,
  // and wait for nobody.
  void read(const LaneFlow::Work& work) {
    using Place = LaneFlow::ReadTo::Place;
    constexpr std::size_t kFew = kApartRead / 4;
    PacketBatch& batch = batch_of(work.batch);
    if (begun_ == work.batch) {
      ++begun_;
      batch.clear();
      batch.brings_names = false;
    }
    for (bool full = false; !full; full = full || !group_.reads_apart_) {
      if (unspread_.empty()) unspread_ = course_.read(work.reader);
      if (unspread_.empty()) {
        if (course_.has_turns && course_.turn_is_over())
          return flow_.done_reading(work, {Place::More, false, true});
        break;
      }
      const bool names = course_.brings_names();
      if (names && !batch.empty()) break;  // these begin the next one
      batch.brings_names = names;
      full = names || (!course_.has_turns && unspread_.size() < kFew) ||
             batch.packets + unspread_.size() + kApartRead > kTogetherBatch;
      group_.spread_.spread(std::exchange(unspread_, {}), batch);
    }
    flow_.done_reading(
        work, {batch.empty() ? Place::EndOfAll : Place::EndOfBatch, batch.brings_names, false});
  }

  // By what the lanes had when all of them were last equally far.
  void open(const LaneFlow::Work& work) {
    if (work.behind_last) return flow_.done_opening(LaneFlow::Opened::Apart);
    const PacketBatch& batch = batch_of(work.batch);
    if (batch.brings_names) course_.name_interfaces();
    LaneUse use;
    for (const auto& of_lane : uses_) use += of_lane[work.tracked % of_lane.size()];
    const std::uint64_t since = work.batch - work.tracked;
    if (!group_.near_a_limit(use, batch, since + 1))
      flow_.done_opening(LaneFlow::Opened::Apart);
    else
      flow_.done_opening(since > 0 ? LaneFlow::Opened::Unsure : LaneFlow::Opened::Together);
  }

  void track(unsigned thread, const LaneFlow::Work& work) {
    if (!work.together) {
      begin(thread, work);
      if (work.behind_last) return;
      group_.track_share(thread, batch_of(work.batch));
      end(thread, work);
      return;
    }
    for (unsigned lane = 0; lane < group_.size(); ++lane) begin(lane, work);
    group_.track_one_by_one(batch_of(work.batch));
    for (unsigned lane = 0; lane < group_.size(); ++lane) end(lane, work);
  }

  void begin(unsigned number, const LaneFlow::Work& work) {
    Lane& lane = *group_.lanes_[number];
    for (std::uint64_t& batch = ordered_[number]; batch < work.numbered; ++batch) {
      group_.end_lane(number, batch);
      rows_of(batch).places[number] = lane.give_rows();
      flow_.ordered(number);
    }
    if (!work.behind_last)
      lane.table().expect(batch_of(work.batch).latest(), batch_of(work.batch).first);
  }

  void end(unsigned lane, const LaneFlow::Work& work) {
    group_.close_lane(lane, work.batch);
    auto& uses = uses_[lane];
    uses[(work.batch + 1) % uses.size()] = group_.lanes_[lane]->use();
  }

  void join(Rows& rows) {
    group_.join(rows.places, rows.rows);
    rows.before = joined_;
    joined_ += rows.rows.size();
  }

  LaneGroup& group_;
  const Course& course_;
  LaneFlow flow_;
  std::span<const RawPacket> unspread_;  // read, and not in a batch yet
  std::vector<Rows> rows_;               // of batches in turn
  std::vector<std::uint64_t> ordered_;   // of each lane, batches whose rows are in order
  // Of each lane, by how many batches it had tracked, in turn.
  std::vector<std::array<LaneUse, LaneFlow::kAhead + 2>> uses_;
  std::uint64_t begun_ = 0;   // batches, to be read
  std::uint64_t joined_ = 0;  // rows
};

std::uint64_t LaneGroup::follow(const Course& course) {
  Follower follower(*this, course);
  team_.run([&follower](unsigned thread) { follower.work(thread); });
  for (PacketBatch& batch : batches_) batch.clear();
  return follower.rows();
}

}  // namespace endreason
