// SPDX-License-Identifier: Apache-2.0
#include "inspect/rule_evaluator.hpp"

#include <algorithm>

#include "inspect/packet_fields.hpp"

namespace endreason::inspect {
namespace {

constexpr std::size_t kReach = 2048;  // how far behind its anchor a rule in a stream is tried again

}  // namespace

RuleEvaluator::RuleEvaluator(std::shared_ptr<const ThreatSet> set)
    : set_(std::move(set)), stamps_(set_->size()) {
  candidates_.reserve(256);
  payload_candidates_.reserve(256);
}

void RuleEvaluator::begin(const Context& context) {
  context_ = context;
  stream_window_ = {};
  hit_count_ = 0;
  listed_ = false;
  transaction_ = 0;
}

void RuleEvaluator::look_up(std::span<const std::uint8_t> name, Side side) {
  if (listed_) return;
  const std::string_view text(reinterpret_cast<const char*>(name.data()), name.size());
  const auto hit = set_->lists()->find(text);
  if (!hit) return;
  listed_ = true;
  listed_name_.hit = *hit;
  listed_name_.side = side;
  listed_name_.name = text;
}

bool RuleEvaluator::header_matches(std::uint32_t index, Side side) const {
  const ThreatRule& rule = set_->rule(index);
  const CompiledRule& compiled = set_->compiled(index);
  const SessionEnds& e = *context_.ends;
  if (compiled.layer != AppLayer::Unknown && compiled.layer != context_.layer) return false;
  if (!compiled.protocols.empty() && std::find(compiled.protocols.begin(), compiled.protocols.end(),
                                               e.protocol) == compiled.protocols.end())
    return false;
  if ((rule.flow & kFlowEstablished) != 0 && !context_.established) return false;
  if ((rule.flow & kFlowNotEstablished) != 0 && context_.established) return false;
  if (rule.protocol == RuleProtocol::Ipv4 && !e.client.is_v4()) return false;
  if (rule.protocol == RuleProtocol::Ipv6 && e.client.is_v4()) return false;
  const bool forward = compiled.both_sides || side == kFromClient;
  return ends_fit(rule, e, forward) || (rule.either_way && ends_fit(rule, e, !forward));
}

bool RuleEvaluator::condition_holds(const RuleCondition& condition,
                                    BufferProvider* provider) const {
  const PacketView* packet = context_.packet;
  switch (condition.field) {
    case PacketField::AppLayer: {
      const AppLayer layer = context_.layer;
      // What is not known yet is not "not http" either.
      if (condition.negated && layer == AppLayer::Unknown) return false;
      return (condition.layer == layer) != condition.negated;
    }
    case PacketField::TcpFlags:
      return packet != nullptr && context_.transport == Transport::Tcp &&
             tcp_flags_match(condition, packet->tcp_flags);
    case PacketField::IpOptions:
      return packet != nullptr && has_ip_option(condition.range, *packet);
    case PacketField::SameIp:
      return context_.ends->client == context_.ends->server;
    case PacketField::DnsOpcode:
    case PacketField::DnsRcode:
    case PacketField::DnsRrtype:
    case PacketField::TlsVersion: {
      const auto n = provider == nullptr ? std::nullopt : provider->number(condition.field);
      return n && condition.range.contains(*n);
    }
    default: {
      if (packet == nullptr) return false;
      const auto n = packet_number(condition.field, *packet);
      return n && condition.range.contains(*n);
    }
  }
}

bool RuleEvaluator::conditions_hold(std::uint32_t index, BufferProvider* provider) {
  for (const RuleCondition& condition : set_->rule(index).conditions)
    if (!condition_holds(condition, provider)) return false;
  return flowbits_hold(set_->compiled(index));
}

bool RuleEvaluator::bit_is_set(std::uint16_t bit) const {
  const Flowbits* f = context_.flowbits;
  if (f == nullptr) return false;
  return std::find(f->bits.begin(), f->bits.begin() + f->count, bit) != f->bits.begin() + f->count;
}

bool RuleEvaluator::flowbits_hold(const CompiledRule& rule) const {
  for (const CompiledFlowbit& f : rule.flowbits) {
    if (f.operation < FlowbitOperation::IsSet) continue;
    const bool wanted = f.operation == FlowbitOperation::IsSet;
    bool any = false;
    for (const std::uint16_t bit : f.bits) any |= bit_is_set(bit) == wanted;
    if (!any) return false;
  }
  return true;
}

void RuleEvaluator::apply_flowbits(const CompiledRule& rule) {
  Flowbits* flow = context_.flowbits;
  for (const CompiledFlowbit& f : rule.flowbits) {
    if (f.operation >= FlowbitOperation::IsSet) continue;
    if (flow == nullptr) {
      ++counters_.flowbits_lost;
      continue;
    }
    const std::uint16_t bit = f.bits.front();
    const auto end = flow->bits.begin() + flow->count;
    const auto at = std::find(flow->bits.begin(), end, bit);
    const bool set = at != end;
    const bool want =
        f.operation == FlowbitOperation::Set || (f.operation == FlowbitOperation::Toggle && !set);
    if (want == set) continue;
    if (!want) {
      *at = *(end - 1);
      --flow->count;
    } else if (flow->count < Flowbits::kMost) {
      flow->bits[flow->count++] = bit;
    } else {
      ++counters_.flowbits_lost;
    }
  }
}

void RuleEvaluator::fulfilled(std::uint32_t index, Side side) {
  const ThreatRule& rule = set_->rule(index);
  ++counters_.hits;
  bool report = true;
  if (rule.threshold.kind != ThresholdKind::None) {
    const SessionEnds& e = *context_.ends;
    if (rule.threshold.track != ThresholdTrack::ByFlow) {
      const bool forward = side == kFromClient;
      report = thresholds_.report(rule.threshold, index, forward ? e.client : e.server,
                                  forward ? e.server : e.client, context_.now_ns);
    } else if (context_.flowbits != nullptr) {
      std::uint8_t& count = context_.flowbits->flow_hits;
      if (count < 255) ++count;
      report = threshold_reports(rule.threshold, count);
    }
  }
  apply_flowbits(set_->compiled(index));
  if (!report || (rule.silent && rule.action == RuleAction::Alert)) return;
  for (std::size_t i = 0; i < hit_count_; ++i)
    if (hits_[i].rule == index && hits_[i].side == side &&
        (hits_[i].transaction == transaction_ ||
         set_->compiled(index).kind != RuleKind::Transaction))
      return;
  if (hit_count_ == kHitsMax) {
    ++counters_.hits_lost;
    return;
  }
  hits_[hit_count_++] = {index, side, transaction_};
}

void RuleEvaluator::swap_sides() {
  for (std::size_t i = 0; i < hit_count_; ++i)
    hits_[i].side = hits_[i].side == kFromClient ? kFromServer : kFromClient;
}

bool RuleEvaluator::finish() {
  const auto rank = [&](const ThreatHit& h) { return std::pair(h.rule, h.transaction); };
  std::sort(hits_.begin(), hits_.begin() + static_cast<std::ptrdiff_t>(hit_count_),
            [&](const ThreatHit& a, const ThreatHit& b) { return rank(a) < rank(b); });
  bool pass = false, pass_session = false;
  for (std::size_t i = 0; i < hit_count_; ++i) {
    if (set_->rule(hits_[i].rule).action != RuleAction::Pass) continue;
    pass = true;
    pass_session |= set_->takes_session(hits_[i].rule);
  }
  if (!pass) return false;
  // What a pass rule takes is passed; rules that only report do not come after it.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < hit_count_; ++i) {
    const ThreatRule& rule = set_->rule(hits_[i].rule);
    if (rule.action == RuleAction::Pass && rule.pass_alerts) hits_[kept++] = hits_[i];
  }
  hit_count_ = kept;
  return pass_session;
}

