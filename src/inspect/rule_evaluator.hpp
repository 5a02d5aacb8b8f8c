// SPDX-License-Identifier: Apache-2.0
// RuleEvaluator: from "this content occurs" to "this rule is fulfilled". It is told what a packet,
// a stream or a transaction shows, looks for anchors, tries the rules they belong to, and remembers
// those that wait for a buffer that is not there yet. One a thread; allocates nothing after the
// first packets.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inspect/threat_set.hpp"
#include "inspect/threshold_table.hpp"
#include "model/packet_view.hpp"

namespace endreason::inspect {

struct ThreatHit {
  std::uint32_t rule{};  // index into the ThreatSet
  Side side{};           // whose bytes fulfilled it
  std::uint32_t transaction{};
};

// A name that a session asks for and that stands in a block list.
struct ListedName {
  BlockListHit hit;
  Side side{};
  std::string name;
};

enum class BufferState : std::uint8_t { NotYet, Absent, There };
struct BufferView {
  BufferState state{BufferState::Absent};
  BufferWindow window;  // of a growing one: what there is of it now
};

// What a transaction shows of itself. Views live until the transaction goes on.
class BufferProvider {
 public:
  virtual ~BufferProvider() = default;
  // index: which of several; Absent behind the last.
  virtual BufferView view(InspectBuffer buffer, Side side, unsigned index) = 0;
  // Values of DnsOpcode and the like.
  virtual std::optional<std::int64_t> number(PacketField field) {
    static_cast<void>(field);
    return std::nullopt;
  }
};

// Rules under way in one transaction.
struct TransactionRules {
  static constexpr std::size_t kPendingMax = 12;
  static constexpr std::size_t kHitsMax = 8;
  struct Pending {
    std::uint32_t rule;
    std::uint32_t matched;  // groups, as bits
    Side side;
  };
  std::array<Pending, kPendingMax> pending;
  std::array<std::uint32_t, kHitsMax> hit;  // rule << 2 | side
  std::uint8_t pending_count{};
  std::uint8_t hit_count{};
};

// Flowbits that are set in one session.
struct Flowbits {
  static constexpr std::size_t kMost = 14;
  std::array<std::uint16_t, kMost> bits;
  std::uint8_t count{};
  std::uint8_t flow_hits{};  // of rules with a threshold by_flow
};

// Rules whose contents may lie on both sides of a packet's edge.
struct StreamCandidates {
  static constexpr std::size_t kMost = 6;
  struct Candidate {
    std::uint32_t rule;
    std::uint32_t until;  // stream position, cut to 32 bits
  };
  std::uint8_t count{};
  std::array<Candidate, kMost> rules;
};

struct EvaluatorCounters {
  std::uint64_t candidates{};     // rules tried
  std::uint64_t hits{};           // fulfilled, silent ones too
  std::uint64_t hits_lost{};      // more at one packet than there is room for
  std::uint64_t pending_lost{};   // waiting rules for which a transaction had no room
  std::uint64_t flowbits_lost{};  // more bits than a session has room for
};

class RuleEvaluator {
 public:
  static constexpr std::size_t kHitsMax = 64;  // at one packet

  explicit RuleEvaluator(std::shared_ptr<const ThreatSet> set);
  Result<void> prepare() { return set_->prepare(scratch_); }

  // What stays the same for all calls of one packet. `packet` is null at a session's end.
  struct Context {
    const PacketView* packet{};
    const SessionEnds* ends{};
    Side side{kFromClient};
    bool established{};
    bool first_of_side{};
    AppLayer layer{};
    Transport transport{};
    std::int64_t now_ns{};
    Flowbits* flowbits{};
    bool alone{};  // the packet belongs to no session
  };
  void begin(const Context& context);
  void set_layer(AppLayer layer) { context_.layer = layer; }
  void set_side(Side side) { context_.side = side; }

