// SPDX-License-Identifier: Apache-2.0
// PacketSpread: packets -> views, spread over lanes by their addresses. A batch is cut into slices
// that any threads decode side by side; what depends on the order of all packets (fragments put
// together, the latest time so far) is done by complete(), batch after batch.
//
// Calls for one batch at a time; within decode_slice() each slice is one thread's.
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
  std::span<const PacketView> views() const { return {room.data(), packets.size()}; }
  std::span<const PacketZones> zones() const {
    return {zone_room.data(), zone_room.empty() ? 0 : packets.size()};
  }
  // For each packet, the latest time of all packets up to it.
  std::span<const std::int64_t> latest() const { return {latest_ns.data(), packets.size()}; }

  std::span<const RawPacket> packets;
  std::vector<PacketView> room;
  std::vector<PacketZones> zone_room;  // empty: there is one zone
  std::vector<std::int64_t> latest_ns;
  std::vector<std::uint32_t> lane_of;
  std::vector<Slice> slices;
};

class PacketSpread {
 public:
  // The options outlive it. `most`: packets of a batch. Without slices, decode_alone() is meant.
  PacketSpread(const EngineOptions& options, unsigned lanes, unsigned slices, std::size_t most);

  // Before its first packet: what RawPacket::interface is called.
  void name_interface(std::size_t number, std::string_view name);
  PacketBatch make_batch() const;

  // One lane: decodes at once, and nothing is spread.
  void decode_alone(std::span<const RawPacket> packets, PacketBatch& batch);
  // Several: cuts packets into slices, to be decoded each by one call; then complete().
  void cut(std::span<const RawPacket> packets, PacketBatch& batch) const;
  void decode_slice(PacketBatch& batch, std::size_t slice);
  // The views of the batch completed before this one die.
  void complete(PacketBatch& batch);

  const FragmentCounters& fragments() const { return decoder_.fragments(); }

 private:
  void find_zones(PacketBatch& batch, std::size_t packet) const;
  void put_fragments_together(PacketBatch& batch, PacketBatch::Slice& slice);
  void join_times(PacketBatch& batch);

  const EngineOptions& options_;
  std::uint32_t lanes_;
  std::size_t most_;
  Decoder decoder_;             // for what depends on other packets
  std::vector<Decoder> apart_;  // one a slice
  std::vector<ZoneNumber> interface_zones_;
  std::int64_t latest_before_ns_ = 0;  // of all packets before the batch
  bool started_ = false;
};

}  // namespace endreason
