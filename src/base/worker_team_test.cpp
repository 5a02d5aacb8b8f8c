// SPDX-License-Identifier: Apache-2.0
#include "base/worker_team.hpp"

#include <array>
#include <chrono>

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(WorkerTeam, EveryWorkerDoesEachPieceOnceAndSeesWhatTheOthersDidBefore) {
  constexpr unsigned kWorkers = 4;
  WorkerTeam team(kWorkers);
  ASSERT_EQ(team.size(), kWorkers);
  std::array<std::uint64_t, kWorkers> counts{};
  std::uint64_t sum = 0;
  for (int run = 0; run < 5'000; ++run) {
    team.run([&](unsigned worker) { counts[worker] += sum % 7 + worker; });
    std::uint64_t all = 0;
    for (const std::uint64_t count : counts) all += count;
    ASSERT_GT(all, sum);
    sum = all;
  }
}

TEST(WorkerTeam, SleepersAreWoken) {
  WorkerTeam team(3);
  int runs = 0;
  for (int run = 0; run < 3; ++run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> here{0};
    team.run([&](unsigned worker) {
      if (worker != 1) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ++here;
    });
    EXPECT_EQ(here, 3);
    ++runs;
  }
  EXPECT_EQ(runs, 3);
}

TEST(WorkerTeam, OneWorkerIsTheCaller) {
  WorkerTeam team(1);
  const std::thread::id here = std::this_thread::get_id();
  team.run([&](unsigned worker) {
    EXPECT_EQ(worker, 0u);
    EXPECT_EQ(std::this_thread::get_id(), here);
  });
}

}  // namespace
}  // namespace endreason
