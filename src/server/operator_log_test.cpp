// SPDX-License-Identifier: Apache-2.0
#include "server/operator_log.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

class OperatorLogTest : public testing::Test {
 protected:
  std::string written_;
  OperatorLog log_{[this](std::string_view line) { written_ += line; },
                   [] { return std::int64_t{1'773'136'810'000'000}; }};
};

TEST_F(OperatorLogTest, AMachineGetsAnObjectALineWithTheFieldsApart) {
  log_.set(LogFormat::Json, LogLevel::Info);
  log_.info("listening", "listening for syslog on \"udp\"", {{"address", "udp:127.0.0.1:5514"}});
  EXPECT_EQ(
      written_,
      "{\"time\":\"2026-03-10T10:00:10Z\",\"level\":\"info\",\"event\":\"listening\","
      "\"message\":\"listening for syslog on \\\"udp\\\"\",\"address\":\"udp:127.0.0.1:5514\"}"
      "\n");
}

TEST_F(OperatorLogTest, TextHasTimesWhereNobodyElseWritesThem) {
  log_.set(LogFormat::Terminal, LogLevel::Info);
  log_.info("ready", "ready");
  log_.set(LogFormat::Plain, LogLevel::Info);
  log_.warning("spool-full", "the spool is full");
  log_.set(LogFormat::Journal, LogLevel::Info);
  log_.error("disk-full", "the disk is full");
  EXPECT_EQ(written_,
            "endreason: ready\n"
            "2026-03-10T10:00:10Z endreason: warning: the spool is full\n"
            "<3>the disk is full\n");
}

TEST_F(OperatorLogTest, LevelsBelowTheOneWantedAreLeftOut) {
  log_.set(LogFormat::Terminal, LogLevel::Warning);
  log_.info("ready", "ready");
  EXPECT_EQ(written_, "");
  EXPECT_FALSE(log_.wants(LogLevel::Debug));
  log_.error("failed", "failed");
  EXPECT_EQ(written_, "endreason: error: failed\n");
}

TEST_F(OperatorLogTest, ANameOfSomebodyElsesCannotBeginALineOfItsOwn) {
  log_.set(LogFormat::Terminal, LogLevel::Info);
  log_.info("alert", "alert 'a\nendreason: error: b\x1b[2J'");
  EXPECT_EQ(written_, "endreason: alert 'a | endreason: error: b\\x1b[2J'\n");
}

}  // namespace
}  // namespace endreason
