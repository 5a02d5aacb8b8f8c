// SPDX-License-Identifier: Apache-2.0
// ClickhouseForTest: a real server, started for tests and stopped behind them.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/child_process_for_test.hpp"
#include "base/source_folder_for_test.hpp"

namespace endreason {

// tests/clickhouse_servers.py, as long as it lives.
class ClickhouseForTest {
 public:
  // The servers live until their standard input ends.
  ~ClickhouseForTest() {
    script_.close_input();
    script_.wait();
  }
  // "" where there is no server.
  std::string address(const std::string& user = "default") const {
    const std::size_t at = said_.find("\"http\": [");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + 9;
    return "clickhouse://" + user +
           "@127.0.0.1:" + said_.substr(begin, said_.find_first_of(",]", begin) - begin) + "/suite";
  }
  // In SetUp(): skips the test where there is no server, saying why; where one is demanded, fails.
  void skip_without() const {
    if (!address().empty()) return;
    ASSERT_EQ(std::getenv("ENDREASON_DEMAND_CLICKHOUSE"), nullptr) << said_;
    GTEST_SKIP() << "no ClickHouse: " << said_;
  }

 private:
  // With ENDREASON_CHDB an engine of today, embedded (npm: @chdb/lib-linux-x64-gnu).
  ChildProcess script_{{"python3", source_folder() + (std::getenv("ENDREASON_CHDB") != nullptr
                                                          ? "/tests/chdb_server.py"
                                                          : "/tests/clickhouse_servers.py")}};
  std::string said_ = script_.read_line();
};

}  // namespace endreason
