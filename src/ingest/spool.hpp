// SPDX-License-Identifier: Apache-2.0
// Spool: what was received, on disk, until it is in the database. Append-only segments of frames,
// each with a checksum. A frame is received once append() has returned; it is read in order, as
// often as need be, and goes when its successor's position has been committed elsewhere.
//
//   segment = frame*        named spool-NNNNNNNNNNNNNNNN.log, numbered without gaps
//   frame   = "ERS1" bytes:u32 lines:u32 name:u16 place:u16 received:i64 checksum:u64
//             name place text
//
// Numbers are little-endian; bytes counts name, place and text, name the bytes of the sender's
// name, place those of its place: how far a file had been read of which the text is a part, or
// nothing. The checksum is XXH3 of the header in front of it and all behind it. A frame that was
// being written when the machine stopped is cut off when the spool is opened; a segment in which
// read() finds anything else damaged is kept under the name spool-N.log.damaged, too, a hard link.
// append() may be called from any thread; read() and release_before() belong to one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/chunk.hpp"
#include "base/result.hpp"

namespace endreason {

struct SpoolPosition {
  std::uint64_t segment{1};
  std::uint64_t offset{};
  friend auto operator<=>(const SpoolPosition&, const SpoolPosition&) = default;
};

// When the disk is asked to keep what was written. A killed process loses nothing in either case;
// a machine that loses its power may lose what the disk was not asked for.
enum class SpoolSync : std::uint8_t { Never, EverySecond, EveryFrame };

struct SpoolOptions {
  std::string folder;
  std::uint64_t bytes_max = std::uint64_t{4} << 30;
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  SpoolSync sync = SpoolSync::EverySecond;
};

struct SpoolFrame {
  std::int64_t received_micros{};
  std::uint32_t lines{};
  std::size_t name_bytes{}, place_bytes{};
  std::string bytes;  // name, place and text
  SpoolPosition end;  // where the next frame begins
  std::string_view sender() const { return std::string_view(bytes).substr(0, name_bytes); }
  std::string_view place() const { return std::string_view(bytes).substr(name_bytes, place_bytes); }
  std::string_view text() const { return std::string_view(bytes).substr(name_bytes + place_bytes); }
};

enum class SpoolAppend : std::uint8_t { Taken, Full, Failed };

struct FrameHeader;

class Spool {
 public:
  explicit Spool(SpoolOptions options);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  using TakePlace = std::function<void(std::string_view place)>;
  // Opens what is there; `committed` is where the database is. Counts what waits behind it, and
  // gives the places of frames that wait, in order. A damaged frame counts as waiting until it is
  // read, unless it is in the last segment: only that one is read as a whole here.
  [[nodiscard]] Result<void> open(SpoolPosition committed, const TakePlace& take_place = {});

  // Full: nothing was written, try again later. Failed: the disk refused; failure() says why.
  SpoolAppend append(std::string_view sender, std::int64_t received_micros, std::uint32_t lines,
                     std::string_view text, std::string_view place = {});
  // The frame at `at`; false when there is none (yet), or when the system refuses to read it for
  // now.
  bool read(SpoolPosition at, SpoolFrame& frame);
  // After a read() that found nothing: waits until something was appended since, or `time` has
  // passed. False: the time has passed.
  bool wait(std::chrono::milliseconds time);
  void wake();
  // Nothing in front of `position` is needed any more; `lines` of it had been waiting.
  void release_before(SpoolPosition position, std::uint64_t lines);

  struct Waiting {
    std::uint64_t bytes, lines;
  };
  Waiting waiting() const;
  std::uint64_t bytes_max() const { return options_.bytes_max; }
  // Soon it will take nothing: whoever reads should release what it has.
  bool nearly_full() const;
  std::string failure() const;
  // The last read() was refused by the system; failure() says why.
  bool read_refused() const { return read_refused_; }
  // Whether the disk has room for some time of writing.
  bool disk_has_room() const;
  // Frames whose checksum was wrong when they were read, and the bytes that were left out by it.
  std::uint64_t damaged_bytes() const;

 private:
  struct Segment {
    std::uint64_t number;
    std::uint64_t bytes;
  };
  std::string path_of(std::uint64_t number) const;
  Result<void> list_segments();
  Result<bool> mend_last(SpoolPosition from, const TakePlace& take_place);
  void count(const FrameHeader& header, SpoolFrame& frame, const TakePlace& take_place);
  std::uint64_t lines_counted(std::uint64_t segment, std::uint64_t begin, std::uint64_t end) const;
  Result<void> count_waiting(SpoolPosition from, const TakePlace& take_place);
  bool open_for_writing(std::uint64_t number);
  bool next_segment();
  void drop_first();
  void put_aside(std::uint64_t number);
  bool write_frame(std::string_view header, std::string_view name, std::string_view place,
                   std::string_view text);
  void take_back();
  bool sync_now();
  enum class Found : std::uint8_t { Frame, Nothing, Refused };
  Found read_behind(SpoolPosition at, std::uint64_t end, SpoolFrame& frame);

  SpoolOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Segment> segments_;  // the last is being written
  int writing_ = -1;
  std::uint64_t bytes_ = 0, lines_ = 0;
  std::uint64_t appended_ = 0;  // frames, and how many of them the last read() may have seen
  std::uint64_t appended_when_read_ = 0;
  std::uint64_t checked_segment_ = 0;  // the last one at the start
  std::uint64_t damaged_ = 0;
  std::set<SpoolPosition> damaged_places_;
  std::string failure_;
  std::chrono::steady_clock::time_point synced_{};
  bool woken_ = false;
  std::atomic<bool> read_refused_{false};
  // Of the reader.
  int reading_ = -1;
  std::uint64_t reading_number_ = 0;
};

}  // namespace endreason