void RuleEvaluator::try_packet_rules() {
  for (const std::uint32_t index : set_->packet_rules(context_.transport)) {
    const CompiledRule& rule = set_->compiled(index);
    if ((rule.sides & context_.side) == 0 || (rule.once_a_side && !context_.first_of_side))
      continue;
    if (!header_matches(index, context_.side) || !conditions_hold(index, nullptr)) continue;
    bool all = true;
    variables_ = {};
    for (const CompiledGroup& group : rule.groups) {
      const auto bytes = packet_header(group.buffer, *context_.packet);
      all = all && !bytes.empty() && matcher_.matches(group, {bytes, true, true, 0}, variables_);
    }
    if (all) fulfilled(index, context_.side);
  }
}

void RuleEvaluator::add_candidate(std::uint32_t rule) {
  if (stamps_[rule] == round_) return;
  stamps_[rule] = round_;
  candidates_.push_back(rule);
}

void RuleEvaluator::add_payload_candidate(std::uint32_t rule) {
  if (stamps_[rule] == round_) return;
  stamps_[rule] = round_;
  payload_candidates_.push_back(rule);
}

void RuleEvaluator::next_round() {
  candidates_.clear();
  if (++round_ != 0) return;
  std::fill(stamps_.begin(), stamps_.end(), 0);
  round_ = 1;
}

