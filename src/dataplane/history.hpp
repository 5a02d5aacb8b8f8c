// SPDX-License-Identifier: Apache-2.0
// History: what happened in a session, a letter each time, as the history column of Zeek's conn.log
// has it: https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html. Capitals are
// the client's, small letters the server's. S SYN, H SYN-ACK, A bare ACK, D data, F FIN, R reset,
// I FIN with reset, Q SYN with FIN or reset, T retransmission, W zero window, G gap.
//
// The first seven letters come once a side, S, H, F and R again when another number is sent; T, W
// and G come at the first, the tenth, the hundredth time. C (a wrong checksum) is not written:
// such packets are dropped before their session is known, or not checked. Nor is ^: who sent the
// first packet is the client, and sessions are not turned round.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "dataplane/beside_sessions.hpp"
#include "model/packet_view.hpp"
#include "model/session_terms.hpp"
#include "session/session_table.hpp"

namespace endreason {

enum class HistoryEvent : std::uint8_t { S, H, A, D, F, R, I, Q, T, W, G };

// The letters, at most so many; what comes after them is left out. A plain value of 16 bytes.
class History {
 public:
  static constexpr std::size_t kMostLetters = 24;

  void add(HistoryEvent event, Flow flow);
  void append_to(std::string& text) const;

 private:
  static constexpr unsigned kCodeBits = 5, kCodesAWord = 12;
  std::array<std::uint64_t, 2> words_{};  // codes from 1, the first in the lowest bits
};

// Takes the packets of sessions in the order of arrival.
class HistoryNotes {
 public:
  void see(const PacketView& packet, const PacketResult& result);
  History of(SessionIndex place) { return rows_[place].letters; }
  // Of a packet that was let begin no session.
  static History of_one(const PacketView& packet);
  // The session at this place has ended.
  void forget(SessionIndex place) { rows_[place] = {}; }

 private:
  struct Side {
    std::uint32_t highest{};   // one behind the highest number that it sent
    std::uint32_t next_seq{};  // the session's own, behind the last packet
    std::uint32_t last_syn{}, last_fin{}, last_rst{};
    std::uint16_t retransmissions{}, zero_windows{}, gaps{};
    std::uint16_t seen{};  // bit per HistoryEvent
    bool known{};          // highest is
  };
  struct Row {
    History letters;
    std::array<Side, 2> sides;
    bool begun{};
  };
  static void see_tcp(Row& row, const PacketView& packet, const PacketResult& result);
  static void see_flags(Row& row, const PacketView& packet, Flow flow);
  static bool repeats(Side& side, const PacketView& packet);

  BesideSessions<Row> rows_;
};

}  // namespace endreason
