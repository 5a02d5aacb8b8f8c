// SPDX-License-Identifier: Apache-2.0
#include "session/sequence.hpp"

#include <algorithm>

namespace endreason {
namespace {

// Where a window was not announced or is tiny, as much as an unscaled window can hold is allowed:
// probes and retransmissions of a session seen from its middle are not refused.
constexpr std::uint32_t kLeastWindow = 65'535;
// RFC 7323 section 2.3: a shift above 14 is taken as 14. Also for sessions seen from the middle:
// the scale was said in the SYN, so the largest is assumed.
constexpr std::uint8_t kMostScale = 14;

std::uint32_t announced_window(const Session& session, Flow flow, const PacketView& p) {
  const bool scaled = (p.tcp_flags & kTcpSyn) == 0 && !session.has(kNoScaling);
  return scaled ? std::uint32_t{p.window} << session.flow(flow).scale : p.window;
}

void close_hole(Session& session, Flow flow) {
  FlowState& own = session.flow(flow);
  FlowExtra& extra = session.extra(flow);
  if (seq_after(extra.held_end, own.next_seq)) own.next_seq = extra.held_end;
  session.held_of(flow) = 0;
  session.clear(hole_before(flow));
}

// What this segment says about the other flow: how far it has arrived, and how far it may go on.
// True when it acknowledges what was never seen, though it was in the window: a capture gap.
bool take_acknowledgement(Session& session, Flow flow, const PacketView& p) {
  FlowState& own = session.flow(flow);
  FlowState& peer = session.flow(other(flow));
  own.window = announced_window(session, flow, p);
  if (!session.has(sequence_known(other(flow)))) {
    own.acked = p.ack;
    return false;
  }
  const bool unseen = seq_after(p.ack, peer.next_seq);
  if (unseen && seq_after(p.ack, peer.window_end + kLeastWindow)) {
    session.remark(kWrongAck);
    return false;
  }
  if (seq_after(p.ack, own.acked)) own.acked = p.ack;
  const std::uint32_t end = p.ack + own.window;
  if (seq_after(end, peer.window_end)) peer.window_end = end;
  if (!unseen) return false;
  // The receiver has it, so nothing is missing up to here.
  const bool hole = session.has(hole_before(other(flow)));
  const FlowExtra& extra = session.extra(other(flow));
  peer.next_seq = p.ack;
  if (!hole) return true;
  if (!seq_before(p.ack, extra.held_from)) close_hole(session, other(flow));
  return false;
}

std::uint16_t plus_one(std::uint16_t n) {
  return n == UINT16_MAX ? n : static_cast<std::uint16_t>(n + 1);
}

void hold(Session& session, Flow flow, std::uint32_t from, std::uint32_t end) {
  FlowExtra& extra = session.extra(flow);
  if (!session.has(hole_before(flow))) {
    session.set(hole_before(flow));
    extra.held_from = from;
    extra.held_end = end;
  } else {
    if (seq_before(from, extra.held_from)) extra.held_from = from;
    if (seq_after(end, extra.held_end)) extra.held_end = end;
  }
  if (session.held_of(flow) < UINT8_MAX) ++session.held_of(flow);
  extra.out_of_order = plus_one(extra.out_of_order);
}

SegmentPlace take_data(Session& session, Flow flow, std::uint32_t seq, std::uint32_t end) {
  FlowState& own = session.flow(flow);
  if (seq_after(seq, own.next_seq)) {
    hold(session, flow, seq, end);
    return SegmentPlace::Ahead;
  }
  if (!seq_after(end, own.next_seq)) {
    session.extra(flow).retransmitted = plus_one(session.extra(flow).retransmitted);
    return SegmentPlace::Retransmitted;
  }
  const bool overlapping = seq != own.next_seq;
  own.next_seq = end;
  if (session.has(hole_before(flow)) && !seq_before(end, session.extra(flow).held_from))
    close_hole(session, flow);
  return overlapping ? SegmentPlace::Overlapping : SegmentPlace::InOrder;
}

enum class WindowPlace : std::uint8_t { Inside, Behind, Beyond };

WindowPlace window_place(const Session& session, Flow flow, std::uint32_t seq, std::uint32_t end) {
  if (!session.has(sequence_known(other(flow)))) return WindowPlace::Inside;
  const FlowState& own = session.flow(flow);
  const FlowState& peer = session.flow(other(flow));
  if (seq_after(seq, own.window_end)) return WindowPlace::Beyond;
  const std::uint32_t look_back = std::max(peer.window, kLeastWindow);
  return seq_before(end, own.next_seq - look_back) ? WindowPlace::Behind : WindowPlace::Inside;
}

// A segment beyond the window that acknowledges exactly what the other side has sent is no
// forgery: nobody off the path knows that number. Packets between were not captured.
bool follows_gap(const Session& session, Flow flow, const PacketView& p) {
  const FlowState& peer = session.flow(other(flow));
  return (p.tcp_flags & kTcpAck) != 0 && !seq_after(p.ack, peer.window_end) &&
         !seq_before(p.ack, session.flow(flow).acked);
}

}  // namespace

void begin_sequence(Session& session, Flow flow, const PacketView& p) {
  FlowState& own = session.flow(flow);
  FlowState& peer = session.flow(other(flow));
  const bool peer_known = session.has(sequence_known(other(flow)));
  own.next_seq = p.seq + segment_length(p);
  own.window = p.window;
  own.scale = static_cast<std::uint8_t>(std::clamp<int>(p.window_scale, 0, kMostScale));
  own.window_end = own.next_seq + std::max(peer_known ? peer.window : 0, kLeastWindow);
  session.held_of(flow) = 0;
  session.clear(hole_before(flow));
  session.set(sequence_known(flow));
  if (p.window_scale < 0) session.set(kNoScaling);
  if (peer_known) peer.acked = p.seq;  // it has acknowledged nothing of this flow yet
  own.acked = p.ack;                   // without the ACK flag: set when the other flow begins
  if ((p.tcp_flags & kTcpAck) != 0) take_acknowledgement(session, flow, p);
}

void reopen_sequence(Session& session, Flow flow, const PacketView& p) {
  session.clear(sequence_known(other(flow)));
  begin_sequence(session, flow, p);
  FlowState& peer = session.flow(other(flow));
  peer.next_seq = p.ack;
  peer.window_end = p.ack + std::max<std::uint32_t>(p.window, kLeastWindow);
  peer.acked = p.seq;
  session.clear(hole_before(other(flow)));
  session.held_of(other(flow)) = 0;
  session.set(sequence_known(other(flow)));
}

void join_sequence(Session& session, Flow flow, const PacketView& p) {
  FlowState& own = session.flow(flow);
  FlowState& peer = session.flow(other(flow));
  const bool peer_known = session.has(sequence_known(other(flow)));
  own.next_seq = p.seq + segment_length(p);
  own.scale = kMostScale;
  own.window_end = own.next_seq + std::max(peer_known ? peer.window : 0, kLeastWindow);
  own.acked = p.ack;
  // A peer of which only the SYN was seen has acknowledged nothing of this flow yet.
  if (peer_known && info(session.tcp_state).opening) peer.acked = p.seq;
  session.set(sequence_known(flow));
  if ((p.tcp_flags & kTcpAck) != 0) take_acknowledgement(session, flow, p);
}

SegmentTaken take_segment(Session& session, Flow flow, const PacketView& p, bool pass_gaps) {
  const std::uint32_t length = segment_length(p);
  const std::uint32_t end = p.seq + length;
  SegmentTaken taken{SegmentPlace::NoData, false};
  const WindowPlace window = window_place(session, flow, p.seq, end);
  if (window == WindowPlace::Behind) return {SegmentPlace::OutOfWindow, false};
  if (window == WindowPlace::Beyond) {
    if (!pass_gaps || !follows_gap(session, flow, p)) return {SegmentPlace::OutOfWindow, false};
    close_hole(session, flow);
    session.flow(flow).next_seq = end;
    taken = {SegmentPlace::BehindGap, true};
  } else if (length > 0) {
    taken.place = take_data(session, flow, p.seq, end);
  }
  if ((p.tcp_flags & kTcpAck) != 0 && take_acknowledgement(session, flow, p)) taken.gap = true;
  return taken;
}

RstPlace place_rst(const Session& session, Flow flow, const PacketView& p) {
  const FlowState& own = session.flow(flow);
  const FlowState& peer = session.flow(other(flow));
  const bool own_known = session.has(sequence_known(flow));
  const bool peer_known = session.has(sequence_known(other(flow)));
  if (!own_known) {
    // RFC 9293 section 3.10.7.3: a reset in answer to a SYN is good when it acknowledges it.
    if (!peer_known || (p.tcp_flags & kTcpAck) == 0) return RstPlace::InWindow;
    const std::uint32_t data = session.remarked(kSynWithData) ? kLeastWindow : 0;
    return peer.next_seq - p.ack <= data ? RstPlace::Exact : RstPlace::Outside;
  }
  if (p.seq == own.next_seq) return RstPlace::Exact;
  if (session.has(hole_before(flow)) && p.seq == session.extra(flow).held_end)
    return RstPlace::Exact;
  if (!peer_known) return RstPlace::InWindow;
  if (p.seq == peer.acked) return RstPlace::Exact;
  const bool inside = !seq_before(p.seq, peer.acked) && !seq_after(p.seq, own.window_end);
  return inside ? RstPlace::InWindow : RstPlace::Outside;
}

bool acknowledges_syn(const Session& session, Flow flow, const PacketView& p) {
  if ((p.tcp_flags & kTcpAck) == 0 || !session.has(sequence_known(other(flow)))) return false;
  return seq_after(p.ack, session.flow(flow).acked) &&
         !seq_after(p.ack, session.flow(other(flow)).next_seq);
}

}  // namespace endreason