void RuleEvaluator::try_packet_payload(std::span<const std::uint8_t> packet) {
  payload_candidates_.clear();
  next_round();
  auto found = [this](std::uint32_t rule) { add_payload_candidate(rule); };
  set_->payload_patterns(context_.transport, context_.side).scan(packet, scratch_, found);
  set_->payload_begin_patterns(context_.transport, context_.side).scan(packet, scratch_, found);
  for (const std::uint32_t rule : set_->payload_unfiltered(context_.transport, context_.side))
    add_payload_candidate(rule);
  if (!payload_candidates_.empty()) try_payload_candidates(packet, nullptr, nullptr, 0);
}

bool RuleEvaluator::find_payload_candidates(std::span<const std::uint8_t> across,
                                            std::span<const std::uint8_t> fresh,
                                            std::span<const std::uint8_t> packet,
                                            StreamCandidates& waiting, std::uint64_t stream_end) {
  payload_candidates_.clear();
  next_round();
  auto found = [this](std::uint32_t rule) { add_payload_candidate(rule); };
  const PatternSet& patterns = set_->payload_patterns(context_.transport, context_.side);
  patterns.scan(fresh, scratch_, found);
  patterns.scan(across, scratch_, found);
  // A packet that is not new as a whole has bytes that the stream leaves out.
  if (packet.size() > fresh.size()) patterns.scan(packet, scratch_, found);
  for (const std::uint32_t rule : set_->payload_unfiltered(context_.transport, context_.side))
    add_payload_candidate(rule);
  std::uint8_t kept = 0;
  for (std::uint8_t i = 0; i < waiting.count; ++i) {
    const auto candidate = waiting.rules[i];
    const auto left =
        static_cast<std::int32_t>(candidate.until - static_cast<std::uint32_t>(stream_end));
    if (left < 0) continue;
    add_payload_candidate(candidate.rule);
    waiting.rules[kept++] = candidate;
  }
  waiting.count = kept;
  return !payload_candidates_.empty();
}

void RuleEvaluator::try_payload_candidates(std::span<const std::uint8_t> packet,
                                           const BufferWindow* stream, StreamCandidates* waiting,
                                           std::uint64_t stream_end) {
  std::sort(payload_candidates_.begin(), payload_candidates_.end());
  // try_payload_rule() adds to `waiting`, never to the candidates.
  for (const std::uint32_t rule : payload_candidates_)
    try_payload_rule(rule, packet, stream, waiting, stream_end);
}

