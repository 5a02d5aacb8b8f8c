// SPDX-License-Identifier: Apache-2.0
// ProgressLine: how far a long run has come, on standard error, a few times a second. Wiped before
// anything else is printed. Thread-safe: it is called by whoever takes the next run.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace endreason {

class ProgressLine {
 public:
  void show(std::uint64_t bytes_read, std::optional<std::uint64_t> bytes_total);
  void clear();

 private:
  std::mutex mutex_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = started_;
  bool shown_ = false;
};

}  // namespace endreason
