// SPDX-License-Identifier: Apache-2.0
#include "session/session_timeouts.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(SessionTimeouts, BeginWithTheVendorsDefaults) {
  const SessionTimeouts t;
  EXPECT_EQ(t.seconds(SessionTimer::Tcp), 3600u);
  EXPECT_EQ(t.seconds(SessionTimer::TcpInit), 5u);
  EXPECT_EQ(t.seconds(SessionTimer::TcpTimeWait), 15u);
  EXPECT_EQ(t.seconds(SessionTimer::SctpCookie), 60u);
}

TEST(SessionTimeouts, RefuseWhatIsOutOfRangeAndNameTheRange) {
  SessionTimeouts t;
  for (const SessionTimerInfo& row : kSessionTimers) {
    EXPECT_TRUE(t.set(row.value, row.min_s)) << row.log_name;
    EXPECT_TRUE(t.set(row.value, row.max_s)) << row.log_name;
    EXPECT_FALSE(t.set(row.value, std::uint64_t{row.max_s} + 1)) << row.log_name;
    EXPECT_FALSE(t.set(row.value, std::uint64_t{row.min_s} - 1)) << row.log_name;
    EXPECT_EQ(t.configured(row.value), row.max_s) << row.log_name;
  }
  const auto refused = t.set("timeout-tcpinit", 61);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "timeout-tcpinit: 61 s is out of range (set 1 to 60 s)");
}

TEST(SessionTimeouts, AnUnknownNameIsRefusedWithTheNearest) {
  SessionTimeouts t;
  EXPECT_TRUE(t.set("timeout-udp", 10));
  EXPECT_EQ(t.seconds(SessionTimer::Udp), 10u);
  const auto refused = t.set("timeout-ucp", 10);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("did you mean 'timeout-"), std::string::npos);
}

TEST(SessionTimeouts, TimeWaitActsNoLongerThanHalfClosed) {
  SessionTimeouts t;
  ASSERT_TRUE(t.set(SessionTimer::TcpHalfClosed, 10));
  EXPECT_EQ(t.configured(SessionTimer::TcpTimeWait), 15u);
  EXPECT_EQ(t.seconds(SessionTimer::TcpTimeWait), 10u);
  ASSERT_TRUE(t.set(SessionTimer::TcpHalfClosed, 100));
  EXPECT_EQ(t.seconds(SessionTimer::TcpTimeWait), 15u);
}

}  // namespace
}  // namespace endreason
