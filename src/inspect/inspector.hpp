// SPDX-License-Identifier: Apache-2.0
// Inspector: the packets of sessions -> the threat rules that they fulfil. It puts TCP streams in
// order, tells the protocol, reads it, and tries the rules; it knows no session table: the caller
// says which session a packet belongs to and keeps one word for it. One per thread; it allocates
// only while its pools grow, and no more than its limits allow.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "inspect/rule_evaluator.hpp"
#include "inspect/threat_set.hpp"
#include "model/packet_view.hpp"

namespace endreason::inspect {

struct InspectSettings {
  std::size_t memory_bytes = std::size_t{256} << 20;  // of all sessions together
  std::uint32_t sessions = 256 * 1024;                // under inspection at once
  std::uint32_t stream_depth = 1024 * 1024;           // bytes of each side; 0: all
  std::uint32_t segments_held = 64;                   // early segments of each side
  std::uint32_t bytes_held = 256 * 1024;              // of them
  std::uint32_t body_bytes = 100 * 1024;              // of an HTTP body, unpacked; 0: all
};

// A session's place. A session starts with None and keeps what the calls leave in it.
enum class InspectionId : std::uint32_t {
  None = 0,
  Passed = 0xffff'fffe,   // a pass rule took it
  Settled = 0xffff'ffff,  // its bytes are not looked into any more
};

struct InspectedPacket {
  const PacketView* packet{};
  bool from_client{};
  bool established{};    // the handshake is complete; UDP: both sides were seen
  bool first_of_side{};  // the first packet that this side sends
};

enum class InspectOutcome : std::uint8_t {
  GoesOn,
  Settled,    // no bytes need to come any more, only packets for rules on headers
  QueueFull,  // a limit was reached; what follows is not looked into: resources-unavailable
};

struct InspectStep {
  InspectOutcome outcome{InspectOutcome::GoesOn};
  std::span<const ThreatHit> hits;  // valid until the next call, as is
  const ListedName* listed{};       // a name that a block list has

  bool says_something() const {
    return !hits.empty() || listed != nullptr || outcome == InspectOutcome::QueueFull;
  }
};

struct InspectCounters {
  std::uint64_t packets{};
  std::uint64_t stream_bytes{};  // in order, looked into
  std::uint64_t gaps{};          // places where bytes are missing
  std::uint64_t queue_full{};    // sessions given up for a limit
  std::uint64_t sessions_begun{};
  std::uint64_t sessions_used{};     // now
  std::uint64_t sessions_settled{};  // before they ended
};

class Inspector {
 public:
  static Result<std::unique_ptr<Inspector>> create(std::shared_ptr<const ThreatSet> set,
                                                   const InspectSettings& settings = {});
  ~Inspector();
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  // A packet of this session will probably come soon.
  void prefetch(InspectionId id) const;
  // A packet of a session, in the order of arrival.
  InspectStep step(InspectionId& id, const InspectedPacket& packet);
  // A packet that no session takes, such as one in the middle of a connection that was not seen to
  // begin: looked at by itself, as the first of a client.
  InspectStep step_alone(const PacketView& packet);
  // The session has ended: looks into what is left of it and gives its state back.
  InspectStep finish(InspectionId& id, std::int64_t now_ns);

  const ThreatSet& set() const;
  const InspectCounters& counters() const;
  const EvaluatorCounters& evaluator_counters() const;
  std::size_t memory_used() const;
  void set_memory_limit(std::size_t bytes);
  // What the session carries, as far as it is known.
  AppLayer layer(InspectionId id) const;

 private:
  class Parts;
  explicit Inspector(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace endreason::inspect
