// SPDX-License-Identifier: Apache-2.0
#include "base/worker_team.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace endreason {
namespace {

// Looks that long for the other side before the system is asked to wake us: runs follow each other
// within microseconds, and a sleep takes longer than that, on a virtual machine some 50. Some 20
// microseconds alone, then some 400 at most in which whoever else has work gets the processor.
constexpr int kLooks = 500;
constexpr int kLooksBetween = 10'000, kLooksEach = 50;

void rest() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

}  // namespace

void await_change(const std::atomic<std::uint32_t>& of, std::uint32_t old) {
  for (int i = 0; i < kLooks + kLooksBetween; ++i) {
    if (of.load(std::memory_order_acquire) != old) return;
    rest();
    if (i > kLooks && i % kLooksEach == 0) std::this_thread::yield();
  }
  of.wait(old, std::memory_order_acquire);
}

WorkerTeam::WorkerTeam(unsigned workers) {
  for (unsigned worker = 1; worker < workers; ++worker)
    threads_.emplace_back([this, worker] { serve(worker); });
}

WorkerTeam::~WorkerTeam() {
  leave_.store(true, std::memory_order_relaxed);
  turn_.fetch_add(1, std::memory_order_release);
  turn_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerTeam::start() {
  if (threads_.empty()) return;
  busy_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
  turn_.fetch_add(1, std::memory_order_release);
  turn_.notify_all();
}

void WorkerTeam::wait() {
  for (std::uint32_t busy = busy_.load(std::memory_order_acquire); busy != 0;
       busy = busy_.load(std::memory_order_acquire))
    await_change(busy_, busy);
}

void WorkerTeam::serve(unsigned worker) {
  for (std::uint32_t seen = 0;; ++seen) {
    await_change(turn_, seen);
    if (leave_.load(std::memory_order_relaxed)) return;
    call_(at_, worker);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
  }
}

}  // namespace endreason
