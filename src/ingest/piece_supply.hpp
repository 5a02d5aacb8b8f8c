// SPDX-License-Identifier: Apache-2.0
// PieceSupply: input after input -> pieces of bytes as they come, to be taken by several threads.
// Where a file can be read at any place, each thread reads its own piece, all at the same time.
// Other inputs (compressed ones, pipes) are read by one thread after the other: whoever finds
// nothing to take reads, and goes on reading ahead while the others work on what it has read, until
// there is enough. So decompression never waits for anything but itself. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/chunk.hpp"
#include "base/result.hpp"
#include "sources/byte_source.hpp"
#include "sources/input_list.hpp"

namespace endreason {

// Free bytes in front of a piece, for the beginning of the line that the piece cuts in two.
inline constexpr std::size_t kPieceRoom = 16 * 1024;

struct Piece {
  std::uint64_t ticket{};              // from 0, without gaps, over all inputs
  std::uint32_t input{};               // index of the input
  Chunk bytes;                         // from kPieceRoom on
  bool ends{};                         // nothing of this input comes behind it
  std::optional<Error> error;          // behind its bytes; then it ends, too
  std::shared_ptr<ByteSource> source;  // null: the input could not be opened, `error` says why
  std::uint64_t end_offset{};          // where it ends, as source->position() counts

  PaddedView padded() const {
    return bytes.size() < kPieceRoom ? PaddedView()
                                     : bytes.padded().part(kPieceRoom, bytes.size() - kPieceRoom);
  }
};

class PieceSupply {
 public:
  PieceSupply(std::vector<Input> inputs, InputOpener open, std::size_t piece_bytes,
              unsigned threads);

  // The next piece into `piece`, whose memory is reused. False at the end of the last input.
  bool take(Piece& piece);
  // How many pieces have been taken: all whose tickets are below.
  std::uint64_t taken() const;
  // Stored bytes taken so far, over all inputs.
  std::uint64_t position() const;

 private:
  bool separable() const { return source_ && source_->separable() >= piece_bytes_; }
  bool over() const { return !source_ && begun_ == inputs_.size(); }
  void set_apart(Piece& piece);
  void read_apart(Piece& piece) const;
  void read_ahead(std::unique_lock<std::mutex>& lock);
  void read_next(Piece& piece);
  static std::span<char> room_in(Piece& piece, std::size_t bytes);

  const std::vector<Input> inputs_;
  const InputOpener open_;
  const std::size_t piece_bytes_;
  const std::size_t ordered_bytes_;  // of what can only be read in order
  const std::size_t ahead_max_;      // pieces that wait at most

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Piece> waiting_;
  std::vector<Chunk> spare_;
  bool reading_ = false;  // a thread reads, without the lock; what is below is its own meanwhile
  std::uint64_t next_ticket_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t position_ = 0;
  std::size_t begun_ = 0;
  std::shared_ptr<ByteSource> source_;
  std::uint64_t finished_bytes_ = 0;  // of inputs that are done
};

}  // namespace endreason
