// SPDX-License-Identifier: Apache-2.0
// CommunityId: the hash of a flow that Zeek, Suricata, Arkime and Wireshark write too, version 1
// with seed 0 (https://github.com/corelight/community-id-spec). Reuses its state; one thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/sha1.hpp"
#include "model/ip_address.hpp"
#include "session/session.hpp"

namespace endreason {

struct FlowTuple {
  IpAddress src, dst;
  std::uint16_t sport{}, dport{};  // ICMP: type and code
  std::uint8_t protocol{};
};
// Of the session's first packet, as far as the session remembers it.
FlowTuple tuple_of(const Session& session);

class CommunityId {
 public:
  // "1:" and the digest, appended.
  void append(std::string& out, const FlowTuple& tuple);

 private:
  Sha1 sha1_;
};

}  // namespace endreason
