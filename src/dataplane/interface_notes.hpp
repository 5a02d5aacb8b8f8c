// SPDX-License-Identifier: Apache-2.0
// InterfaceNotes: by which interfaces of the capture a session's packets came: the first one of the
// client, the first one of the server. What a firewall calls its ingress and egress interface; a
// tap, which sees both sides by one interface, has the same for both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/beside_sessions.hpp"
#include "model/packet_view.hpp"
#include "session/session_table.hpp"

namespace endreason {

inline constexpr std::uint16_t kNoInterface = UINT16_MAX;

struct SessionInterfaces {
  std::uint16_t ingress{kNoInterface};
  std::uint16_t egress{kNoInterface};  // not known before the server has answered
};

// What the capture calls its interfaces. Most captures call them nothing.
class InterfaceNames {
 public:
  void set(std::size_t number, std::string_view name) {
    if (name.empty()) return;
    if (number >= names_.size()) names_.resize(number + 1);
    names_[number] = name;
  }
  bool any() const { return !names_.empty(); }
  // Empty where it has none.
  std::string_view operator[](std::uint16_t number) const {
    return number < names_.size() ? std::string_view(names_[number]) : std::string_view();
  }

 private:
  std::vector<std::string> names_;
};

class InterfaceNotes {
 public:
  void see(const PacketView& packet, const PacketResult& result) {
    if (result.session == nullptr || result.outcome == SessionCounter::IcmpErrorMatched) return;
    SessionInterfaces& own = rows_[result.index];
    if (result.first) own = {packet.interface, kNoInterface};
    if (result.flow == Flow::S2c && own.egress == kNoInterface) own.egress = packet.interface;
  }
  SessionInterfaces of(SessionIndex place) { return rows_[place]; }

 private:
  BesideSessions<SessionInterfaces> rows_;
};

}  // namespace endreason
