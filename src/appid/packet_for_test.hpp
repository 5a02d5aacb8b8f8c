// SPDX-License-Identifier: Apache-2.0
// Packets of one session for this room's tests: client 10.0.0.1, server 192.0.2.7.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/packet_view.hpp"
#include "model/protocol.hpp"

namespace endreason::test {

struct Conversation {
  std::uint8_t protocol{kProtoTcp};
  std::uint16_t client_port{50000}, server_port{443};
  std::uint32_t next[2] = {1000, 900'000};  // sequence numbers, client's first
  std::int64_t time_ns{1'700'000'000'000'000'000};

  // The next payload of a side. It borrows the text.
  PacketView say(bool from_client, std::string_view payload) {
    PacketView p = at(from_client, next[from_client ? 0 : 1], payload);
    next[from_client ? 0 : 1] += p.payload_length;
    return p;
  }
  // A payload at some place of the stream.
  PacketView at(bool from_client, std::uint32_t seq, std::string_view payload) {
    PacketView p;
    p.time_ns = time_ns += 1'000'000;
    p.src = *parse_ip(from_client ? "10.0.0.1" : "192.0.2.7");
    p.dst = *parse_ip(from_client ? "192.0.2.7" : "10.0.0.1");
    p.sport = from_client ? client_port : server_port;
    p.dport = from_client ? server_port : client_port;
    p.protocol = protocol;
    p.tcp_flags = kTcpAck | kTcpPsh;
    p.seq = seq;
    p.ack = next[from_client ? 1 : 0];
    p.window = 65535;
    p.payload = reinterpret_cast<const std::uint8_t*>(payload.data());
    p.payload_length = p.payload_captured = static_cast<std::uint32_t>(payload.size());
    return p;
  }
};

}  // namespace endreason::test
