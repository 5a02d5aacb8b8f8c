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

// Every two packets of a batch may make a whole of up to 64 KiB; only what is used takes memory.
DecodeOptions decode_of(const EngineOptions& options, std::size_t packets) {
  DecodeOptions decode = options.decode;
  const auto wholes = static_cast<std::uint32_t>(packets / 2 * (64 << 10));
  decode.fragments.wholes_bytes = std::max(decode.fragments.wholes_bytes, wholes);
  return decode;
}

// The bytes may have been read by another thread, and are far then.
constexpr std::size_t kBytesAhead = 16;

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

}  // namespace

DecodeOptions decode_apart_of(const EngineOptions& options) {
  DecodeOptions decode = options.decode;
  decode.fragments.packets = 1;
  decode.fragments.bytes = decode.fragments.wholes_bytes = 64 << 10;
  return decode;
}

PacketSpread::PacketSpread(const EngineOptions& options, unsigned lanes, unsigned slices,
                           std::size_t most)
    : options_(options),
      lanes_(lanes),
      leaves_(!options.decode.decap),
      most_(most),
      decoder_(slices > 0 ? decode_of(options, most) : options.decode) {
  for (unsigned i = 0; i < slices; ++i) apart_.emplace_back(decode_apart_of(options));
}

void PacketSpread::name_interface(std::size_t number, std::string_view name) {
  interface_zones_.resize(std::max(interface_zones_.size(), number + 1), kNoZone);
  interface_zones_[number] = options_.zones.of_interface(name);
}

PacketBatch PacketSpread::make_batch() const {
  PacketBatch batch;
  batch.room.resize(most_);
  if (apart_.empty()) {
    if (!options_.zones.empty()) batch.zone_room.resize(most_);
    return batch;
  }
  batch.left.resize(most_);
  batch.latest_ns.resize(most_);
  batch.lane_of.resize(most_);
  batch.slices.resize(apart_.size());
  for (PacketBatch::Slice& slice : batch.slices) slice.by_lane.resize(lanes_);
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

void PacketSpread::cut(std::span<const RawPacket> packets, PacketBatch& batch) const {
  assert(packets.size() <= most_);
  batch.packets = packets;
  const std::size_t slices = batch.slices.size();
  for (std::size_t i = 0; i < slices; ++i) {
    PacketBatch::Slice& slice = batch.slices[i];
    slice.first = packets.size() * i / slices;
    slice.count = packets.size() * (i + 1) / slices - slice.first;
    slice.fragments.clear();
    for (auto& list : slice.by_lane) list.clear();
  }
}

void PacketSpread::spread_slice(PacketBatch& batch, std::size_t number) {
  PacketBatch::Slice& slice = batch.slices[number];
  std::int64_t latest = INT64_MIN;
  const std::size_t end = slice.first + slice.count;
  for (std::size_t i = slice.first; i < end; ++i) {
    if (i + kBytesAhead < end) __builtin_prefetch(batch.packets[i + kBytesAhead].bytes.data() + 14);
    latest = std::max(latest, SessionTable::usable_time(batch.packets[i].time_ns));
    batch.latest_ns[i] = latest;
    const auto packet = static_cast<std::uint32_t>(i);
    const std::uint8_t* const addresses = leaves_ ? plain_addresses(batch.packets[i]) : nullptr;
    batch.left[i] = addresses != nullptr;
    if (addresses == nullptr) [[unlikely]] {
      if (!decode_here(batch, slice, number, packet)) continue;
    } else {
      batch.lane_of[i] = flow_lane_v4(addresses, addresses + 4, lanes_);
    }
    slice.by_lane[batch.lane_of[i]].push_back(packet);
  }
}

// False: it is a fragment, which comes later.
bool PacketSpread::decode_here(PacketBatch& batch, PacketBatch::Slice& slice, std::size_t number,
                               std::uint32_t packet) {
  PacketView& view = batch.room[packet];
  if (!apart_[number].decode_apart(batch.packets[packet], view)) {
    slice.fragments.push_back(packet);
    return false;
  }
  batch.lane_of[packet] = flow_lane(view, lanes_);
  return true;
}

void PacketSpread::put_fragments_together(PacketBatch& batch, PacketBatch::Slice& slice) {
  for (const std::uint32_t packet : slice.fragments) {
    PacketView& view = batch.room[packet];
    decoder_.decode_in_order(batch.packets[packet], view);
    batch.lane_of[packet] = flow_lane(view, lanes_);
    auto& list = slice.by_lane[batch.lane_of[packet]];
    list.insert(std::lower_bound(list.begin(), list.end(), packet), packet);
  }
}

void PacketSpread::complete(PacketBatch& batch) {
  decoder_.forget_wholes();
  for (PacketBatch::Slice& slice : batch.slices) put_fragments_together(batch, slice);
  join_times(batch);
}

// Each slice knows the latest time within itself. What came before may have been later.
void PacketSpread::join_times(PacketBatch& batch) {
  if (batch.empty()) return;
  std::int64_t before = started_ ? latest_before_ns_ : batch.latest_ns.front();
  started_ = true;
  for (const PacketBatch::Slice& slice : batch.slices) {
    const std::size_t end = slice.first + slice.count;
    for (std::size_t i = slice.first; i < end && batch.latest_ns[i] < before; ++i)
      batch.latest_ns[i] = before;
    if (slice.count > 0) before = batch.latest_ns[end - 1];
  }
  latest_before_ns_ = before;
}

}  // namespace endreason
