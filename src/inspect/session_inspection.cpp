// SPDX-License-Identifier: Apache-2.0
#include "inspect/session_inspection.hpp"

#include <algorithm>
#include <cstring>

#include "inspect/app_layer_detector.hpp"
#include "model/protocol.hpp"

namespace endreason::inspect {
namespace {

constexpr std::size_t kSegmentMax = 65'536;

constexpr Side other(Side side) {
  return side == kFromClient ? kFromServer : kFromClient;
}

constexpr std::uint64_t buffers_of(AppLayer layer) {
  std::uint64_t bits = 0;
  for (const InspectBufferInfo& row : kInspectBuffers)
    if (row.layer == layer) bits |= buffer_bit(row.value);
  return bits;
}
constexpr std::uint64_t kHttpBuffers = buffers_of(AppLayer::Http);

HttpLimits http_limits(const InspectSettings& settings) {
  HttpLimits limits;
  limits.sessions = settings.sessions;
  if (settings.body_bytes != 0) limits.body_bytes = settings.body_bytes;
  return limits;
}

}  // namespace

SessionInspection::SessionInspection(std::shared_ptr<const ThreatSet> set,
                                     const InspectSettings& settings)
    : set_(std::move(set)),
      settings_(settings),
      limits_{settings.segments_held, settings.bytes_held, settings.stream_depth},
      pool_(settings.memory_bytes),
      evaluator_(set_),
      http_(pool_, evaluator_, http_limits(settings)),
      tls_(pool_, evaluator_, settings.sessions),
      dns_(pool_, evaluator_, settings.sessions),
      ssh_(pool_, evaluator_, settings.sessions),
      scratch_(kTailMax + kSegmentMax) {}

InspectOutcome SessionInspection::tcp_packet(SessionState& s, const InspectedPacket& in,
                                             Side side) {
  const PacketView& p = *in.packet;
  SideState& from = s.side[index_of(side)];
  SideState& to = s.side[index_of(other(side))];
  std::uint32_t seq = p.seq;
  if ((p.tcp_flags & kTcpSyn) != 0) {
    ++seq;
    if (from.stream.position() == 0) from.stream.begin(seq);
  }
  InspectOutcome outcome = InspectOutcome::GoesOn;
  // What the other side acknowledges and we have not seen was not captured.
  if ((p.tcp_flags & kTcpAck) != 0) {
    to.stream.acknowledged(p.ack);
    if (to.stream.held_bytes() > 0 && !to.over) {
      set_side(other(side));
      outcome = deliver_held(s, other(side), false);
      set_side(side);
    }
  }
  const Bytes payload{p.payload, std::min(p.payload_captured, p.payload_length)};
  const bool whole = p.payload_captured >= p.payload_length;
  if (!payload.empty() && outcome == InspectOutcome::GoesOn) {
    Bytes in_order;
    std::uint32_t gap = 0;
    const auto taken = from.over ? StreamSide::Taken::Nothing
                                 : from.stream.take(pool_, limits_, seq, payload, in_order, gap);
    if (taken == StreamSide::Taken::InOrder) {
      if (gap > 0) pass_gap(s, side, gap);
      outcome = deliver(s, side, in_order, payload);
      if (outcome == InspectOutcome::GoesOn && !whole)
        pass_gap(s, side, p.payload_length - p.payload_captured);
      if (outcome == InspectOutcome::GoesOn) outcome = deliver_held(s, side, false);
    } else {
      evaluator_.try_packet_payload(payload);
    }
    if (taken == StreamSide::Taken::Full) {
      // Without acknowledgements in sight, nothing says that what is missing will ever come.
      if (from.stream.other_side_acknowledges()) return InspectOutcome::QueueFull;
      outcome = deliver_held(s, side, true);
      if (outcome == InspectOutcome::GoesOn &&
          from.stream.take(pool_, limits_, seq, payload, in_order, gap) ==
              StreamSide::Taken::InOrder)
        outcome = deliver(s, side, in_order, {});
    }
  }
  if (outcome != InspectOutcome::GoesOn) return outcome;
  if ((p.tcp_flags & kTcpFin) != 0) from.stream.ends_at(seq + p.payload_length);
  if ((p.tcp_flags & kTcpRst) != 0) {
    for (const Side each : {side, other(side)}) {
      set_side(each);
      outcome = std::max(outcome, deliver_held(s, each, true));
      outcome = std::max(outcome, close_side(s, each));
    }
    set_side(side);
    return outcome;
  }
  return from.stream.at_end() ? close_side(s, side) : InspectOutcome::GoesOn;
}

bool SessionInspection::only_acknowledges(SessionState& s, const PacketView& p, bool from_client) {
  if (p.protocol != kProtoTcp || p.payload_length != 0 || !s.oriented || !s.established ||
      (p.tcp_flags & (kTcpSyn | kTcpFin | kTcpRst)) != 0)
    return false;
  SideState& to = s.side[from_client != s.swapped ? 1 : 0];
  if (to.stream.held_bytes() > 0) return false;
  if ((p.tcp_flags & kTcpAck) != 0) to.stream.acknowledged(p.ack);
  return true;
}

// Rules are told whose bytes they see, also where a packet of the other side sets them free.
void SessionInspection::set_side(Side side) {
  evaluator_.set_side(side);
}

InspectOutcome SessionInspection::deliver_held(SessionState& s, Side side, bool any) {
  SideState& state = s.side[index_of(side)];
  Bytes bytes;
  std::uint32_t gap = 0;
  InspectOutcome outcome = InspectOutcome::GoesOn;
  while (outcome == InspectOutcome::GoesOn && !state.over &&
         state.stream.next_held(any, bytes, gap)) {
    if (gap > 0) pass_gap(s, side, gap);
    if (!bytes.empty()) outcome = deliver(s, side, bytes, {});
    if (!state.over) state.stream.release_held(pool_);
  }
  if (outcome == InspectOutcome::GoesOn && state.stream.at_end()) outcome = close_side(s, side);
  return outcome;
}

void SessionInspection::pass_gap(SessionState& s, Side side, std::uint32_t gap) {
  SideState& state = s.side[index_of(side)];
  ++counters_.gaps;
  state.stream.skipped(gap);
  state.tail.clear(pool_);
  state.gapped = true;
  state.waiting.count = 0;
  if (s.layer == AppLayer::Unknown) state.no_protocol = true;
  if (!s.parsing) return;
  if (s.layer == AppLayer::Http)
    http_.gap(*s.http, side, gap);
  else
    stop_parser(s);
}

InspectOutcome SessionInspection::deliver(SessionState& s, Side side, Bytes bytes, Bytes packet) {
  SideState& state = s.side[index_of(side)];
  const std::size_t before = state.tail.size();
  // Needed when the new bytes have been gone through, by then they are near.
  if (s.parsing) __builtin_prefetch(s.http);
  if (before > 0) __builtin_prefetch(state.tail.data() + before - 1, 1);
  const bool from_begin = !state.gapped && state.stream.position() == before;
  bytes = bytes.first(std::min(bytes.size(), kSegmentMax));
  state.stream.delivered(bytes.size());
  counters_.stream_bytes += bytes.size();
  // Anchors are looked for in the new bytes and as many old ones as an anchor may lie across; the
  // whole window is put together only for the rules that have one.
  const PatternSet& patterns = set_->payload_patterns(Transport::Tcp, side);
  const std::size_t overlap = std::min(before, patterns.longest());
  std::uint8_t* const middle = scratch_.data() + kTailMax;
  Bytes across;
  if (overlap > 0) {
    const std::size_t begin = std::min(bytes.size(), overlap);
    std::memcpy(middle - overlap, state.tail.data() + before - overlap, overlap);
    std::memcpy(middle, bytes.data(), begin);
    across = {middle - overlap, overlap + begin};
  }
  const bool candidates = evaluator_.find_payload_candidates(across, bytes, packet, state.waiting,
                                                             state.stream.position());
  const bool detecting = s.layer == AppLayer::Unknown && set_->needs_layer();
  BufferWindow stream{bytes, from_begin, true, before};
  if (before > 0 && (candidates || detecting || set_->mixes_payload())) {
    std::memcpy(middle - before, state.tail.data(), before);
    std::memcpy(middle, bytes.data(), bytes.size());
    stream.bytes = {middle - before, before + bytes.size()};
  }
  evaluator_.set_stream_window(stream);
  InspectOutcome outcome = InspectOutcome::GoesOn;
  if (detecting)
    outcome = detect(s, side, from_begin ? stream.bytes : Bytes{});
  else if (s.parsing)
    outcome = parse(s, side, bytes);
  evaluator_.set_layer(s.layer);
  if (candidates)
    evaluator_.try_payload_candidates(packet, &stream, &state.waiting, state.stream.position());
  if (outcome == InspectOutcome::QueueFull) return outcome;
  const bool deep = limits_.depth != 0 && state.stream.position() >= limits_.depth;
  if (deep || outcome == InspectOutcome::Settled) {
    if (outcome == InspectOutcome::Settled) settle_side(s.side[index_of(other(side))]);
    settle_side(state);
  } else if (!keep_tail(s, side, bytes)) {
    return InspectOutcome::QueueFull;
  }
  return s.side[0].over && s.side[1].over ? InspectOutcome::Settled : InspectOutcome::GoesOn;
}

void SessionInspection::settle_side(SideState& side) {
  side.over = true;
  side.tail.clear(pool_);
  side.stream.clear(pool_);
}

// Keeps the last bytes for the next ones. False: there is no memory.
bool SessionInspection::keep_tail(SessionState& s, Side side, Bytes bytes) {
  SideState& state = s.side[index_of(side)];
  const bool rules = !set_->payload_patterns(Transport::Tcp, side).empty() ||
                     !set_->payload_unfiltered(Transport::Tcp, side).empty() ||
                     set_->mixes_payload();
  const bool protocol_open = s.layer == AppLayer::Unknown && set_->needs_layer();
  if (!rules && !protocol_open) {
    state.tail.clear(pool_);
    return true;
  }
  if (bytes.size() >= kTail) {
    state.tail.resize_down(0);
    return state.tail.append(pool_, bytes.last(kTail));
  }
  if (state.tail.size() + bytes.size() > kTailMax)
    state.tail.drop_front(state.tail.size() + bytes.size() - kTail);
  return state.tail.append(pool_, bytes);
}

InspectOutcome SessionInspection::detect(SessionState& s, Side side, Bytes from_begin) {
  SideState& state = s.side[index_of(side)];
  const SideState& peer = s.side[index_of(other(side))];
  if (!state.no_protocol) {
    const AppLayer layer = from_begin.empty()
                               ? AppLayer::None
                               : detect_app_layer(from_begin, side, s.ends.server_port);
    if (layer != AppLayer::Unknown && layer != AppLayer::None) {
      s.layer = layer;
      evaluator_.set_layer(layer);
      return parses(layer) ? begin_parser(s, side, from_begin) : InspectOutcome::GoesOn;
    }
    state.no_protocol = layer == AppLayer::None;
  }
  if (state.no_protocol && (peer.no_protocol || state.stream.position() >= kTailMax))
    s.layer = AppLayer::None;
  return InspectOutcome::GoesOn;
}

InspectOutcome SessionInspection::begin_parser(SessionState& s, Side side, Bytes from_begin) {
  switch (s.layer) {
    case AppLayer::Http:
      // Where no rule can fit the ends, there is nothing to read for.
      if (const std::uint64_t buffers = set_->buffers_between(s.ends) & kHttpBuffers; buffers != 0)
        s.http = http_.begin(buffers);
      else
        return InspectOutcome::GoesOn;
      break;
    case AppLayer::Tls:
      s.tls = tls_.begin();
      break;
    case AppLayer::Dns:
      s.dns = dns_.begin();
      break;
    case AppLayer::Ssh:
      s.ssh = ssh_.begin();
      break;
    default:
      return InspectOutcome::GoesOn;
  }
  if (s.http == nullptr) return InspectOutcome::QueueFull;
  s.parsing = true;
  // What the other side said before, if all of it is still there.
  SideState& peer = s.side[index_of(other(side))];
  if (!peer.tail.empty() && !peer.gapped && peer.stream.position() == peer.tail.size())
    if (const auto outcome = parse(s, other(side), peer.tail.bytes());
        outcome != InspectOutcome::GoesOn)
      return outcome;
  return s.parsing ? parse(s, side, from_begin) : InspectOutcome::GoesOn;
}

InspectOutcome SessionInspection::parse(SessionState& s, Side side, Bytes bytes) {
  switch (s.layer) {
    case AppLayer::Http: {
      const HttpStep step = http_.data(*s.http, side, bytes);
      if (step == HttpStep::NoMemory) return InspectOutcome::QueueFull;
      if (step == HttpStep::IsTunnel) stop_parser(s);
      break;
    }
    case AppLayer::Tls: {
      const TlsStep step = tls_.data(*s.tls, side, bytes);
      if (step == TlsStep::NoMemory) return InspectOutcome::QueueFull;
      if (step == TlsStep::NotTls) stop_parser(s);
      if (step == TlsStep::Encrypted) {
        stop_parser(s);
        return InspectOutcome::Settled;
      }
      break;
    }
    case AppLayer::Dns:
      if (!dns_.stream(*s.dns, side, bytes)) return InspectOutcome::QueueFull;
      break;
    case AppLayer::Ssh: {
      const SshStep step = ssh_.data(*s.ssh, side, bytes);
      if (step == SshStep::NoMemory) return InspectOutcome::QueueFull;
      if (step == SshStep::Encrypted) {
        stop_parser(s);
        return InspectOutcome::Settled;
      }
      break;
    }
    default:
      break;
  }
  return InspectOutcome::GoesOn;
}

void SessionInspection::stop_parser(SessionState& s) {
  if (!s.parsing) return;
  s.parsing = false;
  switch (s.layer) {
    case AppLayer::Http:
      http_.end(s.http);
      break;
    case AppLayer::Tls:
      tls_.end(s.tls);
      break;
    case AppLayer::Dns:
      dns_.end(s.dns);
      break;
    case AppLayer::Ssh:
      ssh_.end(s.ssh);
      break;
    default:
      break;
  }
  s.http = nullptr;
}

InspectOutcome SessionInspection::close_side(SessionState& s, Side side) {
  SideState& state = s.side[index_of(side)];
  if (state.closed) return InspectOutcome::GoesOn;
  state.closed = true;
  if (s.parsing && s.layer == AppLayer::Http) {
    evaluator_.set_stream_window({state.tail.bytes(), !state.gapped, true, 0});
    http_.close(*s.http, side);
  }
  return InspectOutcome::GoesOn;
}

InspectOutcome SessionInspection::datagram(SessionState* s, const PacketView& p, Side side) {
  const Bytes payload{p.payload, std::min(p.payload_captured, p.payload_length)};
  if (payload.empty()) return InspectOutcome::GoesOn;
  AppLayer layer = s != nullptr ? s->layer : AppLayer::Unknown;
  const std::uint16_t server_port = side == kFromClient ? p.dport : p.sport;
  if (p.protocol == kProtoUdp && parses(AppLayer::Dns) && server_port == 53 &&
      looks_like_dns(payload))
    layer = AppLayer::Dns;
  if (s != nullptr) s->layer = layer;
  evaluator_.set_layer(layer);
  if (layer == AppLayer::Dns) {
    evaluator_.set_stream_window({payload, true, true, 0});
    dns_.message(side, payload);
  }
  evaluator_.try_packet_payload(payload);
  return InspectOutcome::GoesOn;
}

void SessionInspection::end_of_session(SessionState& s) {
  for (const Side side : {kFromClient, kFromServer}) {
    set_side(side);
    if (!s.side[index_of(side)].over) deliver_held(s, side, true);
    close_side(s, side);
  }
}

void SessionInspection::release(SessionState& s) {
  stop_parser(s);
  for (SideState& side : s.side) settle_side(side);
}

}  // namespace endreason::inspect
