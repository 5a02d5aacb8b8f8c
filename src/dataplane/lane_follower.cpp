// SPDX-License-Identifier: Apache-2.0
// LaneGroup: a capture from its beginning to its end, by the steps of LaneFlow.
#include <utility>

#include "dataplane/lane_group.hpp"

namespace endreason {

class LaneGroup::Follower {
 public:
  Follower(LaneGroup& group, const Course& course)
      : group_(group),
        course_(course),
        flow_(group.size(), kBatches),
        rows_(LaneFlow::row_batches(group.size())) {
    for (Rows& rows : rows_) rows.places.resize(group.size());
  }

  void work(unsigned thread) {
    for (;;) {
      const LaneFlow::Work work = flow_.take(thread);
      switch (work.step) {
        case LaneFlow::Step::Read:
          read(batch_of(work));
          continue;
        case LaneFlow::Step::Open:
          open(work);
          continue;
        case LaneFlow::Step::Track:
          track(thread, work);
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

  PacketBatch& batch_of(const LaneFlow::Work& work) {
    return group_.batches_[work.batch % kBatches];
  }
  Rows& rows_of(std::uint64_t batch) { return rows_[batch % rows_.size()]; }
  unsigned sink_of(const LaneFlow::Work& work) const {
    return static_cast<unsigned>(work.batch % group_.size());
  }

  void read(PacketBatch& batch) {
    const std::span<const RawPacket> packets = course_.read();
    if (!packets.empty()) group_.spread_.spread(packets, batch);
    batch.brings_names = course_.brings_names();
    flow_.done_reading(!packets.empty(), batch.brings_names);
  }

  void open(const LaneFlow::Work& work) {
    if (work.batch > 0) group_.find_numbers();
    bool together = false;
    if (!work.behind_last) {
      const PacketBatch& batch = batch_of(work);
      if (batch.brings_names) course_.name_interfaces();
      together = group_.near_a_limit(group_.use(), batch);
    }
    flow_.done_opening(together);
  }

  void track(unsigned thread, const LaneFlow::Work& work) {
    if (!work.together) {
      begin(thread, work);
      if (!work.behind_last) group_.track_share(thread, batch_of(work));
      return;
    }
    for (unsigned lane = 0; lane < group_.size(); ++lane) begin(lane, work);
    group_.track_one_by_one(batch_of(work));
  }

  void begin(unsigned lane, const LaneFlow::Work& work) {
    if (work.batch > 0) {
      group_.end_lane(lane);
      rows_of(work.batch - 1).places[lane] = group_.lanes_[lane]->give_rows();
      flow_.ordered(lane);
    }
    SessionTable& table = group_.lanes_[lane]->table();
    table.note_births(group_.last_id_);
    if (!work.behind_last) table.expect(batch_of(work).latest(), batch_of(work).first);
  }

  void join(Rows& rows) {
    group_.join(rows.places, rows.rows);
    rows.before = joined_;
    joined_ += rows.rows.size();
  }

  LaneGroup& group_;
  const Course& course_;
  LaneFlow flow_;
  std::vector<Rows> rows_;    // of batches in turn
  std::uint64_t joined_ = 0;  // rows
};

std::uint64_t LaneGroup::follow(const Course& course) {
  Follower follower(*this, course);
  team_.run([&follower](unsigned thread) { follower.work(thread); });
  for (PacketBatch& batch : batches_) batch.packets = {};
  return follower.rows();
}

}  // namespace endreason
