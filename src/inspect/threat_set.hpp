// SPDX-License-Identifier: Apache-2.0
// ThreatSet: rules, compiled. Each rule has an anchor, the part that is looked for first: with a
// content among many in one pass of Vectorscan where it has one. Constant and shared by threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "inspect/block_list.hpp"
#include "inspect/pattern_set.hpp"
#include "inspect/rule_file.hpp"
#include "inspect/rule_matcher.hpp"
#include "inspect/session_ends.hpp"
#include "inspect/threat_rule.hpp"

namespace endreason::inspect {

enum class Transport : std::uint8_t { Tcp, Udp, Other };
inline constexpr std::size_t kTransports = 3;
inline constexpr std::size_t kSides = 2;

constexpr std::size_t index_of(Side side) {
  return side == kFromServer ? 1 : 0;
}

enum class RuleKind : std::uint8_t {
  Packet,       // header and packet keywords only
  Payload,      // bytes of packets or streams
  Transaction,  // buffers of a protocol
};

struct CompiledFlowbit {
  FlowbitOperation operation{};
  std::vector<std::uint16_t> bits;
};

struct CompiledRule {
  RuleKind kind{};
  AppLayer layer{};           // it needs; Unknown: any
  std::uint8_t sides{};       // Side: where it is looked for
  bool both_sides{};          // transactional: buffers of both sides in one evaluation
  bool on_packet{};           // Payload: the bytes of one packet
  bool on_stream{};           // Payload: the bytes of the stream
  bool once_a_side{};         // Packet: only the first packet of each side
  std::uint8_t transports{};  // bits by Transport
  std::uint8_t anchor{};      // group
  std::uint64_t buffers{};    // of its groups, as bits
  std::vector<CompiledGroup> groups;
  std::vector<CompiledFlowbit> flowbits;
  std::vector<std::uint8_t> protocols;  // IP protocols; empty: any
};

class ThreatSet {
 public:
  // Takes the rules. Those whose expressions cannot be compiled join the problems in `load`. With
  // lists of domains, names that sessions ask for are looked up there.
  static Result<std::shared_ptr<const ThreatSet>> compile(
      RuleLoad& load, std::shared_ptr<const BlockLists> lists = nullptr);

  std::size_t size() const { return rules_.size(); }
  const ThreatRule& rule(std::uint32_t index) const { return rules_[index]; }
  const CompiledRule& compiled(std::uint32_t index) const { return compiled_[index]; }
  std::size_t flowbit_count() const { return flowbit_names_.size(); }

  // Whether what the rule does holds for the session, not for one packet only.
  bool takes_session(std::uint32_t index) const {
    return compiled_[index].kind != RuleKind::Packet || compiled_[index].once_a_side ||
           compiled_[index].layer != AppLayer::Unknown;
  }

  // Rules to try at each packet, by transport.
  std::span<const std::uint32_t> packet_rules(Transport t) const {
    return packet_rules_[static_cast<std::size_t>(t)];
  }
  const PatternSet& payload_patterns(Transport t, Side side) const {
    return payload_patterns_[static_cast<std::size_t>(t)][index_of(side)];
  }
  // Of datagrams: what can only be among their first bytes.
  const PatternSet& payload_begin_patterns(Transport t, Side side) const {
    return payload_begin_patterns_[static_cast<std::size_t>(t)][index_of(side)];
  }
  std::span<const std::uint32_t> payload_unfiltered(Transport t, Side side) const {
    return payload_unfiltered_[static_cast<std::size_t>(t)][index_of(side)];
  }
  const PatternSet& buffer_patterns(InspectBuffer buffer) const {
    return buffer_patterns_[static_cast<std::size_t>(buffer)];
  }
  std::span<const std::uint32_t> buffer_unfiltered(InspectBuffer buffer) const {
    return buffer_unfiltered_[static_cast<std::size_t>(buffer)];
  }
  // Buffers that any rule looks into, as bits.
  std::uint64_t buffers() const { return buffers_; }
  // Those of them that rules look into whose header fits a session between these ends, and perhaps
  // more: the others need not be made ready.
  std::uint64_t buffers_between(const SessionEnds& ends) const;
  // Protocols that any rule asks for, as bits: the others need not be parsed.
  std::uint32_t layers() const { return layers_; }
  // Whether any rule needs the bytes of sessions of this transport and side.
  bool looks_into(Transport t, Side side) const {
    return buffers_ != 0 || !payload_patterns(t, side).empty() ||
           !payload_begin_patterns(t, side).empty() || !payload_unfiltered(t, side).empty();
  }
  // Whether a rule looks into the stream besides buffers of a protocol.
  bool mixes_payload() const { return mixes_payload_; }
  // Whether rules need to know the protocol of a session.
  bool needs_layer() const { return layers_ != 0; }
  // Whether a rule counts what it finds over several sessions, whose order then matters.
  bool counts_across_sessions() const;
  // Null: none. Buffers, as bits, whose bytes are names to be looked up there.
  const BlockLists* lists() const { return lists_.get(); }
  std::uint64_t watched() const { return watched_; }
  Result<void> prepare(PatternScratch& scratch) const;

 private:
  ThreatSet() = default;
  tl::expected<CompiledRule, RuleProblem> compile_rule(const ThreatRule& rule);
  void file_rule(std::uint32_t index);
  void note_header(std::uint32_t index, std::uint64_t buffers);
  void watch_names();
  Result<void> compile_patterns();
  std::uint16_t flowbit(const std::string& name);

  using Lists = std::array<std::vector<std::uint32_t>, kSides>;
  std::vector<ThreatRule> rules_;
  std::vector<CompiledRule> compiled_;
  std::vector<std::string> flowbit_names_;
  std::array<std::vector<std::uint32_t>, kTransports> packet_rules_;
  std::array<std::array<PatternSet, kSides>, kTransports> payload_patterns_;
  std::array<std::array<PatternSet, kSides>, kTransports> payload_begin_patterns_;
  std::array<Lists, kTransports> payload_unfiltered_;
  std::array<PatternSet, kInspectBufferCount> buffer_patterns_;
  std::array<std::vector<std::uint32_t>, kInspectBufferCount> buffer_unfiltered_;
  // Rules on buffers whose headers are the same, by one of them.
  struct Header {
    std::uint32_t rule{};
    std::uint64_t buffers{};
  };
  static constexpr std::size_t kHeadersMax = 64;  // asked for each session
  std::vector<Header> headers_;
  std::uint64_t buffers_of_any_ends_ = 0;
  std::uint64_t buffers_ = 0;
  std::uint32_t layers_ = 0;
  bool mixes_payload_ = false;
  std::shared_ptr<const BlockLists> lists_;
  std::uint64_t watched_ = 0;

  // Only while it is compiled.
  std::array<std::array<std::vector<PatternSet::Entry>, kSides>, kTransports> payload_entries_;
  std::array<std::array<std::vector<PatternSet::Entry>, kSides>, kTransports> begin_entries_;
  std::array<std::vector<PatternSet::Entry>, kInspectBufferCount> buffer_entries_;
};

}  // namespace endreason::inspect
