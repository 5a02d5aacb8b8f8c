// SPDX-License-Identifier: Apache-2.0
// ContentInspection: what dataplane asks of whoever looks into the content of sessions, and what it
// is told. Dataplane does what the answer says: session to DISCARD, row, counter, packets on the
// wire. It knows nothing of signatures or certificates.
//
// One ContentInspection an engine makes one ContentInspector a lane. An inspector sees all packets
// of its sessions in their order, on one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "dataplane/session_policy.hpp"
#include "model/app_id.hpp"
#include "model/packet_view.hpp"
#include "model/zone_table.hpp"
#include "session/session_table.hpp"

namespace endreason {

class AppCatalogue;
class PolicyGate;

enum class ContentAction : std::uint8_t {
  Pass,   // nothing was found, or nothing that matters
  Alert,  // something was, and the session goes on
  Drop,
  ResetClient,
  ResetServer,
  ResetBoth,
  BlockIp,  // drop, and whoever sent it gets nothing through for some time
};
constexpr bool blocks(ContentAction action) {
  return action >= ContentAction::Drop;
}

// The answer to one packet. Where it blocks, the packet goes no further, and the session is in
// DISCARD: its end row has `reason`, and the inspector sees no more of it.
struct ContentVerdict {
  ContentAction action{ContentAction::Pass};
  EndReason reason{EndReason::Threat};
  // Empty: the vendor names no stage for the reason (decrypt-*).
  std::optional<TrackerStage> stage{TrackerStage::MitigationTdb};
  // Of BlockIp: how long, and whether only towards this destination.
  std::uint32_t block_s{};
  bool block_towards_this{};

  // No room left to look into the session; the policy says whether that blocks.
  static constexpr ContentVerdict no_room() {
    return {.action = ContentAction::Drop,
            .reason = EndReason::ResourcesUnavailable,
            .stage = TrackerStage::ResourceLimit};
  }
};

// A packet of a session that policy lets pass so far. Everything dies with the call.
struct ContentPacket {
  const PacketView& packet;
  const PacketResult& result;  // its session, whose application `app` is
  AppId app;
  SessionPolicy policy;  // what the rules decided; without rules, its rule is kNoRule
  Moment moment;         // its place in the order of the log
};

class ContentInspector {
 public:
  virtual ~ContentInspector() = default;
  virtual ContentVerdict inspect(const ContentPacket& seen) = 0;
  // A packet of this session, or its end, will probably be next but a few.
  virtual void coming(SessionIndex place) { static_cast<void>(place); }
  // The session has ended, or was blocked: no more of it will be seen. Also called for sessions
  // that it has not been shown, and for one twice. `moment`: when, in the order of the log.
  virtual void forget(const Session& session, SessionIndex place, Moment moment) = 0;
  // With several lanes, behind each batch: sessions that began in it have their own numbers now;
  // `numbers` has those of the lane's, from behind `before` on.
  virtual void renumber(std::uint32_t before, std::span<const std::uint32_t> numbers) {
    static_cast<void>(before), static_cast<void>(numbers);
  }
  // Bytes that wait for more, and how many other lanes hold: the limit is for all.
  virtual std::uint64_t bytes_held() const { return 0; }
  virtual void set_held_elsewhere(std::uint64_t bytes) { static_cast<void>(bytes); }
};

// All of it outlives the inspector.
struct InspectorPlace {
  unsigned lane;             // from 0
  const PolicyGate* policy;  // null: there are no rules
  const AppCatalogue& catalogue;
  const ZoneTable& zones;
};

class ContentInspection {
 public:
  virtual ~ContentInspection() = default;
  virtual Result<std::unique_ptr<ContentInspector>> make_inspector(const InspectorPlace& place) = 0;
  // All packets so far have been seen, by all inspectors, and what aged with them has ended. Called
  // by the thread that calls the engine.
  virtual void on_tracked() {}
  // Whether a verdict may be BlockIp. It concerns sessions of all lanes, so packets are then taken
  // one by one.
  virtual bool may_block_addresses() const { return false; }
  // How many bytes all inspectors together may hold.
  virtual std::uint64_t most_bytes_held() const { return UINT64_MAX; }
};

}  // namespace endreason
