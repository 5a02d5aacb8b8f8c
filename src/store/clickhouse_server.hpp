// SPDX-License-Identifier: Apache-2.0
// ClickhouseServer: one server of ClickHouse, asked over HTTP. Its messages as Results. Room store
// only; one thread at a time.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store.hpp"
#include "transfer/http_client.hpp"

namespace endreason {

struct ClickhouseAddress {
  std::string scheme;  // "http"
  std::string user, database;
  std::vector<std::string> servers;  // "host:port"
};
// clickhouse://[user@]host[:port][,host[:port]...][/database]; clickhouses:// is over TLS.
Result<ClickhouseAddress> parse_clickhouse_address(std::string_view text);

// What one request asks for besides its SQL.
struct ClickhouseSettings {
  std::string query_id;
  std::string database;               // of tables that are named without one
  std::chrono::milliseconds time{0};  // of a query; 0: no limit
  bool read_only = false;
  bool skip_shards = false;  // answer without the shards that do not
};

class ClickhouseServer {
 public:
  static constexpr std::chrono::milliseconds kAnswerTime{120'000};
  ClickhouseServer(const ClickhouseAddress& address, std::string server, std::string password,
                   std::string ca_file, std::chrono::milliseconds answer_time = kAnswerTime);

  // "host:port"
  const std::string& name() const { return server_; }
  Result<void> run(const std::string& sql, const ClickhouseSettings& settings = {});
  // SELECT without FORMAT.
  Result<Table> ask(const std::string& sql, std::uint64_t rows_max,
                    const ClickhouseSettings& settings = {});
  // SELECT with a FORMAT: its bytes, once the server has them all.
  Result<std::string> fetch(const std::string& sql, const ClickhouseSettings& settings = {});
  // A block of rows in the format Native, in pieces, never sent twice by itself.
  Result<void> insert(const std::string& statement, std::span<const std::string_view> block,
                      const ClickhouseSettings& settings);
  // Whether the error says that a shard did not answer.
  static bool shard_missing(const Error& error);
  // Whether it says that the server lacks a table or the database, as one does that was not there
  // when they were made.
  static bool tables_missing(const Error& error);

 private:
  Result<std::string> send(const std::string& parameters, std::string_view body,
                           const ClickhouseSettings& settings, bool fresh);
  ClickhouseAddress address_;
  std::string server_, password_;
  HttpClient client_;
};

}  // namespace endreason