bool RuleEvaluator::payload_groups_match(const CompiledRule& rule, const BufferWindow& window) {
  variables_ = {};
  for (const CompiledGroup& group : rule.groups) {
    if (group.buffer == InspectBuffer::Payload) {
      if (!matcher_.matches(group, window, variables_)) return false;
    } else {
      const auto bytes = context_.packet == nullptr ? std::span<const std::uint8_t>{}
                                                    : packet_header(group.buffer, *context_.packet);
      if (bytes.empty() || !matcher_.matches(group, {bytes, true, true, 0}, variables_))
        return false;
    }
  }
  return true;
}

void RuleEvaluator::try_payload_rule(std::uint32_t index, std::span<const std::uint8_t> packet,
                                     const BufferWindow* stream, StreamCandidates* waiting,
                                     std::uint64_t stream_end) {
  const CompiledRule& rule = set_->compiled(index);
  ++counters_.candidates;
  if (!header_matches(index, context_.side) || !conditions_hold(index, nullptr)) return;
  // Without a session there is no stream, and the packet stands for it.
  const bool alone = rule.on_stream && stream == nullptr && context_.alone;
  bool match = (rule.on_packet || alone) && !packet.empty() &&
               payload_groups_match(rule, {packet, true, true, 0});
  if (!match && rule.on_stream && stream != nullptr) {
    match = payload_groups_match(rule, *stream);
    if (!match && waiting != nullptr && rule.groups.front().checks.size() > 1) {
      for (std::uint8_t i = 0; i < waiting->count; ++i)
        if (waiting->rules[i].rule == index) return;
      if (waiting->count < StreamCandidates::kMost)
        waiting->rules[waiting->count++] = {index, static_cast<std::uint32_t>(stream_end + kReach)};
      else
        ++counters_.pending_lost;
      return;
    }
  }
  if (!match) return;
  if (waiting != nullptr)
    for (std::uint8_t i = 0; i < waiting->count; ++i)
      if (waiting->rules[i].rule == index) {
        waiting->rules[i] = waiting->rules[--waiting->count];
        break;
      }
  fulfilled(index, context_.side);
}

void RuleEvaluator::on_buffer(TransactionRules& rules, BufferProvider& provider,
                              InspectBuffer buffer, Side side, std::size_t scan_from) {
  if ((set_->buffers() & buffer_bit(buffer)) == 0) return;
  next_round();
  const bool several = info(buffer).shape == BufferShape::Several;
  for (unsigned i = 0;; ++i) {
    const BufferView view = provider.view(buffer, side, i);
    if (view.state != BufferState::There) break;
    if ((set_->watched() & buffer_bit(buffer)) != 0) look_up(view.window.bytes, side);
    if (view.window.bytes.size() > scan_from)
      set_->buffer_patterns(buffer).scan(view.window.bytes.subspan(scan_from), scratch_,
                                         [this](std::uint32_t rule) { add_candidate(rule); });
    if (i == 0)
      for (const std::uint32_t rule : set_->buffer_unfiltered(buffer)) add_candidate(rule);
    if (!several) break;
  }
  std::sort(candidates_.begin(), candidates_.end());
  for (const std::uint32_t rule : candidates_) try_transaction_rule(rules, provider, rule, side, 0);
  // Those that wait, this buffer perhaps. Each is taken out and put back if it still waits.
  const std::size_t count = rules.pending_count;
  std::array<TransactionRules::Pending, TransactionRules::kPendingMax> waiting;
  std::copy_n(rules.pending.begin(), count, waiting.begin());
  rules.pending_count = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& p = waiting[i];
    if ((set_->compiled(p.rule).buffers & buffer_bit(buffer)) != 0 && stamps_[p.rule] != round_)
      try_transaction_rule(rules, provider, p.rule, p.side, p.matched);
    else
      remember(rules, p);
  }
}

