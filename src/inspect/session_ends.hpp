// SPDX-License-Identifier: Apache-2.0
// SessionEnds: who talks to whom, as rules' headers ask for it.
#pragma once

#include <cstdint>

#include "inspect/threat_rule.hpp"
#include "model/ip_address.hpp"

namespace endreason::inspect {

struct SessionEnds {
  IpAddress client, server;
  std::uint16_t client_port{}, server_port{};
  std::uint8_t protocol{};
};

// Whether the rule's addresses and ports fit, with the client (forward) or the server as source.
inline bool ends_fit(const ThreatRule& rule, const SessionEnds& e, bool forward) {
  return rule.source_ports.contains(forward ? e.client_port : e.server_port) &&
         rule.destination_ports.contains(forward ? e.server_port : e.client_port) &&
         rule.source.contains(forward ? e.client : e.server) &&
         rule.destination.contains(forward ? e.server : e.client);
}

}  // namespace endreason::inspect
