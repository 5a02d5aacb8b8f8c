// SPDX-License-Identifier: Apache-2.0
#include "dataplane/lane_gate.hpp"

#include "model/protocol.hpp"

namespace endreason {
namespace {

bool is_reset(Action action) {
  return action == Action::ResetClient || action == Action::ResetServer ||
         action == Action::ResetBoth;
}

// A box ticked on the rule; with a reset it is for what cannot be reset.
bool owes_unreachable(const SessionPolicy& session, std::uint8_t protocol) {
  return session.has(kOwesUnreachable) && !(protocol == kProtoTcp && is_reset(session.action));
}

Action reset_of(ContentAction action) {
  switch (action) {
    case ContentAction::ResetClient:
      return Action::ResetClient;
    case ContentAction::ResetServer:
      return Action::ResetServer;
    case ContentAction::ResetBoth:
      return Action::ResetBoth;
    default:
      return Action::Drop;
  }
}

}  // namespace

SessionCounter LaneGate::admit(const PacketView& packet, PacketZones zones, AppId app) {
  decided_ = {};
  if (!blocked_.empty() && blocked_.blocks(packet.src, packet.dst, table_.now_ns()))
    return SessionCounter::AddressBlocked;
  if (policy_ == nullptr) return SessionCounter::Created;
  decided_ = policy_->at_first(packet, zones, app);
  if (decided_.action != Action::Allow) {
    if (owes_unreachable(decided_, packet.protocol)) answer_unreachable(packet, zones.from);
    return SessionCounter::PolicyDeny;
  }
  if (policy_->refuses_as_host(packet)) decided_.set(kHostRefused);
  return SessionCounter::Created;
}

bool LaneGate::begin(const PacketResult& result) {
  of(result.index) = decided_;
  if (!decided_.has(kHostRefused)) return true;
  table_.deny(result.index, TrackerStage::HostService);
  table_.refuse(SessionCounter::HostServiceDeny);
  return false;
}

bool LaneGate::pass(const PacketView& packet, const PacketResult& result) {
  if (result.outcome == SessionCounter::Discarded) {
    SessionPolicy& session = of(result.index);
    if (result.flow == Flow::C2s && session.has(kDeniedByRule) && session.has(kOwesUnreachable)) {
      session.clear(kOwesUnreachable);
      answer_unreachable(packet, static_cast<ZoneNumber>(result.session->key.zone));
    }
    return false;
  }
  if (blocked_.empty() || !passes(result.outcome) ||
      !blocked_.blocks(packet.src, packet.dst, table_.now_ns()))
    return true;
  table_.refuse(SessionCounter::AddressBlocked);
  return false;
}

bool LaneGate::judge(const PacketView& packet, const PacketResult& result, AppId app,
                     bool may_change) {
  if (policy_ == nullptr || result.session->has(kPredicted)) return true;
  // Nothing that a rule could name.
  const AppStatus status = status_of(app);
  if (status == AppStatus::Incomplete || status == AppStatus::InsufficientData) return true;
  SessionPolicy& session = of(result.index);
  session = policy_->with_application(*result.session, app, may_change);
  if (session.action == Action::Allow) return true;
  deny(packet, result, session);
  return false;
}

bool LaneGate::settle(const PacketView& packet, const PacketResult& result, AppId app) {
  return policy_ == nullptr || !of(result.index).has(kWaitsForApplication) ||
         judge(packet, result, app, false);
}

void LaneGate::deny(const PacketView& packet, const PacketResult& result, SessionPolicy& session) {
  session.set(kDeniedByRule);
  reset(packet, result, session.action);
  const bool owes = owes_unreachable(session, packet.protocol);
  session.clear(kOwesUnreachable);
  if (owes && result.flow == Flow::S2c) session.set(kOwesUnreachable);
  if (owes && result.flow == Flow::C2s)
    answer_unreachable(packet, static_cast<ZoneNumber>(result.session->key.zone));
  table_.deny(result.index);
  table_.refuse(SessionCounter::ApplicationDeny);
  if (inspector_) inspector_->forget(*result.session, result.index, table_.moment());
}

// None before the handshake is complete: either end would take it for a refusal by the other.
void LaneGate::reset(const PacketView& packet, const PacketResult& result, Action action) {
  const Session& session = *result.session;
  if (!is_reset(action) || session.key.protocol != kProtoTcp || info(session.tcp_state).opening)
    return;
  const std::uint64_t cause = table_.moment().packet;
  if (action != Action::ResetServer)
    replies_.add_reset(session, Flow::S2c, packet, result.flow, cause);
  if (action != Action::ResetClient)
    replies_.add_reset(session, Flow::C2s, packet, result.flow, cause);
}

void LaneGate::answer_unreachable(const PacketView& packet, ZoneNumber zone) {
  replies_.add_unreachable(packet, policy_->own_address(zone, packet.src), table_.moment().packet);
}

bool LaneGate::inspect(const PacketView& packet, const PacketResult& result, AppId app) {
  if (!inspector_) return true;
  const ContentVerdict verdict =
      inspector_->inspect({packet, result, app, of(result.index), table_.moment()});
  if (!blocks(verdict.action)) return true;
  block(packet, result, verdict);
  return false;
}

void LaneGate::block(const PacketView& packet, const PacketResult& result,
                     const ContentVerdict& verdict) {
  reset(packet, result, reset_of(verdict.action));
  if (verdict.action == ContentAction::BlockIp)
    blocked_.block(packet.src, verdict.block_towards_this ? &packet.dst : nullptr, table_.now_ns(),
                   verdict.block_s);
  table_.mitigate(result.index, verdict.stage, verdict.reason);
  table_.refuse(verdict.reason == EndReason::ResourcesUnavailable ? SessionCounter::ContentLimit
                                                                  : SessionCounter::ContentBlocked);
  inspector_->forget(*result.session, result.index, table_.moment());
}

void LaneGate::forget(const Session& session, SessionIndex place) {
  if (inspector_) inspector_->forget(session, place, table_.moment());
}

}  // namespace endreason
