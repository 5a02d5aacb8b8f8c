// SPDX-License-Identifier: Apache-2.0
#include "server/request_rate.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

TEST(RequestRate, AMinutesWorthMayComeAtOnceAndThenAsFastAsItFillsUp) {
  RequestRate rate;
  rate.set(60);
  std::int64_t now = 1'000 * kSecond;
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(rate.wait_seconds("10.0.0.1", now)) << i;
  EXPECT_EQ(rate.wait_seconds("10.0.0.1", now), 1);
  EXPECT_FALSE(rate.wait_seconds("10.0.0.2", now));  // another client has its own
  now += 2 * kSecond;
  EXPECT_FALSE(rate.wait_seconds("10.0.0.1", now));
  EXPECT_FALSE(rate.wait_seconds("10.0.0.1", now));
  EXPECT_TRUE(rate.wait_seconds("10.0.0.1", now));
  now -= 3600 * kSecond;  // a clock that was set back
  EXPECT_TRUE(rate.wait_seconds("10.0.0.1", now));
}

TEST(RequestRate, WithoutALimitEverybodyMayAskAndALongWaitIsSaid) {
  RequestRate rate;
  for (int i = 0; i < 10'000; ++i) ASSERT_FALSE(rate.wait_seconds("10.0.0.1", 0));
  rate.set(1);
  EXPECT_FALSE(rate.wait_seconds("10.0.0.1", 0));
  EXPECT_EQ(rate.wait_seconds("10.0.0.1", 0), 60);
}

TEST(RequestRate, ManyClientsDoNotMakeItGrow) {
  RequestRate rate;
  rate.set(1);
  for (int i = 0; i < 20'000; ++i) EXPECT_FALSE(rate.wait_seconds(std::to_string(i), 0));
  EXPECT_TRUE(rate.wait_seconds("19999", 0));
}

}  // namespace
}  // namespace endreason
