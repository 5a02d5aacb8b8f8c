// SPDX-License-Identifier: Apache-2.0
// What one TCP segment does to its session: state, sequence numbers, handshake, causes of its end.
// Touches nothing but the session and the counts it is given; timers are armed by SessionTable,
// which compares before and after. Not thread-safe.
#pragma once

#include <cstdint>

#include "model/packet_view.hpp"
#include "session/sequence.hpp"
#include "session/session.hpp"
#include "session/session_counters.hpp"
#include "session/session_settings.hpp"

namespace endreason {

// What the caller has to do about the session's timer.
enum class TimerOrder : std::uint8_t {
  Refresh,        // it runs anew
  Keep,           // it goes on
  State,          // the timer of the TCP state runs anew
  UnverifiedRst,  // the timer for resets without proof runs anew
  TakenOver,      // the session's tuple is another connection's, which this SYN-ACK has accepted
  Reuse,          // nothing was done: end this session, and begin another with the same packet
};

struct TcpStep {
  SessionCounter outcome{SessionCounter::Forwarded};
  TimerOrder timer{TimerOrder::Refresh};
};

class TcpTracker {
 public:
  TcpTracker(const TcpSettings& settings, SessionCounters& counters)
      : settings_(&settings), counters_(&counters) {}

  // May this packet begin a session? Created, or the outcome that says why not.
  SessionCounter admit(const PacketView& p) const;
  // The packet that began it; the sender is the client.
  void begin(Session& session, const PacketView& p);
  // The connection that took a session's tuple over, as the SYN-ACK leaves it.
  static void begin_taken_over(Session& session);
  // A packet of a session that has begun. First the common case: the next segment of an established
  // connection, which passes and refreshes the timer. Of session and packet is_common() must be
  // true. False: it is another case, nothing was changed.
  [[gnu::always_inline]] bool take_expected(Session& session, Flow flow, const PacketView& p) {
    if (p.window == 0 || !endreason::take_expected(session, flow, p)) return false;
    if (p.payload_length > 0) session.set(data_seen(flow));
    return true;
  }
  static bool is_common(const PacketView& p) {
    return (p.tcp_flags & (kControlFlags | kTcpUrg)) == kTcpAck;
  }
  static bool is_common(const Session& session) {
    return session.tcp_state == TcpState::Established && (session.flags & kAttention) == 0;
  }
  // All others, and the common ones as well.
  TcpStep take(Session& session, Flow flow, const PacketView& p);
  // The session is over: gives back its share of the segments held.
  void forget(const Session& session);

  std::uint32_t segments_held() const { return segments_held_; }
  // Segments that other tables of the same firewall hold: they count against the limit of all.
  void set_held_elsewhere(std::uint32_t segments) { held_elsewhere_ = segments; }

 private:
  // A session with one of these needs more than the common path.
  static constexpr std::uint16_t kAttention = kUnverifiedRstC2s | kUnverifiedRstS2c;
  static constexpr std::uint8_t kControlFlags = kTcpFin | kTcpSyn | kTcpRst | kTcpAck;

  TcpStep take_rarer(Session& session, Flow flow, const PacketView& p);
  TcpStep take_rst(Session& session, Flow flow, const PacketView& p);
  TcpStep take_syn(Session& session, Flow flow, const PacketView& p);
  TcpStep take_syn_ack(Session& session, Flow flow, const PacketView& p);
  TcpStep take_plain(Session& session, Flow flow, const PacketView& p);
  TcpStep take_in_order(Session& session, Flow flow, const PacketView& p);
  TcpStep answer_to_syn(Session& session, Flow flow, const PacketView& p);
  TcpStep exceed_limit(Session& session, SessionCounter which);
  SessionCounter limit_reached(const Session& session, Flow flow) const;
  void count_place(Session& session, SegmentPlace place);

  const TcpSettings* settings_;
  SessionCounters* counters_;
  std::uint32_t segments_held_ = 0;  // of all sessions, beyond missing ones
  std::uint32_t held_elsewhere_ = 0;
};

}  // namespace endreason
