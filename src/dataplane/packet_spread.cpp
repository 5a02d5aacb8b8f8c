// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet_spread.hpp"

#include <algorithm>
#include <cassert>

#include "base/byte_order.hpp"
#include "model/protocol.hpp"
#include "session/flow_lane.hpp"
#include "session/session_table.hpp"

namespace endreason {
namespace {

// The addresses of a packet that is TCP or UDP of IPv4 right behind Ethernet, and no fragment; null
// for all others. Whatever decoding such a packet comes to needs no other packet.
const std::uint8_t* plain_addresses(const RawPacket& packet) {
  constexpr std::size_t kEthernetBytes = 14, kIpBytes = 20;
  if (packet.link_type != 1 || packet.bytes.size() < kEthernetBytes + kIpBytes) return nullptr;
  const std::uint8_t* const ip = packet.bytes.data() + kEthernetBytes;
  const bool plain = load_big16(ip - 2) == 0x0800 && ip[0] == 0x45 &&
                     (load_big16(ip + 6) & 0x3fff) == 0 &&
                     (ip[9] == kProtoTcp || ip[9] == kProtoUdp);
  return plain ? ip + 12 : nullptr;
}

// So many packets before it is looked at: what was read last is not near any more, as a batch is
// larger than the first caches.
constexpr std::size_t kBytesAhead = 16;

}  // namespace

DecodeOptions decode_apart_of(const EngineOptions& options) {
  DecodeOptions decode = options.decode;
  decode.fragments.packets = 1;
  decode.fragments.bytes = decode.fragments.wholes_bytes = 64 << 10;
  return decode;
}

PacketSpread::PacketSpread(const EngineOptions& options, unsigned lanes, std::size_t most)
    : options_(options),
      lanes_(lanes),
      leaves_(!options.decode.decap),
      most_(most),
      decoder_(options.decode) {}

void PacketSpread::name_interface(std::size_t number, std::string_view name) {
  interface_zones_.resize(std::max(interface_zones_.size(), number + 1), kNoZone);
  interface_zones_[number] = options_.zones.of_interface(name);
}

PacketBatch PacketSpread::make_batch() const {
  PacketBatch batch;
  if (lanes_ == 1) {
    batch.room.resize(most_);
    if (!options_.zones.empty()) batch.zone_room.resize(most_);
    return batch;
  }
  batch.places.resize(most_);
  batch.latest_ns.resize(most_);
  batch.lane_of.resize(most_);
  batch.by_lane.resize(lanes_);
  for (auto& list : batch.by_lane) list.resize(most_);
  batch.counts.resize(lanes_);
  return batch;
}

PacketZones PacketSpread::zones_of(const PacketView& p) const {
  const ZoneNumber interface =
      p.interface < interface_zones_.size() ? interface_zones_[p.interface] : kNoZone;
  return options_.zones.of_packet(interface, p.vlan, p.src, p.dst);
}

void PacketSpread::decode_alone(std::span<const RawPacket> packets, PacketBatch& batch) {
  assert(packets.size() <= most_);
  batch.packets = packets;
  decoder_.decode(packets, batch.room);
  if (batch.zone_room.empty()) return;
  for (std::size_t i = 0; i < packets.size(); ++i) batch.zone_room[i] = zones_of(batch.room[i]);
}

void PacketSpread::spread(std::span<const RawPacket> packets, PacketBatch& batch) {
  assert(packets.size() <= most_);
  batch.packets = packets;
  batch.first = packets_;
  packets_ += packets.size();
  batch.room.clear();
  batch.wholes.clear();
  std::fill(batch.counts.begin(), batch.counts.end(), 0);
  std::int64_t latest = latest_ns_;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i + kBytesAhead < packets.size())
      __builtin_prefetch(packets[i + kBytesAhead].bytes.data() + 12);
    latest = std::max(latest, SessionTable::usable_time(packets[i].time_ns));
    batch.latest_ns[i] = latest;
    const std::uint8_t* const addresses = leaves_ ? plain_addresses(packets[i]) : nullptr;
    std::uint32_t lane = 0;
    if (addresses != nullptr) [[likely]] {
      batch.places[i] = 0;
      lane = flow_lane_v4(addresses, addresses + 4, lanes_);
    } else {
      lane = decode_here(batch, i);
    }
    batch.lane_of[i] = static_cast<std::uint8_t>(lane);
    batch.by_lane[lane][batch.counts[lane]++] = static_cast<std::uint32_t>(i);
  }
  latest_ns_ = latest;
}

// What fragments made moves to the batch, as the decoder uses its room again.
std::uint32_t PacketSpread::decode_here(PacketBatch& batch, std::size_t packet) {
  PacketView& view = batch.room.emplace_back();
  batch.places[packet] = static_cast<std::uint16_t>(batch.room.size());
  decoder_.decode_in_order(batch.packets[packet], view);
  if (const std::span<const std::uint8_t> made = decoder_.wholes(); !made.empty()) [[unlikely]] {
    auto& kept =
        batch.wholes.emplace_back(std::make_unique_for_overwrite<std::uint8_t[]>(made.size()));
    std::copy(made.begin(), made.end(), kept.get());
    for (const std::uint8_t** at : {&view.payload, &view.l3, &view.quoted})
      if (*at >= made.data() && *at <= made.data() + made.size())
        *at = kept.get() + (*at - made.data());
    decoder_.forget_wholes();
  }
  return flow_lane(view, lanes_);
}

}  // namespace endreason
