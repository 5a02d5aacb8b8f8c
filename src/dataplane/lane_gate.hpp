// SPDX-License-Identifier: Apache-2.0
// LaneGate: what rules and content inspection decide about the sessions of one lane, and the
// packets that are sent because of it. It tells the session table; rows are the lane's. There is
// none when there are neither rules nor inspection. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/beside_sessions.hpp"
#include "dataplane/blocked_addresses.hpp"
#include "dataplane/content_inspection.hpp"
#include "dataplane/policy_gate.hpp"
#include "dataplane/reply_builder.hpp"
#include "dataplane/session_policy.hpp"
#include "session/session_table.hpp"

namespace endreason {

class LaneGate {
 public:
  // Either of policy and inspector may be null. All outlive the gate.
  LaneGate(SessionTable& table, const PolicyGate* policy,
           std::unique_ptr<ContentInspector> inspector, BlockedAddresses& blocked)
      : table_(table), policy_(policy), inspector_(std::move(inspector)), blocked_(blocked) {}

  // Whether a packet may begin a session; decided() then has what the rules said. `app`: what its
  // protocol alone tells.
  SessionCounter admit(const PacketView& packet, PacketZones zones, AppId app);
  const SessionPolicy& decided() const { return decided_; }
  // The session has begun. False: it is refused as the firewall itself, and in DISCARD.
  bool begin(const PacketResult& result);
  // A session that another has announced is under the same rule.
  void inherit(SessionIndex parent, SessionIndex child) { of(child) = of(parent); }

  // A packet of a session before anything is made of it. False: it goes no further.
  bool pass(const PacketView& packet, const PacketResult& result);
  // The application has become known, or another. False: the session is denied.
  bool judge(const PacketView& packet, const PacketResult& result, AppId app, bool may_change);
  // The application stays what it is. False: what passed for the time being does so no longer.
  bool settle(const PacketView& packet, const PacketResult& result, AppId app);
  // A packet that passed the rules. False: its session is blocked.
  bool inspect(const PacketView& packet, const PacketResult& result, AppId app);
  // The session has ended.
  bool inspects() const { return inspector_ != nullptr; }
  void coming(SessionIndex place) {
    if (inspector_) inspector_->coming(place);
  }
  void forget(const Session& session, SessionIndex place);

  SessionPolicy& of(SessionIndex index) { return sessions_[index]; }
  ReplyBuilder& replies() { return replies_; }
  std::uint64_t bytes_held() const { return inspector_ ? inspector_->bytes_held() : 0; }
  void renumber(std::uint32_t before, std::span<const std::uint32_t> numbers) {
    if (inspector_) inspector_->renumber(before, numbers);
  }
  void set_held_elsewhere(std::uint64_t bytes) {
    if (inspector_) inspector_->set_held_elsewhere(bytes);
  }

 private:
  void deny(const PacketView& packet, const PacketResult& result, SessionPolicy& session);
  void reset(const PacketView& packet, const PacketResult& result, Action action);
  void answer_unreachable(const PacketView& packet, ZoneNumber zone);
  void block(const PacketView& packet, const PacketResult& result, const ContentVerdict& verdict);

  SessionTable& table_;
  const PolicyGate* policy_;
  std::unique_ptr<ContentInspector> inspector_;
  BlockedAddresses& blocked_;
  BesideSessions<SessionPolicy> sessions_;
  SessionPolicy decided_;
  ReplyBuilder replies_;
};

}  // namespace endreason
