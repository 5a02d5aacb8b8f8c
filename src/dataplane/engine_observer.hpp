// SPDX-License-Identifier: Apache-2.0
// EngineObserver: for those that look at packets and sessions themselves, beside the rows. With one
// thread only. What is given dies with the call.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/interface_notes.hpp"
#include "model/packet_view.hpp"
#include "session/session_table.hpp"

namespace endreason {

struct SessionNames {
  std::string_view app;  // empty when nothing is known of it
  std::string_view rule;
  SessionInterfaces interfaces;
  bool logs_end{};  // its end is to have a row
};

class EngineObserver {
 public:
  virtual ~EngineObserver() = default;
  virtual void on_packet(const PacketView& packet, const PacketResult& result) = 0;
  // Before the session's row is given; the names are those that the row has.
  virtual void on_end(const Session& session, std::int64_t ended_ns, const SessionNames& names) = 0;
};

}  // namespace endreason
