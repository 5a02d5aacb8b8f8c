// SPDX-License-Identifier: Apache-2.0
// StoreKeeper: what a store needs beside taking rows, on a thread of its own: its upkeep, and that
// it holds no more and nothing older than is wanted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "base/result.hpp"
#include "store/store.hpp"

namespace endreason {

struct KeepLimits {
  std::uint32_t days = 0;   // rows older than so many are removed; 0: none
  std::uint64_t bytes = 0;  // of the database; 0: no limit
};

class StoreKeeper {
 public:
  // The store must live longer.
  StoreKeeper(Store& store, KeepLimits limits, std::function<std::int64_t()> now_micros)
      : store_(store), now_micros_(std::move(now_micros)), limits_(limits) {}
  ~StoreKeeper() { stop(); }
  StoreKeeper(const StoreKeeper&) = delete;
  StoreKeeper& operator=(const StoreKeeper&) = delete;

  void start();
  void stop();
  void change(KeepLimits limits);
  // Removes what is older or more than is to be kept; gives how many rows. Done every minute.
  [[nodiscard]] Result<std::uint64_t> keep_limits();

 private:
  void work();

  Store& store_;
  std::function<std::int64_t()> now_micros_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // guards what is below
  std::condition_variable wakes_;
  KeepLimits limits_;
};

}  // namespace endreason
