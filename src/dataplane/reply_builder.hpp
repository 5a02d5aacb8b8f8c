// SPDX-License-Identifier: Apache-2.0
// ReplyBuilder: the packets that the firewall sends itself: TCP resets to the ends of a denied
// session, and ICMP unreachables to its client. Makes IP packets, in the order of the packets that
// gave rise to them; their bytes stay until clear(). One a lane; memory grows to the most that a
// batch needs and is kept.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/packet_view.hpp"
#include "session/session.hpp"

namespace endreason {

enum class ReplyKind : std::uint8_t { Reset, Unreachable };

struct Reply {
  std::uint64_t cause{};  // the number of the packet that gave rise to it
  std::int64_t time_ns{};
  std::uint32_t offset{}, length{};  // of its bytes
  ReplyKind kind{};
};

class ReplyBuilder {
 public:
  // A reset towards the receiver of flow `to`, as if from its sender. `packet`, which has just been
  // taken as one of flow `packet_flow`, does not go on.
  void add_reset(const Session& session, Flow to, const PacketView& packet, Flow packet_flow,
                 std::uint64_t cause);
  // "Communication administratively prohibited" to the sender of this packet. `from`: null when the
  // firewall has no address there; then it seems to come from the packet's destination.
  // False: RFC 1122 section 3.2.2 and RFC 4443 section 2.4 want no error for such a packet.
  bool add_unreachable(const PacketView& packet, const IpAddress* from, std::uint64_t cause);

  std::span<const Reply> replies() const { return replies_; }
  std::span<const std::uint8_t> bytes(const Reply& reply) const {
    return std::span(bytes_).subspan(reply.offset, reply.length);
  }
  void clear() {
    replies_.clear();
    bytes_.clear();
  }

 private:
  std::uint8_t* add(ReplyKind kind, const PacketView& packet, std::uint64_t cause,
                    std::size_t length);

  std::vector<Reply> replies_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace endreason
