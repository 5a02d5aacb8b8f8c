// SPDX-License-Identifier: Apache-2.0
// WorkerTeam: a fixed number of threads that do short pieces of work together, many times a second:
// run(work) calls work(0) on the caller's thread and work(1) ... on the others', and comes back
// when all are done. What was written before run() is seen by all; what they wrote, after it.
// run() itself is for one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace endreason {

// Waits until `of` is another value than `old`: looks for some time, then sleeps until somebody
// calls notify_one() or notify_all(). For threads whose work comes within microseconds.
void await_change(const std::atomic<std::uint32_t>& of, std::uint32_t old);

class WorkerTeam {
 public:
  explicit WorkerTeam(unsigned workers);  // the caller included; 1 or more
  ~WorkerTeam();
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  unsigned size() const { return static_cast<unsigned>(threads_.size()) + 1; }

  template <class Work>
  void run(const Work& work) {
    call_ = [](const void* at, unsigned worker) { (*static_cast<const Work*>(at))(worker); };
    at_ = &work;
    start();
    work(0);
    wait();
  }

 private:
  void start();
  void wait();
  void serve(unsigned worker);

  void (*call_)(const void*, unsigned) = nullptr;
  const void* at_ = nullptr;
  alignas(64) std::atomic<std::uint32_t> turn_{0};  // counts runs; kLeave ends the threads
  alignas(64) std::atomic<std::uint32_t> busy_{0};  // threads that have not done this run
  std::atomic<bool> leave_{false};
  std::vector<std::thread> threads_;
};

}  // namespace endreason
