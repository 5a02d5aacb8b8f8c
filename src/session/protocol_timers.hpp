// SPDX-License-Identifier: Apache-2.0
// Which timers run for the sessions of an IP protocol.
#pragma once

#include <array>
#include <cstdint>

#include "model/protocol.hpp"
#include "model/session_terms.hpp"

namespace endreason {

struct ProtocolTimers {
  std::uint8_t protocol;
  SessionTimer idle;
  SessionTimer discard;
};
inline constexpr auto kProtocolTimers = std::to_array<ProtocolTimers>({
    {kProtoTcp, SessionTimer::Tcp, SessionTimer::DiscardTcp},
    {kProtoUdp, SessionTimer::Udp, SessionTimer::DiscardUdp},
    {kProtoIcmp, SessionTimer::Icmp, SessionTimer::DiscardDefault},
    {kProtoIcmp6, SessionTimer::Icmp, SessionTimer::DiscardDefault},
    {kProtoSctp, SessionTimer::Sctp, SessionTimer::DiscardSctp},
});
constexpr ProtocolTimers timers_of(std::uint8_t protocol) {
  for (const ProtocolTimers& row : kProtocolTimers)
    if (row.protocol == protocol) return row;
  return {protocol, SessionTimer::Default, SessionTimer::DiscardDefault};
}

}  // namespace endreason
