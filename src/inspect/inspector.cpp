// SPDX-License-Identifier: Apache-2.0
#include "inspect/inspector.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include "inspect/session_inspection.hpp"
#include "model/protocol.hpp"

namespace endreason::inspect {
namespace {

constexpr std::size_t kSlab = 1024;  // states that are made at once

Transport transport_of(std::uint8_t protocol) {
  return protocol == kProtoTcp   ? Transport::Tcp
         : protocol == kProtoUdp ? Transport::Udp
                                 : Transport::Other;
}

}  // namespace

class Inspector::Parts {
 public:
  Parts(std::shared_ptr<const ThreatSet> set, const InspectSettings& settings)
      : work_(set, settings), set_(std::move(set)), settings_(settings) {
    looks_into_tcp_ = set_->looks_into(Transport::Tcp, kFromClient) ||
                      set_->looks_into(Transport::Tcp, kFromServer) || set_->needs_layer();
  }

  Result<void> prepare() { return work_.prepare(); }

  void prefetch(InspectionId id) {
    const SessionState* s = state(id);
    if (s == nullptr) return;
    __builtin_prefetch(s, 1);
    for (const SideState& side : s->side) __builtin_prefetch(&side, 1);
  }

  InspectStep step(InspectionId& id, const InspectedPacket& in) {
    ++work_.counters().packets;
    if (id == InspectionId::Passed) return {};
    const PacketView& p = *in.packet;
    const Transport transport = transport_of(p.protocol);
    const bool packet_rules = !set_->packet_rules(transport).empty();
    if (id == InspectionId::Settled && !packet_rules) return {InspectOutcome::Settled, {}, nullptr};
    InspectOutcome outcome = InspectOutcome::GoesOn;
    SessionState* s = id == InspectionId::Settled ? nullptr : state(id);
    if (s != nullptr && !packet_rules && work_.only_acknowledges(*s, p, in.from_client)) return {};
    if (s == nullptr && id == InspectionId::None && wants_state(transport, p)) {
      s = begin(id);
      if (s == nullptr) outcome = InspectOutcome::QueueFull;
    }
    const bool known =
        s != nullptr && s->oriented && p.protocol == kProtoTcp && s->ends.protocol == kProtoTcp;
    if (s != nullptr && !s->oriented) orient(*s, in);
    const bool swapped = s != nullptr && s->swapped;
    const Side side = in.from_client != swapped ? kFromClient : kFromServer;
    // They stay as they are from when it is known who the client is.
    SessionEnds of_packet;
    SessionEnds& ends = s != nullptr ? s->ends : of_packet;
    if (!known) ends = ends_of(p, side);
    // The acknowledgement that completes the handshake does not belong to what it establishes,
    // unless it brings data.
    bool established = in.established;
    if (s != nullptr) {
      if (p.payload_length == 0) established = established && s->established;
      s->established = in.established;
    }
    RuleEvaluator& evaluator = work_.evaluator();
    evaluator.begin({&p, &ends, side, established, in.first_of_side,
                     s != nullptr ? s->layer : AppLayer::Unknown, transport, p.time_ns,
                     s != nullptr ? &s->flowbits : nullptr});
    if (transport == Transport::Tcp) {
      if (s != nullptr) outcome = work_.tcp_packet(*s, in, side);
    } else if (id != InspectionId::Settled) {
      work_.datagram(s, p, side);
    }
    evaluator.set_side(side);
    evaluator.try_packet_rules();
    return conclude(id, s, outcome, swapped);
  }

  InspectStep step_alone(const PacketView& p) {
    ++work_.counters().packets;
    const SessionEnds ends = ends_of(p, kFromClient);
    Flowbits flowbits;  // of this packet only
    RuleEvaluator& evaluator = work_.evaluator();
    evaluator.begin({&p, &ends, kFromClient, false, true, AppLayer::Unknown,
                     transport_of(p.protocol), p.time_ns, &flowbits, true});
    work_.datagram(nullptr, p, kFromClient);
    evaluator.try_packet_rules();
    evaluator.finish();
    return {InspectOutcome::Settled, evaluator.hits(), evaluator.listed()};
  }

  InspectStep finish(InspectionId& id, std::int64_t now_ns) {
    SessionState* s = state(id);
    if (s == nullptr) {
      id = InspectionId::Settled;
      return {InspectOutcome::Settled, {}, nullptr};
    }
    RuleEvaluator& evaluator = work_.evaluator();
    evaluator.begin({nullptr, &s->ends, kFromClient, s->established, false, s->layer,
                     transport_of(s->ends.protocol), now_ns, &s->flowbits});
    if (s->ends.protocol == kProtoTcp) work_.end_of_session(*s);
    evaluator.finish();
    if (s->swapped) evaluator.swap_sides();
    give_back(id);
    return {InspectOutcome::Settled, evaluator.hits(), evaluator.listed()};
  }

  AppLayer layer(InspectionId id) {
    const SessionState* s = state(id);
    return s != nullptr ? s->layer : AppLayer::Unknown;
  }

  const SessionInspection& work() const { return work_; }
  SessionInspection& work() { return work_; }
  const ThreatSet& set() const { return *set_; }

