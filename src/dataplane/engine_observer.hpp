// SPDX-License-Identifier: Apache-2.0
// EngineObserver: for those that look at packets and sessions themselves, beside the rows. With one
// thread only. What is given dies with the call.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/packet_view.hpp"
#include "session/session_table.hpp"

namespace endreason {

class EngineObserver {
 public:
  virtual ~EngineObserver() = default;
  virtual void on_packet(const PacketView& packet, const PacketResult& result) = 0;
  // Before the session's row is given. `app` and `rule` are the names that the row has.
  virtual void on_end(const Session& session, std::int64_t ended_ns, std::string_view app,
                      std::string_view rule) = 0;
};

}  // namespace endreason
