// SPDX-License-Identifier: Apache-2.0
// Which ICMP messages are errors, and so quote the packet that they are about. Pure; thread-safe.
#pragma once

#include "model/packet_view.hpp"
#include "model/protocol.hpp"

namespace endreason {

// Types of ICMP errors, which quote a packet (RFC 792, RFC 4443 section 2.1: below 128).
inline bool is_icmp_error(const PacketView& p) {
  if (p.protocol == kProtoIcmp6) return p.icmp_type < 128;
  if (p.protocol != kProtoIcmp) return false;
  switch (p.icmp_type) {
    case 3:   // destination unreachable
    case 4:   // source quench
    case 5:   // redirect
    case 11:  // time exceeded
    case 12:  // parameter problem
      return true;
    default:
      return false;
  }
}

}  // namespace endreason
