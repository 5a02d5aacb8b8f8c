// SPDX-License-Identifier: Apache-2.0
#include "appid/identifier.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "appid/content_mark.hpp"
#include "appid/dns_header.hpp"
#include "appid/peer_heuristic.hpp"
#include "model/protocol.hpp"

namespace endreason {

namespace {

// Room for the library's state in ours; make() compares it with what the library says.
constexpr std::size_t kLibraryStateBytes = 704;
constexpr std::uint32_t kStatesPerSlab = 256;
// Beyond this distance a sequence number lies behind us and not before us (RFC 793, 3.3).
constexpr std::uint32_t kHalfSequenceSpace = 0x8000'0000;
// No state was free. The session has payload that nobody looked at; finish() must know.
constexpr StateId kWithoutState{0xffff'fffe};
// Payload passed, and the capture kept none of it: it was told to keep headers only.
constexpr StateId kNotCaptured{0xffff'fffd};

// a lies before b in the circle of sequence numbers.
bool before(std::uint32_t a, std::uint32_t b) {
  return b - a - 1 < kHalfSequenceSpace - 1;
}

bool identified(AppId app) {
  return app >= AppId::FirstIdentified;
}

bool says_dns(const PacketView& p) {
  const std::span<const std::uint8_t> payload(p.payload, p.payload_captured);
  return p.protocol == kProtoTcp ? begins_as_dns_over_tcp(payload) : begins_as_dns(payload);
}

void note(AppStep& step, AppId app) {
  if (app == step.app || app == AppId::None) return;
  step.app = app;
  step.changes[step.change_count++] = app;
}

}  // namespace

struct Identifier::State {
  alignas(DpiEngine::kFlowAlignment) std::array<std::byte, kLibraryStateBytes> library;
  SignatureProgress signatures;
  PayloadSeen seen;
  // By side, client first: where the stream began and how far it was seen without a gap.
  std::array<std::uint32_t, 2> first_sequence;
  std::array<std::uint32_t, 2> stream_end;
  std::array<bool, 2> side_began;
  std::uint8_t generic_messages;
  bool excluded;    // the library cannot find anything any more
  bool host_shown;  // to the signatures
  bool borrowed;
  std::uint32_t next_free;
};

struct Identifier::Slab {
  std::array<State, kStatesPerSlab> states;
};

Identifier::Identifier(const AppCatalogue& catalogue, const IdentifierSettings& settings,
                       std::unique_ptr<DpiEngine> engine)
    : catalogue_(catalogue), settings_(settings), engine_(std::move(engine)) {}

Identifier::~Identifier() {
  // Sessions that never finished: their states may hold memory of the library.
  for (const auto& slab : slabs_)
    for (State& s : slab->states)
      if (s.borrowed) engine_->end(s.library.data());
}

Result<std::unique_ptr<Identifier>> Identifier::make(const AppCatalogue& catalogue,
                                                     const IdentifierSettings& settings) {
  if (settings.packets_max == 0 || settings.bytes_max == 0 || settings.states_max == 0)
    return fail(Error::Code::Usage,
                "appid: packets, bytes and states must be 1 or more; "
                "to track without applications, use --no-appid");
  auto engine = DpiEngine::make();
  if (!engine) return tl::unexpected(engine.error());
  assert(DpiEngine::flow_bytes() <= kLibraryStateBytes);
  return std::unique_ptr<Identifier>(new Identifier(catalogue, settings, std::move(*engine)));
}

Identifier::State& Identifier::state(StateId id) {
  const std::uint32_t index = static_cast<std::uint32_t>(id) - 1;
  return slabs_[index / kStatesPerSlab]->states[index % kStatesPerSlab];
}

bool Identifier::grow() {
  const std::size_t count = slabs_.size() * kStatesPerSlab;
  if (count >= settings_.states_max) return false;
  slabs_.push_back(std::make_unique_for_overwrite<Slab>());
  const std::size_t more = std::min<std::size_t>(kStatesPerSlab, settings_.states_max - count);
  for (State& s : slabs_.back()->states) s.borrowed = false;
  for (std::size_t i = more; i-- > 0;) {
    slabs_.back()->states[i].next_free = free_;
    free_ = static_cast<std::uint32_t>(count + i + 1);
  }
  return true;
}

Identifier::State* Identifier::begin(StateId& id, const PacketView& packet, bool from_client) {
  ++counters_.sessions_begun;
  const bool all_used = counters_.states_used + used_elsewhere_ >= settings_.states_max;
  if (all_used || (free_ == 0 && !grow())) {
    ++counters_.sessions_without_state;
    id = kWithoutState;
    return nullptr;
  }
  id = StateId{free_};
  State& s = state(id);
  free_ = s.next_free;
  ++counters_.states_used;
  counters_.states_used_max = std::max(counters_.states_used_max, counters_.states_used);
  engine_->begin(s.library.data(), packet.protocol == kProtoTcp);
  s.signatures =
      catalogue_.signatures().begin(packet.protocol, from_client ? packet.dport : packet.sport);
  s.seen = {};
  s.stream_end = {};
  s.side_began = {};
  s.generic_messages = 0;
  s.excluded = s.host_shown = false;
  s.borrowed = true;
  return &s;
}

void Identifier::give_back(StateId& id) {
  State& s = state(id);
  engine_->end(s.library.data());
  s.borrowed = false;
  s.next_free = free_;
  free_ = static_cast<std::uint32_t>(id);
  --counters_.states_used;
  id = StateId::Settled;
}

// Where the payload stands in the stream of its side. Bytes that a snapped capture left out are a
// gap, as lost segments are.
Identifier::Place Identifier::place(State& s, const PacketView& p, bool from_client) {
  const std::size_t side = from_client ? 0 : 1;
  const std::uint32_t reached = s.stream_end[side];
  const bool whole = p.payload_captured == p.payload_length;
  if (p.protocol != kProtoTcp) {
    if (whole) s.stream_end[side] += p.payload_length;
    return {.at = reached, .fresh = true, .in_order = true};
  }
  if (!s.side_began[side]) {
    s.side_began[side] = true;
    s.first_sequence[side] = p.seq;
  }
  const std::uint32_t at = p.seq - s.first_sequence[side];
  const std::uint32_t end = at + p.payload_length;
  Place place{.at = at, .fresh = before(reached, end), .in_order = !before(reached, at)};
  if (place.fresh && place.in_order && whole) s.stream_end[side] = end;
  return place;
}

AppId Identifier::match_signatures(State& s, const PacketView& p, bool from_client,
                                   const Place& place) {
  if (s.signatures.possible == 0) return AppId::None;
  const SignatureSet& set = catalogue_.signatures();
  if (place.in_order)
    set.see_payload(s.signatures, from_client, place.at, {p.payload, p.payload_captured});
  return set.match(s.signatures);
}

void Identifier::inspect(State& s, const PacketView& p, AppStep& step) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  ++counters_.packets_inspected;
  const DpiAnswer answer =
      engine_->inspect(s.library.data(), ip_packet_.wrap(p), p.time_ns / kNsPerMs);
  s.excluded = answer.excluded;
  if (!s.host_shown && !answer.host.empty()) {
    s.host_shown = true;
    catalogue_.signatures().see_host(s.signatures, answer.host);
    const AppId own = catalogue_.signatures().match(s.signatures);
    if (own != AppId::None) {
      note(step, own);
      step.settled = true;
      return;
    }
  }
  if (answer.app == 0) return;
  const NamedApp named = catalogue_.of_library(answer.carrier, answer.app, p.sport, p.dport);
  if (named.app == AppId::None) return;
  if (named.app == catalogue_.dns() && !says_dns(p)) {
    s.excluded = true;  // the library has made up its mind and will not look further
    return;
  }
  if (!identified(step.app)) note(step, named.carrier);
  note(step, named.app);
  step.settled = !named.may_change || !answer.more_possible;
}

// What the library does not know: marks at the start of a side's stream, the talk of peers.
void Identifier::look_for_marks(State& s, const PacketView& p, const Place& place, AppStep& step) {
  const std::span<const std::uint8_t> payload(p.payload, p.payload_captured);
  if (place.at == 0) note(step, catalogue_.of_content_mark(find_content_mark(p.protocol, payload)));
  const PeerTalk talk = peer_talk(payload);
  if (talk == PeerTalk::BitTorrent && !identified(step.app)) note(step, catalogue_.bittorrent());
  if (talk == PeerTalk::Generic && p.protocol == kProtoUdp &&
      s.generic_messages < kGenericMessagesNeeded)
    ++s.generic_messages;
  step.settled = step.settled || identified(step.app);
}

// A signature of the user's wins over what the content says, so a pattern that may still come is
// waited for; the library has done its part.
void Identifier::wait_for_pattern(State& s, AppStep& step) const {
  const SignatureSet& set = catalogue_.signatures();
  if (set.match(s.signatures) != AppId::None) return;
  const bool waits = set.undecided(s.signatures);
  if (step.settled && waits) s.excluded = true;
  step.settled = !waits && (step.settled || s.excluded);
}

bool Identifier::spent(const State& s) const {
  return s.seen.packets >= settings_.packets_max || s.seen.bytes >= settings_.bytes_max ||
         (s.excluded && s.signatures.possible == 0 && settings_.enough(s.seen));
}

// What a session without an identified application is called when no more packets are looked at.
AppId Identifier::conclude(State& s, const SessionFacts& facts) {
  const DpiAnswer answer = engine_->conclude(s.library.data());
  if (const NamedApp named = catalogue_.of_library(answer.carrier, answer.app, 0, 0);
      !s.excluded && named.app != AppId::None)
    return named.app;
  return placeholder(facts, true, settings_.enough(s.seen),
                     s.generic_messages >= kGenericMessagesNeeded);
}

AppStep Identifier::step(StateId& id, AppId current, const PacketView& p, bool from_client) {
  AppStep step{.app = current};
  if (id == StateId::Settled || id == kWithoutState || p.payload_captured == 0) {
    if (id == StateId::None && p.payload_length > 0) id = kNotCaptured;
    step.settled = id == StateId::Settled;
    return step;
  }
  const bool first = id == StateId::None || id == kNotCaptured;
  State* s = first ? begin(id, p, from_client) : &state(id);
  if (s == nullptr) return step;
  const Place place = this->place(*s, p, from_client);
  if (!place.fresh) {
    ++counters_.packets_sent_again;
    return step;
  }
  ++s->seen.packets;
  s->seen.bytes += p.payload_length;
  if (const AppId own = match_signatures(*s, p, from_client, place); own != AppId::None) {
    note(step, own);
    step.settled = true;
  } else if (!s->excluded) {
    inspect(*s, p, step);
  }
  if (!identified(step.app)) look_for_marks(*s, p, place, step);
  if (s->signatures.possible != 0 && identified(step.app)) wait_for_pattern(*s, step);
  if (!step.settled && spent(*s)) {
    step.settled = true;
    const SessionFacts open{.protocol = p.protocol, .handshake_done = true};
    if (!identified(step.app)) note(step, conclude(*s, open));
  }
  if (step.settled) give_back(id);
  return step;
}

AppId Identifier::finish(StateId& id, AppId current, const SessionFacts& facts) {
  if (id == StateId::Settled) return current;
  if (id == StateId::None)
    return identified(current) ? current : placeholder(facts, false, false, false);
  if (id == kWithoutState || id == kNotCaptured) {
    id = StateId::Settled;
    return identified(current) ? current : placeholder(facts, true, true, false);
  }
  if (!identified(current)) current = conclude(state(id), facts);
  give_back(id);
  return current;
}

}  // namespace endreason
