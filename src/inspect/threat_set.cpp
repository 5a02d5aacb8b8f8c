// SPDX-License-Identifier: Apache-2.0
#include "inspect/threat_set.hpp"

#include <algorithm>

#include "model/protocol.hpp"

namespace endreason::inspect {
namespace {

constexpr std::uint8_t kTcpBit = 1, kUdpBit = 2, kOtherBit = 4;

bool is_packet_shape(InspectBuffer buffer) {
  return info(buffer).shape == BufferShape::Packet;
}

struct ProtocolRow {
  std::uint8_t transports;
  std::vector<std::uint8_t> numbers;  // IP protocols; empty: any
};

ProtocolRow protocol_row(RuleProtocol protocol) {
  switch (protocol) {
    case RuleProtocol::Ip:
    case RuleProtocol::Ipv4:
    case RuleProtocol::Ipv6:
      return {kTcpBit | kUdpBit | kOtherBit, {}};
    case RuleProtocol::Udp:
      return {kUdpBit, {}};
    case RuleProtocol::Dns:
      return {kTcpBit | kUdpBit, {}};
    case RuleProtocol::Icmp:
      return {kOtherBit, {kProtoIcmp, kProtoIcmp6}};
    case RuleProtocol::Icmpv4:
      return {kOtherBit, {kProtoIcmp}};
    case RuleProtocol::Icmpv6:
      return {kOtherBit, {kProtoIcmp6}};
    case RuleProtocol::Sctp:
      return {kOtherBit, {kProtoSctp}};
    default:
      return {kTcpBit, {}};
  }
}

// How good a content is as the first thing to look for: longer is rarer, repeated bytes are not.
int anchor_score(const RuleCheck& check) {
  if (check.kind != CheckKind::Content || check.negated) return 0;
  if (check.fast_pattern) return 1'000'000;
  int different = 0;
  std::array<bool, 256> seen{};
  for (const char c : check.pattern) {
    bool& known = seen[static_cast<std::uint8_t>(c)];
    different += !known;
    known = true;
  }
  return static_cast<int>(std::min<std::size_t>(check.pattern.size(), 32)) + different;
}

// Within how many first bytes of the payload the content must end; 0: it may be far behind.
std::size_t reach_of(const RuleCheck& content) {
  constexpr std::int64_t kBegin = 256;
  if (content.relative || content.offset.variable >= 0 || content.depth.variable >= 0) return 0;
  if (content.starts_with) return content.pattern.size();
  if (!content.depth.given) return 0;
  const std::int64_t reach = std::max<std::int64_t>(content.offset.value, 0) + content.depth.value;
  return reach > 0 && reach <= kBegin ? static_cast<std::size_t>(reach) : 0;
}

const RuleCheck* anchor_content(const CompiledGroup& group, int& score) {
  const RuleCheck* best = nullptr;
  score = 0;
  if (!group.transforms.empty()) return nullptr;
  for (const CompiledCheck& check : group.checks) {
    const int s = anchor_score(check);
    if (s > score) {
      score = s;
      best = &check;
    }
  }
  return best;
}

bool has_dsize(const ThreatRule& rule) {
  return std::any_of(rule.conditions.begin(), rule.conditions.end(),
                     [](const RuleCondition& c) { return c.field == PacketField::PayloadSize; });
}

// Whether contents are counted from the begin of the payload: then packets are looked at as well.
bool counts_from_begin(const CompiledRule& rule) {
  for (const CompiledGroup& group : rule.groups) {
    if (group.buffer != InspectBuffer::Payload) continue;
    for (const CompiledCheck& check : group.checks)
      if (check.kind == CheckKind::Content &&
          (check.offset.given || check.depth.given || check.starts_with))
        return true;
  }
  return false;
}

void set_payload_places(const ThreatRule& rule, CompiledRule& out) {
  const bool tcp = (out.transports & kTcpBit) != 0;
  out.on_packet = rule.protocol == RuleProtocol::TcpPacket || (out.transports & ~kTcpBit) != 0;
  out.on_stream = tcp && rule.protocol != RuleProtocol::TcpPacket;
  if (tcp && rule.protocol != RuleProtocol::TcpStream && counts_from_begin(out))
    out.on_packet = true;
  const bool packet_buffers = std::any_of(out.groups.begin(), out.groups.end(),
                                          [](const auto& g) { return is_packet_shape(g.buffer); });
  if (has_dsize(rule) || packet_buffers || (rule.flow & kFlowNoStream) != 0) {
    out.on_packet = true;
    out.on_stream = false;
  }
  if ((rule.flow & kFlowOnlyStream) != 0 && out.on_stream) out.on_packet = false;
}

// Where a rule on buffers is looked for: where all its buffers are, else in both at once.
void set_sides(const ThreatRule& rule, CompiledRule& out) {
  std::uint8_t wanted = kBothSides;
  if ((rule.flow & kFlowToServer) != 0) wanted = kFromClient;
  if ((rule.flow & kFlowToClient) != 0) wanted = kFromServer;
  out.sides = wanted;
  if (out.kind != RuleKind::Transaction) return;
  std::uint8_t common = wanted;
  bool named = rule.transactional;
  for (const CompiledGroup& group : out.groups) {
    common &= info(group.buffer).sides;
    named |= group.side != kNoSide;
  }
  out.both_sides = named || common == 0;
  out.sides = out.both_sides ? std::uint8_t{kBothSides} : common;
  if (!out.both_sides) return;
  for (CompiledGroup& group : out.groups) {
    if (group.side != kNoSide) continue;
    const Side sides = info(group.buffer).sides;
    if (sides != kBothSides) group.side = sides;
  }
}

void choose_anchor(CompiledRule& out) {
  int best = 0;
  for (std::size_t i = 0; i < out.groups.size(); ++i) {
    const bool app = info(out.groups[i].buffer).layer != AppLayer::Unknown;
    if (is_packet_shape(out.groups[i].buffer) || app != (out.kind == RuleKind::Transaction))
      continue;
    int score = 0;
    anchor_content(out.groups[i], score);
    // A whole buffer is there sooner than a body, and costs less to look through.
    if (score > 0 && score < 1'000'000 && info(out.groups[i].buffer).shape == BufferShape::Growing)
      score = 1;
    if (best == 0 && score == 0) out.anchor = static_cast<std::uint8_t>(i);
    if (score > best) {
      best = score;
      out.anchor = static_cast<std::uint8_t>(i);
    }
  }
}

// Rules are tried in the order of their numbers: what passes before what blocks before what
// reports, what sets a flowbit before what asks for it.
void put_in_order(std::vector<ThreatRule>& rules) {
  const auto rank = [](const ThreatRule& rule) {
    const int action = rule.action == RuleAction::Pass    ? 0
                       : rule.action == RuleAction::Drop  ? 1
                       : rule.action == RuleAction::Alert ? 3
                                                          : 2;
    bool sets = false, asks = false, unsets = false;
    for (const RuleFlowbit& bit : rule.flowbits) {
      sets |= bit.operation == FlowbitOperation::Set || bit.operation == FlowbitOperation::Toggle;
      unsets |= bit.operation == FlowbitOperation::Unset;
      asks |= bit.operation >= FlowbitOperation::IsSet;
    }
    return std::pair(action, sets ? (asks ? 1 : 0) : asks ? 2 : unsets ? 3 : 4);
  };
  std::stable_sort(rules.begin(), rules.end(),
                   [&](const ThreatRule& a, const ThreatRule& b) { return rank(a) < rank(b); });
}

}  // namespace

std::uint16_t ThreatSet::flowbit(const std::string& name) {
  const auto at = std::find(flowbit_names_.begin(), flowbit_names_.end(), name);
  const auto index = static_cast<std::uint16_t>(at - flowbit_names_.begin());
  if (at == flowbit_names_.end()) flowbit_names_.push_back(name);
  return index;
}

tl::expected<CompiledRule, RuleProblem> ThreatSet::compile_rule(const ThreatRule& rule) {
  CompiledRule out;
  const ProtocolRow row = protocol_row(rule.protocol);
  out.transports = row.transports;
  out.protocols = row.numbers;
  out.layer = info(rule.protocol).layer;
  for (const RuleGroup& group : rule.groups) {
    auto compiled = compile_group(group);
    if (!compiled) return tl::unexpected(compiled.error());
    out.buffers |= buffer_bit(group.buffer);
    const AppLayer layer = info(group.buffer).layer;
    if (layer != AppLayer::Unknown) {
      out.layer = layer;
      out.kind = RuleKind::Transaction;
    } else if (group.buffer == InspectBuffer::Payload && out.kind != RuleKind::Transaction) {
      out.kind = RuleKind::Payload;
    }
    out.groups.push_back(std::move(*compiled));
  }
  if (out.kind == RuleKind::Packet)
    for (const RuleCondition& c : rule.conditions)
      if (c.field >= PacketField::DnsOpcode && c.field <= PacketField::TlsVersion)
        out.kind = RuleKind::Transaction;
  for (const RuleCondition& c : rule.conditions) {
    if (c.field == PacketField::TlsVersion) out.layer = AppLayer::Tls;
    if (c.field == PacketField::DnsOpcode || c.field == PacketField::DnsRcode ||
        c.field == PacketField::DnsRrtype)
      out.layer = AppLayer::Dns;
  }
  for (const RuleFlowbit& bit : rule.flowbits) {
    CompiledFlowbit compiled;
    compiled.operation = bit.operation;
    for (const std::string& name : bit.names) compiled.bits.push_back(flowbit(name));
    out.flowbits.push_back(std::move(compiled));
  }
  if (out.kind == RuleKind::Payload) set_payload_places(rule, out);
  set_sides(rule, out);
  choose_anchor(out);
  out.once_a_side = out.kind == RuleKind::Packet && out.layer == AppLayer::Unknown &&
                    rule.flow == 0 && rule.conditions.empty() && rule.groups.empty() &&
                    rule.flowbits.empty() && rule.source_ports.any() &&
                    rule.destination_ports.any();
  return out;
}

// Puts the rule where its anchor will be met.
void ThreatSet::file_rule(std::uint32_t index) {
  const CompiledRule& rule = compiled_[index];
  buffers_ |= rule.buffers & ~buffer_bit(InspectBuffer::Payload);
  for (const CompiledGroup& group : rule.groups)
    if (is_packet_shape(group.buffer)) buffers_ &= ~buffer_bit(group.buffer);
  if (rule.layer != AppLayer::Unknown) layers_ |= 1u << static_cast<unsigned>(rule.layer);
  for (const RuleCondition& c : rules_[index].conditions)
    if (c.field == PacketField::AppLayer) layers_ |= 1u << static_cast<unsigned>(c.layer);
  mixes_payload_ |= rule.kind == RuleKind::Transaction &&
                    (rule.buffers & buffer_bit(InspectBuffer::Payload)) != 0;
  if (rule.kind == RuleKind::Packet) {
    for (std::size_t t = 0; t < kTransports; ++t)
      if ((rule.transports & 1u << t) != 0) packet_rules_[t].push_back(index);
    return;
  }
  int score = 0;
  const RuleCheck* content =
      rule.groups.empty() ? nullptr : anchor_content(rule.groups[rule.anchor], score);
  if (rule.kind == RuleKind::Transaction) {
    // Rules on numbers alone are tried when the first buffer of their protocol is there.
    InspectBuffer buffer =
        rule.layer == AppLayer::Tls ? InspectBuffer::TlsRandom : InspectBuffer::DnsQueryNames;
    if (!rule.groups.empty()) buffer = rule.groups[rule.anchor].buffer;
    buffers_ |= buffer_bit(buffer);
    note_header(index, rule.buffers | buffer_bit(buffer));
    const auto at = static_cast<std::size_t>(buffer);
    if (content != nullptr)
      buffer_entries_[at].push_back({content->pattern, content->nocase, 0, index});
    else
      buffer_unfiltered_[at].push_back(index);
    return;
  }
  for (std::size_t t = 0; t < kTransports; ++t)
    for (const Side side : {kFromClient, kFromServer}) {
      if ((rule.transports & 1u << t) == 0 || (rule.sides & side) == 0) continue;
      const std::size_t reach = content == nullptr || t == static_cast<std::size_t>(Transport::Tcp)
                                    ? 0
                                    : reach_of(*content);
      auto& entries = reach != 0 ? begin_entries_ : payload_entries_;
      if (content != nullptr)
        entries[t][index_of(side)].push_back({content->pattern, content->nocase, reach, index});
      else
        payload_unfiltered_[t][index_of(side)].push_back(index);
    }
}

// Remembers which buffers are looked into between which ends.
void ThreatSet::note_header(std::uint32_t index, std::uint64_t buffers) {
  const auto same = [&](const Header& header) {
    const ThreatRule &a = rules_[header.rule], &b = rules_[index];
    const CompiledRule &c = compiled_[header.rule], &d = compiled_[index];
    return a.source == b.source && a.destination == b.destination &&
           a.source_ports == b.source_ports && a.destination_ports == b.destination_ports &&
           a.either_way == b.either_way && c.both_sides == d.both_sides && c.sides == d.sides;
  };
  const auto at = std::find_if(headers_.begin(), headers_.end(), same);
  if (at != headers_.end())
    at->buffers |= buffers;
  else if (headers_.size() < kHeadersMax)
    headers_.push_back({index, buffers});
  else
    buffers_of_any_ends_ |= buffers;
}

std::uint64_t ThreatSet::buffers_between(const SessionEnds& ends) const {
  std::uint64_t out = buffers_of_any_ends_ | watched_;
  for (const Header& header : headers_) {
    if ((header.buffers & ~out) == 0) continue;
    const ThreatRule& rule = rules_[header.rule];
    const CompiledRule& compiled = compiled_[header.rule];
    const bool forward =
        compiled.both_sides || rule.either_way || (compiled.sides & kFromClient) != 0;
    const bool backward =
        rule.either_way || (!compiled.both_sides && (compiled.sides & kFromServer) != 0);
    if ((forward && ends_fit(rule, ends, true)) || (backward && ends_fit(rule, ends, false)))
      out |= header.buffers;
  }
  return out & buffers_;
}

Result<void> ThreatSet::compile_patterns() {
  for (std::size_t t = 0; t < kTransports; ++t)
    for (std::size_t side = 0; side < kSides; ++side) {
      auto done = payload_patterns_[t][side].compile(std::move(payload_entries_[t][side]));
      if (done) done = payload_begin_patterns_[t][side].compile(std::move(begin_entries_[t][side]));
      if (!done) return done;
    }
  for (std::size_t b = 0; b < kInspectBufferCount; ++b)
    if (auto done = buffer_patterns_[b].compile(std::move(buffer_entries_[b])); !done) return done;
  return {};
}

Result<std::shared_ptr<const ThreatSet>> ThreatSet::compile(
    RuleLoad& load, std::shared_ptr<const BlockLists> lists) {
  std::shared_ptr<ThreatSet> set(new ThreatSet);
  set->lists_ = std::move(lists);
  put_in_order(load.rules);
  for (ThreatRule& rule : load.rules) {
    auto compiled = set->compile_rule(rule);
    if (!compiled) {
      ++load.skipped;
      ++load.causes[std::string(log_name(compiled.error().kind))];
      if (load.problems.size() < kRuleProblemsKept)
        load.problems.push_back(rule.file + ":" + std::to_string(rule.line) + ":1: \"" +
                                compiled.error().word + "\": " + compiled.error().what);
      continue;
    }
    set->rules_.push_back(std::move(rule));
    set->compiled_.push_back(std::move(*compiled));
  }
  load.rules.clear();
  for (std::uint32_t i = 0; i < set->rules_.size(); ++i) set->file_rule(i);
  set->watch_names();
  if (auto done = set->compile_patterns(); !done) return tl::unexpected(done.error());
  return set;
}

void ThreatSet::watch_names() {
  if (!lists_ || !lists_->has_domains()) return;
  for (const InspectBuffer buffer :
       {InspectBuffer::HttpHost, InspectBuffer::TlsSni, InspectBuffer::DnsQueryNames}) {
    watched_ |= buffer_bit(buffer);
    layers_ |= 1u << static_cast<unsigned>(info(buffer).layer);
  }
  buffers_ |= watched_;
}

bool ThreatSet::counts_across_sessions() const {
  return std::any_of(rules_.begin(), rules_.end(), [](const ThreatRule& rule) {
    return rule.threshold.kind != ThresholdKind::None &&
           rule.threshold.track != ThresholdTrack::ByFlow;
  });
}

Result<void> ThreatSet::prepare(PatternScratch& scratch) const {
  for (const auto* sets : {&payload_patterns_, &payload_begin_patterns_})
    for (const auto& sides : *sets)
      for (const PatternSet& patterns : sides)
        if (auto done = patterns.prepare(scratch); !done) return done;
  for (const PatternSet& patterns : buffer_patterns_)
    if (auto done = patterns.prepare(scratch); !done) return done;
  return {};
}

}  // namespace endreason::inspect
