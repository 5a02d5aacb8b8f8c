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
// With several threads, follow() takes a whole capture through steps that LaneFlow hands out, and
// the threads never meet in between. Where rules or inspection decide, or packets come by calls of
// run(), a batch goes through steps too, and a run of the threads does one step each of several
// batches: rows of the first are written, those of the second are put in one order, those of the
// third get the numbers of their sessions, the fourth is tracked, the fifth is spread over the
// lanes, and what is to come is read. Each thread takes the next piece of work until there is none;
// a lane is mostly tracked by the same thread. Between the runs stands only what needs the order of
// all packets. Where rules or inspection decide, each run's rows are put in order at its end.
//
// One caller; the threads are its own.
#pragma once

#include <array>
#include <atomic>
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
#include "dataplane/lane_flow.hpp"
#include "dataplane/packet_spread.hpp"
#include "dataplane/policy_gate.hpp"
#include "dataplane/share_decoder.hpp"
#include "dataplane/unreachable_limit.hpp"
#include "model/raw_packet.hpp"

namespace endreason {

class LaneGroup {
 public:
  // Options and catalogue outlive the group.
  static Result<std::unique_ptr<LaneGroup>> create(const EngineOptions& options,
                                                   const AppCatalogue& catalogue);

  unsigned size() const { return static_cast<unsigned>(lanes_.size()); }
  // Before its first packet: what RawPacket::interface is called.
  void name_interface(std::size_t number, std::string_view name);
  // How many packets track_alone() and run() take at a time, at most.
  static std::size_t batch_packets(unsigned lanes);
  // The same of follow(); `inspects` stands for EngineOptions::inspection.
  static EngineReading reading(const EngineOptions& options, bool inspects);

  // Work that goes on beside the tracking. Each is done once a run, by any thread.
  struct Beside {
    std::function<void(unsigned)> write;  // the rows of rows(), in as many pieces as lanes
    std::function<void()> meanwhile;      // may be empty
  };
  // With several lanes: spreads these packets (there may be none), and tracks those of the run
  // before. What rows() had has to be forgotten then; settle() follows, and rows() has the next
  // that can be written. Packets must stay until they are tracked.
  void run(std::span<const RawPacket> packets, const Beside& beside);
  void settle();
  // True when another run is needed until all rows have come.
  bool waits() const { return !hand_->empty() || numbers_found_ || !to_join_.empty(); }

  // A capture as follow() wants it, and what becomes of it. The functions are called by any thread;
  // of read, open and part one call at a time.
  struct Course {
    bool has_turns;  // as EngineInput has them
    std::function<void(unsigned reader, std::uint64_t turn)> fetch;
    // As reading() says; none: the end.
    std::function<std::span<const RawPacket>(unsigned reader)> read;
    std::function<bool()> turn_is_over;
    std::function<bool()> brings_names;     // what was just read, of interfaces
    std::function<void()> name_interfaces;  // nobody reads or writes meanwhile
    // These rows, with so many before them, to a sink. Those of different sinks side by side.
    std::function<void(unsigned sink, std::span<const EngineRow* const> rows, std::uint64_t before)>
        write;
    std::function<void(unsigned sink)> part;  // what the sink was given is next in the log
  };
  static constexpr unsigned kBatches = 6;
  // With several lanes, and where neither rules nor inspection decide: all of a capture. Nothing
  // waits before, nor after. Returns how many rows there were.
  bool can_follow() const { return size() > 1 && !policy_ && options_.inspection == nullptr; }
  std::uint64_t follow(const Course& course);

  // With one lane: decodes and tracks; rows() has the rows that come of it.
  void track_alone(std::span<const RawPacket> packets);
  // Lets time run to this moment; rows() has the rows that come of it. Nothing waits.
  void advance(std::int64_t now_ns);
  // The same, and then all that is open ends: an operator's `clear session all`.
  void clear(std::int64_t now_ns);
  // The latest time that a packet or advance() came to.
  std::int64_t now_ns() const;
  // Lets sessions age, some at a time, while rows() are written. Then they have to be forgotten and
  // turn_rows() follows: rows() has those that are next, which may be none before the last. True
  // when no session is left; then as long as waits() it goes on, for rows that wait.
  bool finish_some(const Beside& beside);
  void turn_rows();
  void join_rows();
  // What waits to be written, in the order of the log.
  std::span<const EngineRow* const> rows() const { return rows_; }
  void forget_rows();
  // With one lane: called when many rows wait within a call; rows() has them then.
  void set_overflow(std::function<void()> overflow);

