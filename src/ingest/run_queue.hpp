// SPDX-License-Identifier: Apache-2.0
// RunQueue: hands runs of whole records to workers, in the order of the input.
//
// One worker alone has a RunCutter read for it. Of several, each reads a piece for itself, looks at
// first bytes of its lines and finds its last newline, all side by side (PieceSupply, RunCutter's
// survey); in the order of the pieces they then become runs, which costs no more than the copy of a
// cut line. Where that is not enough (documents, header rows, over-long lines, ends of inputs) the
// cutter reads the pieces one after the other, as it would read a file. Thread-safe.
//
// A guess that spares all that: the inputs are files, and all of them are lines as they stand. The
// workers then take runs from the cutter where the files are mapped. Nobody knows the lines before
// his own, so each run counts from 1. Where the guess turns out wrong, the queue ends, and nothing
// that was read of it may count.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "ingest/piece_supply.hpp"
#include "ingest/run_cutter.hpp"

namespace endreason {

class RunQueue {
 public:
  RunQueue(std::vector<Input> inputs, const LineReaderOptions& reader, std::size_t run_bytes,
           InputOpener open, unsigned threads, bool lend = false, bool guess = false);

  // The next run into `run`, whose memory is reused. False at the end, or once stopped.
  // `progress` is called with the stored bytes taken so far, never by two threads at once.
  bool next(Run& run, const std::function<void(std::uint64_t)>& progress);
  // Nobody waits for runs any more.
  void stop();

  // What workers have to tell of unsurveyed runs.
  bool opens_more(std::string_view line) const { return cutter_.opens_more(line); }
  void read_up_to(const Run& run, std::size_t offset, std::uint64_t line);
  void broke_off(std::uint32_t file, std::uint64_t line);
  bool guesses() const { return guesses_; }
  // When all workers are done.
  bool guessed_wrong() const { return guessed_wrong_; }
  const std::vector<Error>& errors() const { return cutter_.errors(); }

 private:
  class PieceSource;
  bool next_of_cutter(Run& run);
  struct Surveyed {
    Piece piece;
    PieceSurvey survey;
  };
  bool next_of_many(Run& run, std::unique_lock<std::mutex>& lock);
  bool cut(Run& run, std::unique_lock<std::mutex>& lock);
  bool take_piece(Chunk memory, std::unique_lock<std::mutex>& lock, std::uint64_t& ticket);
  bool at_boundary() const { return read_ == reading_.padded().size() && !input_over_; }
  // For the cutter's sources: what is read next of all pieces; false at the end.
  bool turn_page();
  void changed();
  void wait(std::unique_lock<std::mutex>& lock);
  Result<std::unique_ptr<ByteSource>> open_next(const Input& input);

  const bool guesses_;
  const bool direct_;  // runs come from the cutter alone
  PieceSupply supply_;
  RunCutter cutter_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<std::uint64_t> changes_ = 0;
  std::map<std::uint64_t, Surveyed> arrived_;  // at most one of each worker, mostly
  std::uint64_t turn_ = 0;                     // the ticket of the piece that comes next
  unsigned taking_ = 0;                        // workers that are about to bring a piece
  bool supply_over_ = false;
  bool cutting_ = false;  // a worker has the cutter, without the lock; what is below goes with it
  bool over_ = false;
  bool stopped_ = false;
  bool guessed_wrong_ = false;
  // The piece that the cutter reads, where it does so itself.
  Piece reading_;
  std::size_t read_ = 0;
  bool input_over_ = false;
  std::uint32_t opened_ = 0;
};

}  // namespace endreason
