// SPDX-License-Identifier: Apache-2.0
// Where the packet inside a tunnel's packet begins: GRE (with ERSPAN and PPTP), IP in IP, VXLAN,
// Geneve, GTP-U. Pure functions; no state.
#pragma once

#include <optional>

#include "decode/layer.hpp"
#include "model/packet_view.hpp"

namespace endreason {

struct Inner {
  TunnelKind kind{};
  NextHeader first{};  // Walk::ether_type is set where this is EtherType
  Slice bytes{};
};

// Nothing when the packet is no tunnel's, carries the tunnel's own messages, or cannot be read.
//   view: the outer packet, with protocol, ports and payload.
std::optional<Inner> find_inner(const PacketView& view, Walk& walk);

}  // namespace endreason
