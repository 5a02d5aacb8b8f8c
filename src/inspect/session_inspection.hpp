// SPDX-License-Identifier: Apache-2.0
// SessionInspection: what the Inspector keeps of one session, and its work on it. Internal to it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "inspect/dns_inspector.hpp"
#include "inspect/http_inspector.hpp"
#include "inspect/inspector.hpp"
#include "inspect/ssh_inspector.hpp"
#include "inspect/stream_side.hpp"
#include "inspect/tls_inspector.hpp"

namespace endreason::inspect {

// Both are laid out for the common packet, which is told to be in order and holds nothing that is
// looked for: it comes by with two lines of the cache for its own side and the session's, one for
// the other side.
struct alignas(64) SideState {
  StreamSide stream;
  ByteBuffer tail;          // the last bytes that were looked into
  bool over : 1 {};         // not looked into any more
  bool closed : 1 {};       // its end was told to the protocol
  bool no_protocol : 1 {};  // its first bytes begin none
  bool gapped : 1 {};       // the tail is not the stream's begin
  StreamCandidates waiting;
};
static_assert(offsetof(SideState, waiting) < 64, "with its count");

struct alignas(64) SessionState {
  union {
    HttpSession* http = nullptr;
    TlsSession* tls;
    DnsSession* dns;
    SshSession* ssh;
  };
  SessionEnds ends;
  std::uint32_t next_free{};
  AppLayer layer{AppLayer::Unknown};
  bool established{}, parsing{};
  bool oriented{}, swapped{};  // whether it is known who the client is; not whom the caller takes
  std::array<SideState, kSides> side;
  Flowbits flowbits;
};
static_assert(offsetof(SessionState, side) == 64);

class SessionInspection {
 public:
  using Bytes = std::span<const std::uint8_t>;
  SessionInspection(std::shared_ptr<const ThreatSet> set, const InspectSettings& settings);
  Result<void> prepare() { return evaluator_.prepare(); }

  // A TCP packet with the evaluator's context set; the outcome for the session.
  InspectOutcome tcp_packet(SessionState& s, const InspectedPacket& packet, Side side);
  // A TCP packet that brings nothing but an acknowledgement, and sets nothing free: done.
  static bool only_acknowledges(SessionState& s, const PacketView& packet, bool from_client);
  InspectOutcome datagram(SessionState* s, const PacketView& packet, Side side);
  // The end of the session: what waits is looked into.
  void end_of_session(SessionState& s);
  void release(SessionState& s);

  RuleEvaluator& evaluator() { return evaluator_; }
  const RuleEvaluator& evaluator() const { return evaluator_; }
  const BlockPool& pool() const { return pool_; }
  void set_memory_limit(std::size_t bytes) { pool_.set_limit(bytes); }
  InspectCounters& counters() { return counters_; }
  const InspectCounters& counters() const { return counters_; }
  bool parses(AppLayer layer) const {
    return (set_->layers() & 1u << static_cast<unsigned>(layer)) != 0;
  }

 private:
  // Of each side so many bytes are kept at least, where there were as many, and at most.
  static constexpr std::size_t kTail = 1024;
  static constexpr std::size_t kTailMax = 2048;

  InspectOutcome deliver(SessionState& s, Side side, Bytes bytes, Bytes packet);
  InspectOutcome deliver_held(SessionState& s, Side side, bool any);
  void pass_gap(SessionState& s, Side side, std::uint32_t gap);
  InspectOutcome detect(SessionState& s, Side side, Bytes from_begin);
  InspectOutcome begin_parser(SessionState& s, Side side, Bytes from_begin);
  InspectOutcome parse(SessionState& s, Side side, Bytes bytes);
  void stop_parser(SessionState& s);
  InspectOutcome close_side(SessionState& s, Side side);
  bool keep_tail(SessionState& s, Side side, Bytes bytes);
  void settle_side(SideState& side);
  void set_side(Side side);

  std::shared_ptr<const ThreatSet> set_;
  InspectSettings settings_;
  StreamLimits limits_;
  BlockPool pool_;
  RuleEvaluator evaluator_;
  HttpInspector http_;
  TlsInspector tls_;
  DnsInspector dns_;
  SshInspector ssh_;
  std::vector<std::uint8_t> scratch_;
  InspectCounters counters_;
};

}  // namespace endreason::inspect
