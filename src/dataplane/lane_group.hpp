// SPDX-License-Identifier: Apache-2.0
// LaneGroup: packets -> the rows of the log, in its order, with one lane or with several on as many
// threads. The rows are the same at any number of lanes:
//
//   - packets are spread by their addresses, so that all of a session meets in one lane;
//   - every lane follows the time of all packets, so a session ages at the same packet;
//   - fragments are put together before packets are spread, in the order of the packets;
//   - rows are sorted by where in the row of packets they arose, and sessions numbered by who began
//     first;
//   - near a limit that all lanes share (sessions, accelerated aging, segments held, applications
//     being identified, bytes held by inspection), and where inspection may block addresses, the
//     packets are taken one by one in their order;
//   - what the firewall sends itself is put in the order of the packets that gave rise to it, and
//     limited then.
//
// One caller; the threads are its own.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/worker_team.hpp"
#include "dataplane/gate_counters.hpp"
#include "dataplane/lane.hpp"
#include "dataplane/policy_gate.hpp"
#include "dataplane/unreachable_limit.hpp"
#include "decode/decoder.hpp"
#include "model/raw_packet.hpp"

namespace endreason {

inline constexpr std::size_t kDecodeStatuses =
    static_cast<std::size_t>(DecodeStatus::FragmentLimit) + 1;

class LaneGroup {
 public:
  // Options and catalogue outlive the group.
  static Result<std::unique_ptr<LaneGroup>> create(const EngineOptions& options,
                                                   const AppCatalogue& catalogue);

  unsigned size() const { return static_cast<unsigned>(lanes_.size()); }
  // Before its first packet: what RawPacket::interface is called.
  void name_interface(std::size_t number, std::string_view name);
  // How many packets decode() takes at a time, at most.
  std::size_t batch_packets() const;

  // Decodes packets. `beside(worker)`: other work, done on each of the group's threads first.
  void decode(std::span<const RawPacket> packets, const std::function<void(unsigned)>& beside);
  // Then tracks them; rows() has the rows that come of it. Packets and rows stay until the next
  // decode(), unless forgotten.
  void track();
  // Lets time run to this moment; rows() has the rows that come of it.
  void advance(std::int64_t now_ns);
  // Lets sessions age, some at a time. True when none is left.
  bool finish_some();
  // What waits to be written, in the order of the log.
  std::span<const EngineRow* const> rows() const { return rows_; }
  void forget_rows();
  // With one lane: called when many rows wait within a call; rows() has them then.
  void set_overflow(std::function<void()> overflow);

  void run(const std::function<void(unsigned)>& work) { team_.run(work); }

  const SessionTable& table() const { return lanes_.front()->table(); }
  // Of the first lane; null without identification.
  const IdentifierCounters* identification() const {
    const Identifier* identifier = lanes_.front()->identifier();
    return identifier != nullptr ? &identifier->counters() : nullptr;
  }
  SessionCounters counters() const;
  StreamDecoderCounters decoders() const;
  GateCounters gate_counters() const;
  // Null: there are no rules.
  const PolicyGate* policy() const { return policy_ ? &*policy_ : nullptr; }
  SessionPolicy policy_at(SessionIndex place) const;
  const FragmentCounters& fragments() const { return decoder_.fragments(); }
  std::span<const std::uint64_t> decode_counts() const { return decode_counts_; }

 private:
  // What one thread does before the packets are spread.
  struct Slice {
    Decoder decoder;
    std::size_t first = 0, count = 0;
    std::vector<std::uint32_t> fragments;             // packets left for the one decoder
    std::vector<std::vector<std::uint32_t>> by_lane;  // packets of each lane, ascending
    std::array<std::uint64_t, kDecodeStatuses> decode_counts{};
  };

  LaneGroup(const EngineOptions& options, const AppCatalogue& catalogue, unsigned lanes);
  Result<void> add_lanes();
  void decode_alone(std::span<const RawPacket> packets);
  void decode_together(std::span<const RawPacket> packets,
                       const std::function<void(unsigned)>& beside);
  void track_together();
  void find_zones(std::size_t packet);
  void decode_slice(Slice& slice, std::span<const RawPacket> packets);
  void put_fragments_together(std::span<const RawPacket> packets);
  void join_times(std::size_t packets);
  LaneUse use() const;
  bool near_a_limit(const LaneUse& use) const;
  bool near_a_limit_of_content(const LaneUse& use) const;
  void track_side_by_side();
  void track_one_by_one();
  void advance_all(std::int64_t now_ns);
  void take_packet(Lane& lane, std::uint32_t packet);
  void number_sessions();
  static void tell_numbers(Lane& lane, std::uint32_t before,
                           std::span<const std::uint32_t> numbers);
  void join_rows();
  void send_replies();
  void send(const Lane& from, const Reply& reply);

  const EngineOptions& options_;
  const AppCatalogue& catalogue_;
  std::optional<PolicyGate> policy_;
  BlockedAddresses blocked_;
  UnreachableLimit unreachable_limit_;
  GateCounters gate_counters_;
  Decoder decoder_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Slice> slices_;
  WorkerTeam team_;
  std::vector<PacketView> room_;
  std::span<const PacketView> views_;  // of the batch
  std::vector<PacketZones> zone_room_;
  std::span<const PacketZones> zones_;  // of the batch; empty: there is one zone
  std::vector<ZoneNumber> interface_zones_;
  std::vector<std::int64_t> latest_ns_;              // of all packets up to each of the batch
  std::vector<std::uint32_t> lane_of_;               // of each packet of the batch
  std::vector<std::vector<std::uint32_t>> numbers_;  // of the sessions born in the batch, by lane
  std::vector<const EngineRow*> rows_;
  std::array<std::uint64_t, kDecodeStatuses> decode_counts_{};
  std::uint64_t packets_ = 0;      // before the batch
  std::int64_t latest_before_ns_;  // of all packets before the batch
  std::uint32_t last_id_ = 0;
  bool started_ = false;
};

}  // namespace endreason
