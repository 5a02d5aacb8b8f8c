// SPDX-License-Identifier: Apache-2.0
// SessionTable: what others decide about a session.
#include <algorithm>

#include "session/protocol_timers.hpp"
#include "session/session_table.hpp"

namespace endreason {

Result<std::uint8_t> SessionTable::add_timeout_profile(const SessionTimeouts& timeouts) {
  if (timeouts_.size() > UINT8_MAX)
    return fail(Error::Code::Usage,
                "timeouts: 255 applications and services at most may have their own (share one)");
  timeouts_.push_back(timeouts);
  return static_cast<std::uint8_t>(timeouts_.size() - 1);
}

void SessionTable::set_application(SessionIndex index, std::uint16_t app,
                                   std::uint8_t timeout_profile) {
  Session& session = pool_[index];
  session.app = app;
  if (timeout_profile == session.timeout_profile || timeout_profile >= timeouts_.size()) return;
  session.timeout_profile = timeout_profile;
  arm(session, index, session.timer, session.refreshed_ns);
}

void SessionTable::deny(SessionIndex index, TrackerStage stage) {
  note_end(pool_[index], stage, true);
  discard(index);
}

void SessionTable::mitigate(SessionIndex index, std::optional<TrackerStage> stage,
                            EndReason reason) {
  Session& session = pool_[index];
  if (stage) {
    note_end(session, *stage, true);
  } else {
    session.clear(kStageKnown);
  }
  session.end_reasons = static_cast<std::uint16_t>(session.end_reasons | end_reason_bit(reason));
  discard(index);
}

void SessionTable::discard(SessionIndex index) {
  Session& session = pool_[index];
  session.state = SessionState::Discard;
  arm(session, index, timers_of(session.key.protocol).discard, session.last_ns);
}

void SessionTable::close(SessionIndex index, EndReason reason) {
  Session& session = pool_[index];
  session.end_reasons = static_cast<std::uint16_t>(session.end_reasons | end_reason_bit(reason));
  session.state = SessionState::Closing;
  session.refreshed_ns = session.last_ns;
  ager_.queue(index, session.refreshed_ns);
}

void SessionTable::divide(const PacketView& p, const PacketResult& result, EndReason reason,
                          SessionSink& sink) {
  constexpr auto kOfTheConnection =
      static_cast<std::uint16_t>(kBeganWithoutSyn | kOneWay | kSplitHandshake | kSynWithData);
  const std::int64_t at = usable_time(p.time_ns);
  Session& session = pool_[result.index];
  Session earlier = session;
  earlier.flow(result.flow).bytes -= p.wire_length;
  earlier.flow(result.flow).packets -= p.packets;
  earlier.last_ns = last_before_ns_;
  earlier.end_reasons = static_cast<std::uint16_t>(earlier.end_reasons | end_reason_bit(reason));
  earlier.state = SessionState::Closed;
  counters_.add(SessionCounter::SessionsEnded);
  counters_.add(SessionCounter::Divided);
  place_ = result.index;
  sink.on_end(earlier, std::max(at, earlier.last_ns));

  session.id = pool_.next_id();
  note_birth(result.index);
  session.start_ns = session.last_ns = at;
  for (FlowState& flow : session.flows) flow.bytes = flow.packets = 0;
  for (FlowExtra& extra : session.extras) extra.retransmitted = extra.out_of_order = 0;
  session.zero_windows = {};
  session.user = session.end_reasons = 0;
  session.remarks = static_cast<std::uint16_t>(session.remarks & kOfTheConnection);
  for (const SessionFlag flag : {kDataC2s, kDataS2c, kStageKnown, kPredicted, kWatched})
    session.clear(flag);
  if (p.payload_length > 0) session.set(data_seen(result.flow));
  count(session, result.flow, p, at);
  set_application(result.index, 0);
}

}  // namespace endreason
