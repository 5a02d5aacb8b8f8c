// SPDX-License-Identifier: Apache-2.0
// The unread bytes of a capture that lie in memory: a window that moves over a ByteSource.
// What bytes() shows stays where it is until the next refill(); what was lent out of it, for
// longer: until as many refills later as there are buffers, unless someone chooses among them. One
// thread at a time, but for fetch().
//
// Several threads that read in turn need not wait for each other's copies of a file: each fetches
// the part of the file that is to be its turn into its own buffer, beside the others, and when the
// turns before are over its bytes follow theirs. What has been fetched is only taken as far as it
// is next: whoever needs more than its turn has reads on as if there were no turns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/untouched_array.hpp"
#include "sources/byte_source.hpp"

namespace endreason {

class CaptureWindow {
 public:
  // `already_read` are bytes that someone took from the source to look at; they come first.
  // `readers`: so many buffers to choose among, one to fetch to for each.
  CaptureWindow(std::unique_ptr<ByteSource> source, std::size_t capacity,
                std::string_view already_read, std::size_t buffers = 1, std::size_t readers = 1);

  std::span<const std::uint8_t> bytes() const { return {data().data() + begin_, end_ - begin_}; }
  // Somebody goes on to use what lies behind: with several buffers the next refill() leaves it.
  void lend() { lent_ = true; }
  // Of several buffers, the next refill() takes this one.
  void choose(std::size_t buffer) { chosen_ = buffer; }

  // With several readers: what the source has from here on may be fetched in turns.
  void begin_turns();
  // Whether there is anything: it is a plain file.
  bool has_turns() const { return turns_end_ > turns_begin_; }
  // Fetches a turn, counted from 0, to this buffer, whose turn before, if any, is over. Side by
  // side with everything else but another call for this buffer.
  void fetch(std::size_t buffer, std::uint64_t turn);
  // The chosen buffer's turn has come, and all that was fetched for it has been shown.
  bool turn_is_over() const;
  // What is left of it is kept for the next one; the buffer may be fetched to again.
  void leave_turn();
  // Where in the (uncompressed) capture bytes() begins, counting what is still to be skipped.
  std::uint64_t offset() const { return offset_; }
  // Moves on; by more than bytes() has when what follows is not wanted.
  void advance(std::uint64_t count);
  // Gets more bytes, at least until `wanted` are here. False when the source ends before that.
  [[nodiscard]] bool refill(std::size_t wanted);
  // Of what advance() passed over, what has not come yet.
  std::uint64_t to_skip() const { return to_skip_; }
  // True when nothing comes behind bytes().
  bool ended() const { return ended_; }
  // Why the source ended, where it was not its end.
  const std::optional<Error>& failure() const { return failure_; }
  const ByteSource& source() const { return *source_; }

 private:
  bool read_more();
  void make_room(std::size_t wanted);
  void change_buffer(std::size_t to, std::size_t wanted);
  bool begin_turn();
  void pass_over_skipped(std::size_t came);
  UntouchedArray<std::uint8_t>& data() { return buffers_[current_]; }
  const UntouchedArray<std::uint8_t>& data() const { return buffers_[current_]; }

  std::unique_ptr<ByteSource> source_;
  // What was fetched for a turn: so many bytes from an offset of the source on.
  struct Turn {
    enum class State : std::uint8_t { None, Fetched, Begun } state = State::None;
    std::uint64_t offset{};
    std::size_t count{};
  };

  std::size_t capacity_;                               // of a buffer, and of a turn
  std::vector<UntouchedArray<std::uint8_t>> buffers_;  // of several readers; the last is nobody's
  std::vector<Turn> turns_;                            // of each reader
  std::uint64_t turns_begin_ = 0, turns_end_ = 0;      // offsets of the source
  std::size_t current_ = 0;                            // of them
  std::optional<std::size_t> chosen_;
  bool lent_ = false;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t to_skip_ = 0;  // bytes of the source that advance() left behind unread
  bool ended_ = false;
  std::optional<Error> failure_;
};

}  // namespace endreason
