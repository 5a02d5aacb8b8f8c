// SPDX-License-Identifier: Apache-2.0
#include "session/session_pool.hpp"

#include <gtest/gtest.h>

#include <set>

namespace endreason {
namespace {

TEST(SessionPool, GivesOutEachPlaceOnceAndThenSaysItIsFull) {
  SessionPool pool(100);
  std::set<SessionIndex> places;
  for (int i = 0; i < 100; ++i) places.insert(pool.allocate());
  EXPECT_EQ(places.size(), 100u);
  EXPECT_EQ(pool.allocate(), kNoSession);
  EXPECT_EQ(pool.allocated(), 100u);
  EXPECT_EQ(pool.free(), 0u);
  for (const SessionIndex i : places) {
    pool.release(i);
    EXPECT_EQ(pool.allocated() + pool.free(), pool.capacity());
  }
  EXPECT_EQ(pool.free(), 100u);
}

TEST(SessionPool, PlacesAreUsedAgainButIdsAreNot) {
  SessionPool pool(4);
  const SessionIndex first = pool.allocate();
  EXPECT_EQ(pool[first].id, 1u);
  pool[first].user = 77;
  pool[first].flows[0].bytes = 5;
  pool.release(first);
  const SessionIndex again = pool.allocate();
  EXPECT_EQ(again, first) << "the one freed last comes first";
  EXPECT_EQ(pool[again].id, 2u);
  EXPECT_EQ(pool[again].user, 0u);
  EXPECT_EQ(pool[again].flows[0].bytes, 0u);
  EXPECT_EQ(pool[again].state, SessionState::Opening);
}

TEST(SessionPool, AFreedSessionShowsInitAndKeepsWhatWasSeen) {
  SessionPool pool(4);
  const SessionIndex i = pool.allocate();
  pool[i].flows[1].bytes = 9;
  pool.release(i);
  EXPECT_EQ(pool[i].state, SessionState::Init);
  EXPECT_EQ(pool[i].flows[1].bytes, 9u);
}

TEST(SessionPool, ALargePoolTakesItsMemoryOnlyWhenUsed) {
  SessionPool pool(1u << 30);  // 200 GB, were it taken at once
  if (pool.empty()) GTEST_SKIP() << "the system reserves no address space of that size";
  EXPECT_NE(pool.allocate(), kNoSession);
}

}  // namespace
}  // namespace endreason