  const SessionTable& table() const { return lanes_.front()->table(); }
  const InterfaceNames& interface_names() const { return interface_names_; }
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
  // With one lane: of the session at this place.
  SessionNames names_of(SessionIndex place) const { return lanes_.front()->names_of(place); }
  const FragmentCounters& fragments() const { return spread_.fragments(); }

 private:
  class Follower;

  // Enough work, some hundred microseconds, to be worth the steps of the threads.
  static constexpr std::size_t kTogetherBatch = 4096;
  // What is read at a time where it need not stay: it is spread while it is near.
  static constexpr std::size_t kApartRead = 1024;

  LaneGroup(const EngineOptions& options, const AppCatalogue& catalogue, unsigned lanes);
  Result<void> add_lanes();
  LaneUse use() const;
  bool near_a_limit(const LaneUse& use, const PacketBatch& batch, std::uint64_t batches) const;
  bool near_a_limit_of_content(const LaneUse& use, const PacketBatch& batch) const;
  void begin_batch();
  void begin_lane(std::size_t lane);
  void close_lane(std::size_t lane, std::uint64_t batch);
  void end_lane(std::size_t lane, std::uint64_t batch);
  void join_at_once();
  void do_pieces(std::size_t own, std::size_t pieces,
                 const std::function<void(std::size_t)>& piece);
  void track_lane(std::size_t lane);
  void track_share(std::size_t lane, const PacketBatch& batch);
  void track_one_by_one(const PacketBatch& batch);
  void advance_all(std::int64_t now_ns);
  void fetch(const PacketShare& run, std::size_t first);
  void take_packet(std::size_t lane, const PacketShare& packet);
  void finish_until(Ended last);
  void find_numbers(std::uint64_t batch);
  void tell_numbers(std::size_t lane, std::uint64_t batch);
  std::uint32_t number_of(std::size_t lane, std::uint64_t batch, std::uint32_t id) const;
  void join(std::span<const std::span<const RowPlace>> places, std::vector<const EngineRow*>& rows);
  void send_replies();
  void send(const Lane& from, const Reply& reply);

  const EngineOptions& options_;
  const AppCatalogue& catalogue_;
  bool reads_apart_;  // packets of follow() need not stay
  std::optional<PolicyGate> policy_;
  InterfaceNames interface_names_;
  BlockedAddresses blocked_;
  UnreachableLimit unreachable_limit_;
  GateCounters gate_counters_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  WorkerTeam team_;
  PacketSpread spread_;
  std::vector<ShareDecoder> decoders_;  // of several lanes
  // Of packets taken one by one: their lanes, how many of a lane's are taken, and hashes of some
  // that come.
  std::vector<std::uint8_t> lane_of_;
  std::vector<std::size_t> taken_;
  std::vector<std::uint64_t> hashes_;
  std::vector<PacketBatch> batches_;
  PacketBatch* coming_;  // of run(), being spread
  PacketBatch* hand_;    // being tracked
  std::atomic<std::size_t> next_piece_{0};
  std::unique_ptr<std::atomic<bool>[]> begun_;  // pieces of the lanes
  bool one_by_one_ = false;                     // the batch in hand may meet a limit
  // Who was born in a lane in a batch, and the numbers they got.
  struct Named {
    Born born;
    std::vector<std::uint32_t> numbers;
  };
  using NamedBatches = std::array<Named, LaneFlow::kNamed>;  // in turn
  std::vector<NamedBatches> named_;                          // by lane
  std::uint64_t tracked_ = 0;                                // batches, of run()
  bool numbers_found_ = false;  // of the last of them, and not told to the lanes yet
  std::vector<std::span<const RowPlace>> to_join_;  // a lane's each, or none
  std::vector<const EngineRow*> rows_, joined_;     // to be written now, and next
  std::vector<RowPlace> places_, merged_;
  std::uint32_t last_id_ = 0;
};

}  // namespace endreason
