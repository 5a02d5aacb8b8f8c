// SPDX-License-Identifier: Apache-2.0
// PacketSpread: packets spread over lanes by their addresses. A batch is cut into slices that any
// threads look at side by side; what depends on the order of all packets (fragments put together,
// the latest time so far) is done by complete(), batch after batch. Most packets show their
// addresses at once, and are left to their lane to decode (ShareDecoder); the others are decoded
// here.
//
// Calls for one batch at a time; within spread_slice() each slice is one thread's.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/engine_options.hpp"
#include "decode/decoder.hpp"
#include "model/packet_view.hpp"
#include "model/raw_packet.hpp"
#include "model/zone_table.hpp"

namespace endreason {

struct PacketBatch {
  struct Slice {
    std::size_t first = 0, count = 0;
    std::vector<std::uint32_t> fragments;             // packets left for the one decoder
    std::vector<std::vector<std::uint32_t>> by_lane;  // packets of each lane, ascending
  };

  bool empty() const { return packets.empty(); }
  // Of a single lane.
  std::span<const PacketView> views() const { return {room.data(), packets.size()}; }
  std::span<const PacketZones> zones() const {
    return {zone_room.data(), zone_room.empty() ? 0 : packets.size()};
  }
  // For each packet, the latest time of all packets up to it.
  std::span<const std::int64_t> latest() const { return {latest_ns.data(), packets.size()}; }

  std::span<const RawPacket> packets;
  std::vector<PacketView> room;        // of several lanes, only of what is not left to them
  std::vector<std::uint8_t> left;      // not 0: to be decoded by its lane
  std::vector<PacketZones> zone_room;  // empty: there is one zone
  std::vector<std::int64_t> latest_ns;
  std::vector<std::uint32_t> lane_of;
  std::vector<Slice> slices;
};

// Of a decoder that leaves fragments to another, and so needs no room for them.
DecodeOptions decode_apart_of(const EngineOptions& options);

class PacketSpread {
 public:
  // The options outlive it. `most`: packets of a batch. Without slices, decode_alone() is meant.
  PacketSpread(const EngineOptions& options, unsigned lanes, unsigned slices, std::size_t most);

  // Before its first packet: what RawPacket::interface is called.
  void name_interface(std::size_t number, std::string_view name);
  PacketBatch make_batch() const;

  // One lane: decodes at once, and nothing is spread.
  void decode_alone(std::span<const RawPacket> packets, PacketBatch& batch);
  // Several: cuts packets into slices, to be spread each by one call; then complete().
  void cut(std::span<const RawPacket> packets, PacketBatch& batch) const;
  void spread_slice(PacketBatch& batch, std::size_t slice);
  // The views of the batch completed before this one die.
  void complete(PacketBatch& batch);

  PacketZones zones_of(const PacketView& view) const;

  const FragmentCounters& fragments() const { return decoder_.fragments(); }

 private:
  bool decode_here(PacketBatch& batch, PacketBatch::Slice& slice, std::size_t number,
                   std::uint32_t packet);
  void put_fragments_together(PacketBatch& batch, PacketBatch::Slice& slice);
  void join_times(PacketBatch& batch);

  const EngineOptions& options_;
  std::uint32_t lanes_;
  bool leaves_;  // packets to the lanes
  std::size_t most_;
  Decoder decoder_;             // for what depends on other packets
  std::vector<Decoder> apart_;  // one a slice
  std::vector<ZoneNumber> interface_zones_;
  std::int64_t latest_before_ns_ = 0;  // of all packets before the batch
  bool started_ = false;
};

}  // namespace endreason
