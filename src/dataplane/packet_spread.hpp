// SPDX-License-Identifier: Apache-2.0
// PacketSpread: packets spread over lanes by their addresses, batch after batch, in the order of
// the packets: fragments are put together here, and the latest time so far is noted with each
// packet. What a lane has to know of a packet fits in a cache line, mostly; it is written in one
// row for each lane, so that the lane's thread reads nothing else of what this one has read.
//
// One call at a time. What it made of a batch stays with the batch, for any thread to read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/untouched_array.hpp"
#include "dataplane/engine_options.hpp"
#include "decode/decoder.hpp"
#include "model/packet_view.hpp"
#include "model/raw_packet.hpp"
#include "model/zone_table.hpp"

namespace endreason {

// A packet of a lane. PlainPacket::number: of the packet in its batch.
struct alignas(64) SpreadPacket {
  static constexpr std::uint8_t kElsewhere = 0;  // as protocol, which no plain packet has

  bool is_plain() const { return plain.protocol() != kElsewhere; }
  // Of one that is not plain: its place among the views of the batch.
  std::uint16_t place() const { return plain.ip_length; }
  void set_elsewhere(std::size_t place) {
    plain = {};
    static_assert(kElsewhere == 0);
    plain.ip_length = static_cast<std::uint16_t>(place);
  }

  PlainPacket plain;
  std::int64_t latest_ns;  // of all packets up to this one
};
static_assert(sizeof(SpreadPacket) == 64, "one cache line goes from thread to thread");

// Which of a lane's packets it is, and its place again, so that the view can be fetched early.
struct NotPlain {
  std::uint16_t which, place;
};

struct PacketBatch {
  bool empty() const { return packets == 0; }
  // Of a single lane.
  std::span<const PacketView> views() const { return {room.data(), packets}; }
  std::span<const PacketZones> zones() const {
    return {zone_room.data(), zone_room.empty() ? 0 : packets};
  }
  // The packets of a lane, in their order.
  std::span<const SpreadPacket> of_lane(std::size_t lane) const {
    return {by_lane[lane].data(), counts[lane]};
  }
  // Those of them that are not plain, in the same order.
  std::span<const NotPlain> not_plain(std::size_t lane) const { return elsewhere[lane]; }
  // The lane of each packet. Takes a look at all of them.
  void find_lanes(std::vector<std::uint8_t>& lane_of) const;
  // For each packet, the latest time of all packets up to it.
  std::span<const std::int64_t> latest() const { return {latest_ns.data(), packets}; }
  void clear();

  std::size_t packets = 0;
  std::uint64_t first = 0;             // number of the first of them among all
  std::uint64_t bytes = 0;             // of them, as captured
  std::vector<PacketView> room;        // of several lanes, what is not plain
  std::vector<PacketZones> zone_room;  // empty: there is one zone
  std::vector<std::int64_t> latest_ns;
  std::vector<UntouchedArray<SpreadPacket>> by_lane;    // each with room for all packets
  std::vector<std::size_t> counts;                      // how much of that is used
  std::vector<std::vector<NotPlain>> elsewhere;         // by lane
  std::vector<std::unique_ptr<std::uint8_t[]>> wholes;  // that fragments made, and quoted packets
  bool brings_names = false;                            // of interfaces, that are not known yet
};

// Whether anything looks into packets behind their headers: then their bytes must stay.
bool wants_bytes(const EngineOptions& options);

class PacketSpread {
 public:
  // The options outlive it. `most`: packets of a batch.
  PacketSpread(const EngineOptions& options, unsigned lanes, std::size_t most);

  // Before its first packet: what RawPacket::interface is called.
  void name_interface(std::size_t number, std::string_view name);

  // One lane: decodes at once, and nothing is spread.
  void decode_alone(std::span<const RawPacket> packets, PacketBatch& batch);
  // Several lanes: the batch has these packets, too. They and their bytes have to stay until they
  // are tracked; where nothing wants bytes, they are needed no more.
  void spread(std::span<const RawPacket> packets, PacketBatch& batch);

  PacketZones zones_of(const PacketView& view) const;

  const FragmentCounters& fragments() const { return decoder_.fragments(); }

 private:
  void make_room(PacketBatch& batch) const;
  std::uint32_t put_elsewhere(PacketBatch& batch, const RawPacket& packet);
  void keep_bytes(PacketBatch& batch, PacketView& view);

  const EngineOptions& options_;
  std::uint32_t lanes_;
  bool bytes_stay_;
  std::size_t most_;
  Decoder decoder_;
  std::vector<ZoneNumber> interface_zones_;
  std::uint64_t packets_ = 0;        // spread so far
  std::int64_t latest_ns_;           // of them; a usable_time()
  std::vector<SpreadPacket*> next_;  // within a call: where a lane's next packet goes
};

}  // namespace endreason
