// SPDX-License-Identifier: Apache-2.0
#include "session/tcp_tracker.hpp"

namespace endreason {
namespace {

bool any(const PacketView& p, unsigned flags) {
  return (p.tcp_flags & flags) != 0;
}

TcpStep drop(SessionCounter outcome) {
  return {outcome, TimerOrder::Keep};
}

// Moves the machine; the timer of the new state runs when the state is new.
TimerOrder move(Session& session, TcpEvent event) {
  const TcpState to = next(session.tcp_state, event);
  if (to == session.tcp_state) return TimerOrder::Refresh;
  session.tcp_state = to;
  return TimerOrder::State;
}

unsigned held(const Session& session) {
  if (!session.has(kHoleC2s) && !session.has(kHoleS2c)) return 0;
  return unsigned{session.held[0]} + session.held[1];
}

TrackerStage rst_stage(Flow flow) {
  return flow == Flow::C2s ? TrackerStage::TcpRstClient : TrackerStage::TcpRstServer;
}

// The sender of an unverified reset goes on talking: it has not closed the session.
void take_rst_back(Session& session, Flow flow) {
  session.clear(unverified_rst(flow));
  const EndReason reason = info(rst_stage(flow)).end_reason;
  session.end_reasons = static_cast<std::uint16_t>(session.end_reasons & ~end_reason_bit(reason));
  if (session.has(kStageKnown) && session.stage == rst_stage(flow)) session.clear(kStageKnown);
}

void note_extras(Session& session, Flow flow, const PacketView& p) {
  if (p.payload_length > 0) session.set(data_seen(flow));
  std::uint8_t& count = session.zero_windows[static_cast<std::size_t>(flow)];
  if (p.window == 0 && !any(p, kTcpRst | kTcpSyn) && count < UINT8_MAX) ++count;
}

}  // namespace

SessionCounter TcpTracker::admit(const PacketView& p) const {
  const unsigned flags = p.tcp_flags & kControlFlags;
  if (flags == 0 && settings_->drop_zero_flag && !any(p, kTcpPsh | kTcpUrg))
    return SessionCounter::ZeroFlags;
  if ((flags & kTcpSyn) && (flags & (kTcpFin | kTcpRst))) return SessionCounter::BadFlags;
  if (flags == kTcpSyn) {
    if (settings_->drop_syn_with_data && p.payload_length > 0) return SessionCounter::SynWithData;
    return SessionCounter::Created;
  }
  // A reset ends sessions and never begins one, whatever the setting.
  if (settings_->reject_non_syn || (flags & kTcpRst)) return SessionCounter::NonSyn;
  return SessionCounter::Created;
}

void TcpTracker::begin(Session& session, const PacketView& p) {
  note_extras(session, Flow::C2s, p);
  if (any(p, kTcpUrg)) session.remark(kUrgentSeen);
  if ((p.tcp_flags & kControlFlags) == kTcpSyn) {
    begin_sequence(session, Flow::C2s, p);
    session.handshake.add(HandshakeWord::Syn, Flow::C2s);
    if (p.payload_length > 0) session.remark(kSynWithData);
    session.tcp_state = next(TcpState::None, TcpEvent::ClientSyn);
    return;
  }
  session.remark(kBeganWithoutSyn);
  join_sequence(session, Flow::C2s, p);
  session.tcp_state = next(TcpState::None, TcpEvent::MidStream);
  if (!any(p, kTcpFin)) return;
  session.remark(fin_seen(Flow::C2s));
  note_end(session, TrackerStage::TcpFin);
  session.tcp_state = next(session.tcp_state, TcpEvent::ClientFin);
}

void TcpTracker::begin_taken_over(Session& session) {
  session.handshake = {};
  session.handshake.add(HandshakeWord::Syn, Flow::C2s);
  session.handshake.add(HandshakeWord::SynAck, Flow::S2c);
  session.tcp_state = next(next(TcpState::None, TcpEvent::ClientSyn), TcpEvent::ServerSynAck);
}

TcpStep TcpTracker::take(Session& session, Flow flow, const PacketView& p) {
  const unsigned held_before = held(session);
  const TcpStep step = is_common(session) && is_common(p) ? take_in_order(session, flow, p)
                                                          : take_rarer(session, flow, p);
  segments_held_ += held(session) - held_before;
  return step;
}

TcpStep TcpTracker::take_rarer(Session& session, Flow flow, const PacketView& p) {
  const unsigned flags = p.tcp_flags & kControlFlags;
  if (flags == 0 && settings_->drop_zero_flag && !any(p, kTcpPsh | kTcpUrg))
    return drop(SessionCounter::ZeroFlags);
  if ((flags & kTcpSyn) && (flags & (kTcpFin | kTcpRst))) return drop(SessionCounter::BadFlags);
  const bool closing = info(session.tcp_state).closing;
  if (flags == kTcpSyn && closing) return {SessionCounter::Created, TimerOrder::Reuse};
  if (info(session.tcp_state).opening) session.handshake.add(handshake_word(p.tcp_flags), flow);
  if (flags & kTcpRst) return take_rst(session, flow, p);
  if (any(p, kTcpUrg)) {
    counters_->add(SessionCounter::Urgent);
    session.remark(kUrgentSeen);
  }
  TcpStep step = (flags & kTcpSyn) == 0   ? take_plain(session, flow, p)
                 : (flags & kTcpAck) != 0 ? take_syn_ack(session, flow, p)
                                          : take_syn(session, flow, p);
  if (!passes(step.outcome) || closing) return step;
  if (session.has(unverified_rst(flow))) {
    take_rst_back(session, flow);
    step.timer = TimerOrder::State;
  } else if (session.has(unverified_rst(other(flow))) && step.timer == TimerOrder::Refresh) {
    step.timer = TimerOrder::Keep;  // what is still on its way does not keep a reset session alive
  }
  return step;
}

TcpStep TcpTracker::take_rst(Session& session, Flow flow, const PacketView& p) {
  if (session.tcp_state == TcpState::SynSent && session.has(kChallengeAck) && flow == Flow::C2s) {
    if (!settings_->allow_challenge_ack) {
      session.remark(kRstDropped);
      return drop(SessionCounter::ChallengeAckRst);
    }
    // Its number is the one that the stale connection asked for, not one of this session.
    note_end(session, rst_stage(flow));
    return {SessionCounter::Forwarded, move(session, TcpEvent::VerifiedRst)};
  }
  const RstPlace place = place_rst(session, flow, p);
  if (place == RstPlace::Outside) {
    // Nothing else is asked of a reset that answers a SYN.
    if (!session.has(sequence_known(flow))) session.remark(kWrongAck);
    session.remark(kRstDropped);
    return drop(SessionCounter::RstOutOfWindow);
  }
  note_end(session, rst_stage(flow));
  const TimerOrder refresh = settings_->no_refresh_fin_rst ? TimerOrder::Keep : TimerOrder::Refresh;
  if (session.tcp_state == TcpState::TimeWait) return {SessionCounter::Forwarded, refresh};
  if (place == RstPlace::Exact || !settings_->strict_rst)
    return {SessionCounter::Forwarded, move(session, TcpEvent::VerifiedRst)};
  counters_->add(SessionCounter::UnverifiedRst);
  session.set(unverified_rst(flow));
  return {SessionCounter::Forwarded, TimerOrder::UnverifiedRst};
}

TcpStep TcpTracker::take_syn(Session& session, Flow flow, const PacketView& p) {
  if (p.payload_length > 0) {
    if (settings_->drop_syn_with_data) return drop(SessionCounter::SynWithData);
    session.remark(kSynWithData);
  }
  if (!info(session.tcp_state).opening) {
    session.remark(kSynInSession);
    counters_->add(SessionCounter::SynInSession);
    return {SessionCounter::Forwarded, TimerOrder::Keep};
  }
  const bool known = session.has(sequence_known(flow));
  const bool again = known && p.seq + segment_length(p) == session.flow(flow).next_seq;
  if (flow == Flow::C2s) {
    if (again) return {};
    begin_sequence(session, flow, p);
    if (session.tcp_state == TcpState::SynSent) return {};
    session.clear(sequence_known(Flow::S2c));
    return {SessionCounter::Forwarded, move(session, TcpEvent::ClientSyn)};
  }
  if (settings_->drop_split_handshake) return drop(SessionCounter::SplitHandshake);
  session.remark(kSplitHandshake);
  if (!again) begin_sequence(session, flow, p);
  return {SessionCounter::Forwarded, move(session, TcpEvent::ServerSyn)};
}

TcpStep TcpTracker::take_syn_ack(Session& session, Flow flow, const PacketView& p) {
  if (p.payload_length > 0 && settings_->drop_syn_with_data)
    return drop(SessionCounter::SynWithData);
  if (info(session.tcp_state).closing) return {};
  if (!info(session.tcp_state).opening) {
    // The server took the client's new SYN: it had lost the connection. Else it is an old one,
    // whose number lies no further back than what the server has sent.
    const std::uint32_t back = session.flow(flow).next_seq - (p.seq + segment_length(p));
    if (flow == Flow::C2s || !session.remarked(kSynInSession) || back <= session.flow(flow).bytes)
      return {};
    reopen_sequence(session, flow, p);
    return {SessionCounter::Forwarded, TimerOrder::TakenOver};
  }
  const FlowState& own = session.flow(flow);
  const FlowState& peer = session.flow(other(flow));
  // A SYN's data may be acknowledged or not; without data there is one right number.
  const std::uint32_t slack = session.remarked(kSynWithData) ? UINT16_MAX : 0;
  if (session.has(sequence_known(other(flow))) && peer.next_seq - p.ack > slack) {
    session.remark(kWrongAck);
    return {};
  }
  const bool again = session.has(sequence_known(flow)) && p.seq + segment_length(p) == own.next_seq;
  if (!again || session.tcp_state == TcpState::BothSyn) begin_sequence(session, flow, p);
  return {SessionCounter::Forwarded,
          move(session, flow == Flow::C2s ? TcpEvent::ClientSynAck : TcpEvent::ServerSynAck)};
}

// The first answer to a SYN that is no SYN-ACK.
TcpStep TcpTracker::answer_to_syn(Session& session, Flow flow, const PacketView& p) {
  const bool bare_ack =
      flow == Flow::S2c && any(p, kTcpAck) && p.payload_length == 0 && !any(p, kTcpFin);
  if (bare_ack) {
    // An ACK of this very SYN is the first half of a split handshake. Any other is the challenge
    // of RFC 5961: the server still has an older connection of this tuple.
    if (p.ack == session.flow(Flow::C2s).next_seq) return {};
    session.set(kChallengeAck);
    counters_->add(SessionCounter::ChallengeAck);
    return {};
  }
  if (settings_->asymmetric_path == AsymmetricPath::Drop) return drop(SessionCounter::OutOfSync);
  session.remark(kOneWay);
  move(session, TcpEvent::OneWayData);
  TcpStep step = take_plain(session, flow, p);
  step.timer = TimerOrder::State;
  return step;
}

TcpStep TcpTracker::take_plain(Session& session, Flow flow, const PacketView& p) {
  if (session.tcp_state == TcpState::SynSent) return answer_to_syn(session, flow, p);
  const bool opening = info(session.tcp_state).opening;
  bool completes = opening && acknowledges_syn(session, flow, p);
  if (opening && any(p, kTcpAck) && seq_after(p.ack, session.flow(other(flow)).next_seq)) {
    // A bare ACK of what was never sent belongs to another connection. With data or FIN it goes
    // on from something that was not captured.
    session.remark(kWrongAck);
    if (p.payload_length == 0 && !any(p, kTcpFin)) return {};
    completes = true;
  }
  TcpStep step = take_in_order(session, flow, p);
  if (!passes(step.outcome)) return step;
  if (info(session.tcp_state).closing && settings_->no_refresh_fin_rst &&
      !settings_->half_closed_data_refreshes)
    step.timer = TimerOrder::Keep;
  if (completes)
    step.timer = move(session, flow == Flow::C2s ? TcpEvent::ClientAck : TcpEvent::ServerAck);
  if (!any(p, kTcpFin)) return step;
  session.remark(fin_seen(flow));
  note_end(session, TrackerStage::TcpFin);
  const TimerOrder moved =
      move(session, flow == Flow::C2s ? TcpEvent::ClientFin : TcpEvent::ServerFin);
  if (moved == TimerOrder::State)
    step.timer = moved;
  else if (settings_->no_refresh_fin_rst)
    step.timer = TimerOrder::Keep;
  return step;
}

SessionCounter TcpTracker::limit_reached(const Session& session, Flow flow) const {
  if (session.held_of(flow) >= settings_->segments_per_session)
    return SessionCounter::SegmentLimitFlow;
  if (segments_held_ + held_elsewhere_ >= settings_->segments_in_all)
    return SessionCounter::SegmentLimitAll;
  return SessionCounter::Forwarded;
}

TcpStep TcpTracker::exceed_limit(Session& session, SessionCounter which) {
  session.remark(kSegmentLimit);
  if (settings_->bypass_exceed_oo_queue) {
    counters_->add(SessionCounter::SegmentLimitBypass);
    return {};
  }
  note_end(session, TrackerStage::ResourceLimit);
  return drop(which);
}

TcpStep TcpTracker::take_in_order(Session& session, Flow flow, const PacketView& p) {
  if (p.payload_length > 0) session.set(data_seen(flow));
  if (p.window == 0) note_extras(session, flow, p);
  if (take_expected(session, flow, p)) [[likely]]
    return {};
  if (!session.has(sequence_known(flow))) {
    join_sequence(session, flow, p);
    return {};
  }
  const std::uint32_t ahead = p.seq - session.flow(flow).next_seq;
  if (ahead != 0 && ahead < INT32_MAX && segment_length(p) > 0) [[unlikely]] {
    const SessionCounter limit = limit_reached(session, flow);
    if (limit != SessionCounter::Forwarded) return exceed_limit(session, limit);
  }
  const SegmentTaken taken = take_segment(session, flow, p, settings_->pass_capture_gaps);
  if (taken.gap) {
    counters_->add(SessionCounter::CaptureGap);
    session.remark(kCaptureGap);
  }
  if (taken.place == SegmentPlace::InOrder || taken.place == SegmentPlace::NoData) return {};
  count_place(session, taken.place);
  const bool refused = taken.place == SegmentPlace::OutOfWindow &&
                       settings_->asymmetric_path == AsymmetricPath::Drop;
  return refused ? drop(SessionCounter::OutOfWindow) : TcpStep{};
}

void TcpTracker::count_place(Session& session, SegmentPlace place) {
  if (place == SegmentPlace::Retransmitted) {
    counters_->add(SessionCounter::Retransmitted);
  } else if (place == SegmentPlace::Overlapping) {
    counters_->add(SessionCounter::Overlap);
    session.remark(kOverlapSeen);
  } else if (place == SegmentPlace::Ahead) {
    counters_->add(SessionCounter::OutOfOrder);
  } else if (place == SegmentPlace::OutOfWindow) {
    session.remark(kOutOfWindow);
  }
}

void TcpTracker::forget(const Session& session) {
  segments_held_ -= held(session);
}

}  // namespace endreason
