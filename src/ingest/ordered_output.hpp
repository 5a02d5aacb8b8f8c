// SPDX-License-Identifier: Apache-2.0
// OrderedOutput: results of runs that were worked on side by side, written in the order of the
// runs. Thread-safe. A worker that is too far ahead waits, so what is held back is bounded: so many
// results, or many more of which hardly any has bytes. Falling asleep and waking up takes about as
// long as working on a run, so that nobody should do it who only counts.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace endreason {

struct RunResult {
  // Lines are counted as the run counts them.
  struct Message {
    std::uint64_t line;
    std::string text;  // behind the place
  };
  std::string output;                      // bytes for the result stream
  std::string rejects;                     // bytes for the rejects file
  std::vector<Message> messages;           // the first rejects, for standard error
  std::uint64_t rejected{};                // how many there were
  std::uint32_t file{};                    // index of the input
  std::uint64_t lines{};                   // how many the run has
  std::optional<std::uint64_t> broke_off;  // from this line on, the input had become shorter

  std::size_t bytes() const {
    std::size_t sum = output.size() + rejects.size();
    for (const Message& message : messages) sum += message.text.size();
    return sum;
  }
};

class OrderedOutput {
 public:
  // `write` is called with one result after the other, in order, never by two threads at once;
  // false stops everything.
  OrderedOutput(std::uint64_t ahead_max, std::function<bool(RunResult&)> write)
      : ahead_max_(ahead_max), write_(std::move(write)) {}

  // Hands in the result of run `sequence` (from 0, each exactly once). False once writing stopped.
  bool submit(std::uint64_t sequence, RunResult&& result);
  bool stopped() const;
  void stop();

 private:
  // Of results that are small together, so many times as many may wait.
  static constexpr std::uint64_t kSmallFactor = 32;
  static constexpr std::size_t kSmallBytes = 256 * 1024;
  bool may_wait(std::uint64_t sequence, std::size_t bytes) const;

  const std::uint64_t ahead_max_;
  std::function<bool(RunResult&)> write_;
  mutable std::mutex mutex_;
  std::condition_variable moved_;
  std::map<std::uint64_t, RunResult> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t next_ = 0;
  bool writing_ = false;
  bool stopped_ = false;
};

}  // namespace endreason