void RuleEvaluator::remember(TransactionRules& rules, TransactionRules::Pending pending) {
  for (std::uint8_t i = 0; i < rules.pending_count; ++i) {
    auto& p = rules.pending[i];
    if (p.rule == pending.rule && p.side == pending.side) {
      p.matched |= pending.matched;
      return;
    }
  }
  if (rules.pending_count < TransactionRules::kPendingMax)
    rules.pending[rules.pending_count++] = pending;
  else
    ++counters_.pending_lost;
}

RuleEvaluator::GroupState RuleEvaluator::try_group(const CompiledGroup& group,
                                                   BufferProvider& provider, Side side) {
  const InspectBufferInfo& row = info(group.buffer);
  if (row.shape == BufferShape::Packet) {
    if (context_.packet == nullptr) return GroupState::Fails;
    const auto bytes = packet_header(group.buffer, *context_.packet);
    return matcher_.matches(group, {bytes, true, true, 0}, variables_) ? GroupState::Match
                                                                       : GroupState::Fails;
  }
  if (row.shape == BufferShape::Payload) {
    if (stream_window_.bytes.empty()) return GroupState::Waits;
    BufferWindow window = stream_window_;
    window.fresh = 0;
    return matcher_.matches(group, window, variables_) ? GroupState::Match : GroupState::Waits;
  }
  if (side == kBothSides && group.side == kNoSide) {
    // In a rule on both sides, a buffer that either may send.
    const GroupState client = try_group(group, provider, kFromClient);
    if (client == GroupState::Match) return client;
    const GroupState server = try_group(group, provider, kFromServer);
    return server == GroupState::Fails ? client : server;
  }
  const Side from = group.side != kNoSide ? group.side : side;
  for (unsigned i = 0;; ++i) {
    const BufferView view = provider.view(group.buffer, from, i);
    if (view.state == BufferState::NotYet) return GroupState::Waits;
    if (view.state == BufferState::Absent) return GroupState::Fails;
    const bool growing = row.shape == BufferShape::Growing && !view.window.to_end;
    if (growing && group.needs_end) return GroupState::Waits;
    if (matcher_.matches(group, view.window, variables_)) return GroupState::Match;
    if (growing) return GroupState::Waits;
    if (row.shape != BufferShape::Several) return GroupState::Fails;
  }
}

void RuleEvaluator::try_transaction_rule(TransactionRules& rules, BufferProvider& provider,
                                         std::uint32_t index, Side side, std::uint32_t matched) {
  const CompiledRule& rule = set_->compiled(index);
  ++counters_.candidates;
  if (!rule.both_sides && (rule.sides & side) == 0) return;
  const std::uint32_t mark = index << 2 | (rule.both_sides ? 0u : unsigned{side});
  for (std::uint8_t i = 0; i < std::min<std::size_t>(rules.hit_count, TransactionRules::kHitsMax);
       ++i)
    if (rules.hit[i] == mark) return;
  if (!header_matches(index, side) || !conditions_hold(index, &provider)) return;
  for (std::uint8_t i = 0; i < rules.pending_count; ++i)
    if (rules.pending[i].rule == index && rules.pending[i].side == side)
      matched |= rules.pending[i].matched;
  if (matched == 0) variables_ = {};
  bool waits = false;
  for (std::size_t g = 0; g < rule.groups.size(); ++g) {
    if ((matched & 1u << g) != 0) continue;
    const GroupState state =
        try_group(rule.groups[g], provider, rule.both_sides ? kBothSides : side);
    if (state == GroupState::Fails) return;
    if (state == GroupState::Match) matched |= 1u << g;
    waits |= state == GroupState::Waits;
  }
  if (waits) {
    remember(rules, {index, matched, side});
    return;
  }
  rules.hit[rules.hit_count % TransactionRules::kHitsMax] = mark;
  if (rules.hit_count < 255) ++rules.hit_count;
  fulfilled(index, side);
}

}  // namespace endreason::inspect
