// SPDX-License-Identifier: Apache-2.0
// Sequence numbers and windows of a TCP session, as a box between the two ends sees them.
// A segment and a session in; where it lies out, and the session's FlowState brought up to date.
// Rules: RFC 9293 section 3.4, RFC 5961 for resets, and for what a middle box can know of windows
// van Rooij, "Real Stateful TCP Packet Filtering in IP Filter" (2001).
#pragma once

#include <cstdint>

#include "model/packet_view.hpp"
#include "session/session.hpp"

namespace endreason {

// Comparisons of numbers that wrap.
constexpr bool seq_before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}
constexpr bool seq_after(std::uint32_t a, std::uint32_t b) {
  return seq_before(b, a);
}

enum class SegmentPlace : std::uint8_t {
  InOrder,
  NoData,
  Retransmitted,  // seen before, whole
  Overlapping,    // begins in what was seen, ends behind it
  Ahead,          // something before it is missing
  BehindGap,      // was missing no longer: what lies between was not captured
  OutOfWindow,    // nothing was changed
};

struct SegmentTaken {
  SegmentPlace place;
  bool gap;  // it acknowledges what was never seen: packets are missing in what we were given
};

enum class RstPlace : std::uint8_t { Exact, InWindow, Outside };

// Sequence numbers that the segment takes, SYN and FIN counted.
inline std::uint32_t segment_length(const PacketView& p) {
  return p.payload_length + ((p.tcp_flags & kTcpSyn) != 0) + ((p.tcp_flags & kTcpFin) != 0);
}

// A SYN or SYN-ACK: the flow begins here, whatever was known before.
void begin_sequence(Session& session, Flow flow, const PacketView& p);

// The server opens anew a session that was established: its SYN-ACK says where both flows begin.
void reopen_sequence(Session& session, Flow flow, const PacketView& p);

// The first segment of a flow whose SYN was not seen.
void join_sequence(Session& session, Flow flow, const PacketView& p);

// A segment without SYN and RST of a flow whose numbers are known. pass_gaps: what is beyond the
// window may follow packets that were not captured (BehindGap).
SegmentTaken take_segment(Session& session, Flow flow, const PacketView& p, bool pass_gaps);

// Most segments: the next one, in the window, of a session in which nothing is missing, and it
// acknowledges nothing that was not seen. Then true, and all is done that take_segment() does.
// False: nothing was changed.
[[gnu::always_inline]] inline bool take_expected(Session& session, Flow flow, const PacketView& p) {
  constexpr std::uint32_t kMostBytes = 1 << 20;  // longer ones are claims of a damaged capture
  constexpr unsigned kKnown = kSequenceC2s | kSequenceS2c;
  if ((session.flags & (kKnown | kHoleC2s | kHoleS2c)) != kKnown) return false;
  FlowState& own = session.flow(flow);
  FlowState& peer = session.flow(other(flow));
  const std::uint32_t length = segment_length(p);
  if (p.seq != own.next_seq || seq_after(p.seq, own.window_end) || length > kMostBytes ||
      (p.tcp_flags & (kTcpAck | kTcpSyn)) != kTcpAck || seq_after(p.ack, peer.next_seq))
    return false;
  own.next_seq += length;
  own.window = std::uint32_t{p.window} << (session.has(kNoScaling) ? 0 : own.scale);
  if (seq_after(p.ack, own.acked)) own.acked = p.ack;
  const std::uint32_t end = p.ack + own.window;
  if (seq_after(end, peer.window_end)) peer.window_end = end;
  return true;
}

RstPlace place_rst(const Session& session, Flow flow, const PacketView& p);

// True when the segment acknowledges the other side's SYN, and nothing that was never sent.
bool acknowledges_syn(const Session& session, Flow flow, const PacketView& p);

}  // namespace endreason