 private:
  // Whether the session needs to be remembered for what its rules look at.
  bool wants_state(Transport transport, const PacketView& p) const {
    if (transport != Transport::Tcp) return set_->flowbit_count() > 0;
    if (set_->flowbit_count() > 0) return true;
    return looks_into_tcp_ && (p.payload_length > 0 || (p.tcp_flags & kTcpSyn) != 0);
  }

  // A session that was not seen to begin may begin with the server: with its SYN-ACK, or with the
  // answer to a request.
  static void orient(SessionState& s, const InspectedPacket& in) {
    const PacketView& p = *in.packet;
    s.oriented = p.protocol != kProtoTcp || (p.tcp_flags & kTcpSyn) != 0 || p.payload_captured > 0;
    if (!in.from_client || p.protocol != kProtoTcp) return;
    constexpr std::uint8_t kBoth = kTcpSyn | kTcpAck;
    static constexpr std::string_view kAnswer = "HTTP/1.";
    s.swapped =
        (p.tcp_flags & kBoth) == kBoth || (p.payload_captured >= kAnswer.size() &&
                                           std::equal(kAnswer.begin(), kAnswer.end(), p.payload));
  }

  static SessionEnds ends_of(const PacketView& p, Side side) {
    if (side == kFromClient) return {p.src, p.dst, p.sport, p.dport, p.protocol};
    return {p.dst, p.src, p.dport, p.sport, p.protocol};
  }

  InspectStep conclude(InspectionId& id, SessionState* s, InspectOutcome outcome, bool swapped) {
    const bool passes = work_.evaluator().finish();
    if (swapped) work_.evaluator().swap_sides();
    if (s != nullptr && (passes || outcome != InspectOutcome::GoesOn)) {
      if (outcome == InspectOutcome::QueueFull) ++work_.counters().queue_full;
      ++work_.counters().sessions_settled;
      // Flowbits outlive the bytes: other packets of the session may ask for them.
      const bool remembers = outcome == InspectOutcome::Settled && s->flowbits.count > 0;
      if (passes || !remembers)
        give_back(id);
      else
        work_.release(*s);
    }
    if (passes) id = InspectionId::Passed;
    return {outcome, work_.evaluator().hits(), work_.evaluator().listed()};
  }

  SessionState* state(InspectionId id) {
    const auto n = static_cast<std::uint32_t>(id);
    if (n == 0 || id == InspectionId::Settled || id == InspectionId::Passed) return nullptr;
    return &slabs_[(n - 1) / kSlab][(n - 1) % kSlab];
  }

  SessionState* begin(InspectionId& id) {
    if (free_ == 0) {
      if (slabs_.size() * kSlab >= settings_.sessions) {
        ++work_.counters().queue_full;
        id = InspectionId::Settled;
        return nullptr;
      }
      const auto first = static_cast<std::uint32_t>(slabs_.size() * kSlab);
      slabs_.push_back(std::make_unique<SessionState[]>(kSlab));
      for (std::size_t i = 0; i < kSlab; ++i)
        slabs_.back()[i].next_free = i + 1 < kSlab ? first + static_cast<std::uint32_t>(i) + 2 : 0;
      free_ = first + 1;
    }
    id = static_cast<InspectionId>(free_);
    SessionState* s = state(id);
    free_ = s->next_free;
    ::new (static_cast<void*>(s)) SessionState;  // flowbits and the like have counts
    ++work_.counters().sessions_begun;
    ++work_.counters().sessions_used;
    return s;
  }

  void give_back(InspectionId& id) {
    SessionState* s = state(id);
    work_.release(*s);
    s->next_free = free_;
    free_ = static_cast<std::uint32_t>(id);
    id = InspectionId::Settled;
    --work_.counters().sessions_used;
  }

  SessionInspection work_;
  std::shared_ptr<const ThreatSet> set_;
  InspectSettings settings_;
  std::vector<std::unique_ptr<SessionState[]>> slabs_;
  std::uint32_t free_ = 0;
  bool looks_into_tcp_ = false;
};

Inspector::Inspector(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Inspector::~Inspector() = default;

Result<std::unique_ptr<Inspector>> Inspector::create(std::shared_ptr<const ThreatSet> set,
                                                     const InspectSettings& settings) {
  auto parts = std::make_unique<Parts>(std::move(set), settings);
  if (auto ready = parts->prepare(); !ready) return tl::unexpected(ready.error());
  return std::unique_ptr<Inspector>(new Inspector(std::move(parts)));
}

void Inspector::prefetch(InspectionId id) const {
  parts_->prefetch(id);
}
InspectStep Inspector::step(InspectionId& id, const InspectedPacket& packet) {
  return parts_->step(id, packet);
}
InspectStep Inspector::step_alone(const PacketView& packet) {
  return parts_->step_alone(packet);
}
InspectStep Inspector::finish(InspectionId& id, std::int64_t now_ns) {
  return parts_->finish(id, now_ns);
}
const ThreatSet& Inspector::set() const {
  return parts_->set();
}
const InspectCounters& Inspector::counters() const {
  return parts_->work().counters();
}
const EvaluatorCounters& Inspector::evaluator_counters() const {
  return parts_->work().evaluator().counters();
}
std::size_t Inspector::memory_used() const {
  return parts_->work().pool().bytes_used();
}
void Inspector::set_memory_limit(std::size_t bytes) {
  parts_->work().set_memory_limit(bytes);
}
AppLayer Inspector::layer(InspectionId id) const {
  return parts_->layer(id);
}

}  // namespace endreason::inspect
