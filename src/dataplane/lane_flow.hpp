// SPDX-License-Identifier: Apache-2.0
// LaneFlow: which thread does what next, when several threads follow a capture through the lanes
// without ever meeting all at once. Each batch of packets goes through these steps, and several
// batches are on their way at a time:
//
//   Fetch   where the input has turns: a part of it is fetched, by several threads side by side
//   Read    it is read, and spread over the lanes; one batch after the other, by any thread; turn
//           after turn, mostly by who has fetched it
//   Open    it is looked at whether the lanes may track it, each for itself
//   Track   a lane's packets, by the lane's own thread, behind those of the batch before; first it
//           puts the rows in order of all batches whose sessions have numbers, and says so of each
//           by ordered()
//   Number  all lanes have tracked it: its sessions get their numbers; one batch after the other
//   Join    the rows of all lanes in one order; one batch after the other
//   Write   the rows become lines; several batches at a time, each with a sink of its own
//   Part    what the sink has goes out; one batch after the other
//
// A thread whose own lane has nothing to do takes another step, so none waits as long as there is
// any work, and one that is late is waited for by nobody before it is some batches behind.
//
// Here is only the order; what a step does is the caller's. Any thread may call.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace endreason {

class LaneFlow {
 public:
  enum class Step : std::uint8_t { Fetch, Read, Open, Track, Number, Join, Write, Part, Done };
  struct Work {
    Step step;
    std::uint64_t batch;         // of a Fetch: the turn
    unsigned reader = 0;         // of a Read: on whose behalf
    bool together = false;       // a Track of all lanes
    bool behind_last = false;    // there are no packets of this batch: the one before was the last
    std::uint64_t tracked = 0;   // of an Open: so many batches have been tracked by all lanes
    std::uint64_t numbered = 0;  // of a Track: of so many batches the rows have to be in order
  };
  // What an Open comes to. Unsure: it cannot be told before all lanes have tracked what is before;
  // then it is asked again.
  enum class Opened : std::uint8_t { Apart, Together, Unsure };

  // So many batches a lane may track whose sessions have no numbers yet, the last of them included.
  static constexpr unsigned kAhead = 5;

  // What a Read comes to.
  struct ReadTo {
    // More: the batch is not full, and somebody goes on to read it.
    enum class Place : std::uint8_t { More, EndOfBatch, EndOfAll } place;
    bool alone = false;         // while this batch is opened, nobody reads or writes
    bool turn_is_over = false;  // and the next one's comes
  };

  // `batches`: how many may have been read and not tracked; 2 or more.
  LaneFlow(unsigned lanes, unsigned batches, bool has_turns);

  // How many batches' rows there have to be room for at a time, in each lane one more. With fewer
  // than twice kAhead a lane could wait for rows of another one that waits for its own.
  static std::size_t row_batches(unsigned lanes) { return lanes + 2 * kAhead; }
  // And of how many batches it has to be known who was born.
  static constexpr unsigned kNamed = 2 * kAhead;

  // What this thread does next; waits until there is something. Done: there is no more, of
  // anything.
  Work take(unsigned thread);
  // The same without waiting: nothing when there is nothing at the moment.
  std::optional<Work> try_take(unsigned thread);
  // It has been done, by this thread.
  void done(unsigned thread, const Work& work);
  // The same of a Read.
  void done_reading(const Work& work, const ReadTo& to);
  // The same of an Open. Together: the first thread tracks all lanes.
  void done_opening(Opened opened);
  // Within a Track: the rows of one batch more are in order.
  void ordered(unsigned lane);

 private:
  static constexpr std::uint64_t kNone = UINT64_MAX;
  struct Lane {
    std::uint64_t tracked = 0;  // batches
    std::uint64_t ordered = 0;
    bool busy = false;
    std::uint64_t turn = kNone;  // that it has fetched, and is not over
    bool fetching = false;
  };

  std::optional<Work> take_read(unsigned thread, unsigned fetched_at_once);
  bool has_room() const { return !ended_ && alone_ == kNone && read_ < least_tracked() + batches_; }
  std::optional<unsigned> next_reader(unsigned thread) const;
  bool may_open() const;
  bool may_track(unsigned lane) const;
  bool may_number() const;
  bool may_join() const;
  bool may_write() const;
  std::uint64_t least_tracked() const;
  bool is_furthest(unsigned lane) const;
  void tell();

  const std::uint64_t batches_, rows_;
  const bool has_turns_;
  std::mutex mutex_;
  std::vector<Lane> lanes_;
  std::uint64_t read_ = 0, opened_ = 0, numbered_ = 0, joined_ = 0, written_ = 0, parted_ = 0;
  std::uint64_t turn_ = 0, turns_ = 0;  // the one that is read next, and how many were given out
  std::vector<bool> lines_;             // of batches in turn: written, and no Part yet
  bool reading_ = false, opening_ = false, numbering_ = false, joining_ = false, parting_ = false;
  bool ended_ = false;
  bool unsure_ = false;             // the next Open waits for all lanes
  std::uint64_t alone_ = kNone;     // the first batch that is opened while nobody reads or writes
  std::uint64_t together_ = kNone;  // the last batch that the first thread tracks
  unsigned writing_ = 0;
  alignas(64) std::atomic<std::uint32_t> changes_{0};
};

}  // namespace endreason
