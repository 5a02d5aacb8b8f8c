// SPDX-License-Identifier: Apache-2.0
// PacketSpread: packets spread over lanes by their addresses, batch after batch, in the order of
// the packets: fragments are put together here, and the latest time so far is noted beside each
// packet. Most packets show their addresses at once, and are left to their lane to decode
// (ShareDecoder); the others are decoded here.
//
// One call at a time. What it made of a batch stays with the batch, for any thread to read.
#pragma once

#include <cstdint>
#include <memory>
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
  bool empty() const { return packets.empty(); }
  // Of a single lane.
  std::span<const PacketView> views() const { return {room.data(), packets.size()}; }
  std::span<const PacketZones> zones() const {
    return {zone_room.data(), zone_room.empty() ? 0 : packets.size()};
  }
  // For each packet, the latest time of all packets up to it.
  std::span<const std::int64_t> latest() const { return {latest_ns.data(), packets.size()}; }
  // The packets of a lane, ascending.
  std::span<const std::uint32_t> of_lane(std::size_t lane) const {
    return {by_lane[lane].data(), counts[lane]};
  }

  std::span<const RawPacket> packets;
  std::uint64_t first = 0;             // number of the first of them among all
  std::vector<PacketView> room;        // of several lanes, what is not left to them
  std::vector<std::uint16_t> places;   // in `room`, from 1; 0: to be decoded by its lane
  std::vector<PacketZones> zone_room;  // empty: there is one zone
  std::vector<std::int64_t> latest_ns;
  std::vector<std::uint8_t> lane_of;
  std::vector<std::vector<std::uint32_t>> by_lane;      // each with room for all packets
  std::vector<std::size_t> counts;                      // how much of that is used
  std::vector<std::unique_ptr<std::uint8_t[]>> wholes;  // that fragments made
  bool brings_names = false;                            // of interfaces, that are not known yet
};

// Of a decoder that leaves fragments to another, and so needs no room for them.
DecodeOptions decode_apart_of(const EngineOptions& options);

class PacketSpread {
 public:
  // The options outlive it. `most`: packets of a batch.
  PacketSpread(const EngineOptions& options, unsigned lanes, std::size_t most);

  // Before its first packet: what RawPacket::interface is called.
  void name_interface(std::size_t number, std::string_view name);
  PacketBatch make_batch() const;

  // One lane: decodes at once, and nothing is spread.
  void decode_alone(std::span<const RawPacket> packets, PacketBatch& batch);
  // Several lanes: the batch then has these packets.
  void spread(std::span<const RawPacket> packets, PacketBatch& batch);

  PacketZones zones_of(const PacketView& view) const;

  const FragmentCounters& fragments() const { return decoder_.fragments(); }

 private:
  std::uint32_t decode_here(PacketBatch& batch, std::size_t packet);

  const EngineOptions& options_;
  std::uint32_t lanes_;
  bool leaves_;  // packets to the lanes
  std::size_t most_;
  Decoder decoder_;
  std::vector<ZoneNumber> interface_zones_;
  std::uint64_t packets_ = 0;           // spread so far
  std::int64_t latest_ns_ = INT64_MIN;  // of them
};

}  // namespace endreason
