// SPDX-License-Identifier: Apache-2.0
// Packets as a table that a network engineer reads, played through a SessionTable. For tests.
//
//   # t_ms  dir  flags  len  state         more
//        0  c2s  S        0  syn-sent
//       12  s2c  SA       0  syn-received
//       20  c2s  A      120  established
//       30  s2c  R        0  established   seq=+70000 out=tcp_rst_out_of_window
//    60000  --   --       -  -
//   = ended aged-out 2 2 3600020           reason, packets each way, when it ended (ms)
//   = handshake SYN, SYN-ACK, ACK          of the session that began last
//
// Each side's sequence number goes on by itself, and its acknowledgement is all that the other side
// has sent. seq=, ack=: that many more or less, for this packet only (what is sent too far ahead
// does not count as sent). win=, ws=: window and scale.
// isn=: the side begins anew at this number. out=: the counter that the packet ends in; without it,
// the packet must pass. gap=: the side sends so many bytes that are not seen. `state` is that of
// the TCP machine, DISCARD, or "-" for no session.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "session/session_table.hpp"

namespace endreason {

inline IpAddress test_address(std::uint32_t number) {
  IpAddress a;
  a.bytes[10] = a.bytes[11] = 0xff;
  for (unsigned i = 0; i < 4; ++i)
    a.bytes[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return a;
}

class CollectingSink : public SessionSink {
 public:
  struct Ended {
    Session session;
    std::int64_t at_ns;
    EndReason reason() const { return winning_reason(session.end_reasons); }
  };
  bool wants_packets() const override { return true; }
  void on_packet(const PacketView&, const PacketResult& result) override {
    last = result;
    has_session = result.session != nullptr;
    if (has_session) session = *result.session;
  }
  void on_pool_full(const PacketView&) override { ++pool_full; }
  void on_end(const Session& s, std::int64_t at_ns) override { ended.push_back({s, at_ns}); }

  PacketResult last;
  int pool_full = 0;
  bool has_session = false;
  Session session;
  std::deque<Ended> ended;
};

class PacketScript {
 public:
  // The numbers that client and server begin at.
  struct Start {
    std::uint32_t client = 1000, server = 9000;
  };

  explicit PacketScript(const SessionSettings& settings = {}, Start start = {1000, 9000})
      : next_{start.client, start.server} {
    SessionSettings small = settings;
    small.capacity = 64;
    table = std::move(SessionTable::create(small).value());
  }

  // Plays the table; what is wrong, a line each. Empty: all as expected.
  std::string play(std::string_view text);

  std::unique_ptr<SessionTable> table;
  CollectingSink sink;

 private:
  std::string check(std::istringstream& words);
  std::string packet(const std::string& time, std::istringstream& words);
  PacketView view(std::size_t from, const std::string& flags, std::uint32_t length) const;
  void send(PacketView& p, std::size_t from, std::int64_t seq, std::int64_t ack);
  std::string judge(const std::string& state, const std::string& outcome) const;

  std::array<std::uint32_t, 2> next_;
  Session last_;
  std::string wrong_;
};

}  // namespace endreason
