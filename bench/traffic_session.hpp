// SPDX-License-Identifier: Apache-2.0
// One made-up session, drawn from the scenario table, and the stream of them in time order.
#pragma once

#include <cstdint>
#include <string_view>

#include "traffic_world.hpp"

namespace endreason::bench {

struct Session {
  const Scenario* scenario;
  const Firewall* firewall;
  const Rule* rule;
  const Application* app;  // null for the statuses and for ping
  std::string_view app_name;
  const Host* client;
  const Host* server;
  std::string_view protocol, category;
  std::string_view nat_source;  // "0.0.0.0" without translation
  std::uint32_t source_port, destination_port, nat_source_port, nat_destination_port;
  std::uint32_t session_id, repeat_count, flags, elapsed_s;
  std::uint64_t sequence_number, bytes_sent, bytes_received, packets_sent, packets_received;
  std::int64_t logged_s;  // when the row was written, seconds since the epoch by the local clock
  std::uint32_t logged_ms;
  bool dropped;  // before a session was set up
  bool quoted;   // whether fields that need quotes are written
  bool offloaded;
};

class SessionStream {
 public:
  SessionStream(const World& world, std::uint64_t seed, std::uint32_t quoted_percent);
  void next(Session& session);

 private:
  void choose_application(Session& session);
  void choose_hosts(Session& session);
  void count(Session& session);
  void translate(Session& session);

  const World& world_;
  RandomStream random_;
  std::uint32_t quoted_percent_;
  std::int64_t now_ms_;
  std::uint64_t sequence_number_;
};

}  // namespace endreason::bench