  void try_packet_rules();
  // A packet's payload apart from the stream.
  void try_packet_payload(std::span<const std::uint8_t> packet);
  // Which rules to try for new bytes of the stream: true when there are any. `across`: old ones and
  // the first new ones, for anchors that lie across; `packet`: as it came, if it is the packet that
  // brings them.
  bool find_payload_candidates(std::span<const std::uint8_t> across,
                               std::span<const std::uint8_t> fresh,
                               std::span<const std::uint8_t> packet, StreamCandidates& waiting,
                               std::uint64_t stream_end);
  // Tries them, on the packet and on the window of the stream.
  void try_payload_candidates(std::span<const std::uint8_t> packet, const BufferWindow* stream,
                              StreamCandidates* waiting, std::uint64_t stream_end);

  // A buffer is there, or has grown (then anchors are looked for from `scan_from`).
  void on_buffer(TransactionRules& rules, BufferProvider& provider, InspectBuffer buffer, Side side,
                 std::size_t scan_from = 0);
  // The window of the stream that rules see which look into the payload besides buffers.
  void set_stream_window(const BufferWindow& window) { stream_window_ = window; }
  void set_transaction(std::uint32_t number) { transaction_ = number; }

  // Ends the packet: pass rules take effect. True: the rest of the session passes.
  bool finish();
  // The caller takes for the server whom we took for the client.
  void swap_sides();
  std::span<const ThreatHit> hits() const { return {hits_.data(), hit_count_}; }
  // The first name of the packet that a block list has; null: none.
  const ListedName* listed() const { return listed_ ? &listed_name_ : nullptr; }

  const ThreatSet& set() const { return *set_; }
  const EvaluatorCounters& counters() const { return counters_; }
  const RuleMatcher& matcher() const { return matcher_; }
  std::uint64_t thresholds_displaced() const { return thresholds_.displaced(); }

 private:
  bool header_matches(std::uint32_t rule, Side side) const;
  bool conditions_hold(std::uint32_t rule, BufferProvider* provider);
  bool condition_holds(const RuleCondition& condition, BufferProvider* provider) const;
  bool flowbits_hold(const CompiledRule& rule) const;
  bool bit_is_set(std::uint16_t bit) const;
  void apply_flowbits(const CompiledRule& rule);
  void try_payload_rule(std::uint32_t rule, std::span<const std::uint8_t> packet,
                        const BufferWindow* stream, StreamCandidates* waiting,
                        std::uint64_t stream_end);
  bool payload_groups_match(const CompiledRule& rule, const BufferWindow& window);
  void try_transaction_rule(TransactionRules& rules, BufferProvider& provider, std::uint32_t rule,
                            Side side, std::uint32_t matched);
  enum class GroupState : std::uint8_t { Match, Waits, Fails };
  GroupState try_group(const CompiledGroup& group, BufferProvider& provider, Side side);
  void remember(TransactionRules& rules, TransactionRules::Pending pending);
  void fulfilled(std::uint32_t rule, Side side);
  void add_candidate(std::uint32_t rule);
  void add_payload_candidate(std::uint32_t rule);
  void next_round();
  void look_up(std::span<const std::uint8_t> name, Side side);

  std::shared_ptr<const ThreatSet> set_;
  PatternScratch scratch_;
  RuleMatcher matcher_;
  ThresholdTable thresholds_;
  Context context_;
  BufferWindow stream_window_;
  std::uint32_t transaction_ = 0;
  RuleVariableValues variables_{};
  std::vector<std::uint32_t> candidates_, payload_candidates_;
  std::vector<std::uint32_t> stamps_;  // rule -> the round in which it became a candidate
  std::uint32_t round_ = 0;
  std::array<ThreatHit, kHitsMax> hits_{};
  std::size_t hit_count_ = 0;
  ListedName listed_name_;
  bool listed_ = false;
  EvaluatorCounters counters_;
};

}  // namespace endreason::inspect
