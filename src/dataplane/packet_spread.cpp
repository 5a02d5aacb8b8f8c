// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet_spread.hpp"

#include <algorithm>
#include <cassert>

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
constexpr std::size_t kBytesAhead = 8;
[[gnu::always_inline]] inline void prefetch(const RawPacket& packet) {
  __builtin_prefetch(packet.bytes.data());
  __builtin_prefetch(packet.bytes.data() + 64);
}

// A decoder that leaves fragments to another needs no room for them.
DecodeOptions apart_of(const EngineOptions& options) {
  DecodeOptions decode = options.decode;
  decode.fragments.packets = 1;
  decode.fragments.bytes = decode.fragments.wholes_bytes = 64 << 10;
  return decode;
}

}  // namespace

PacketSpread::PacketSpread(const EngineOptions& options, unsigned lanes, unsigned slices,
                           std::size_t most)
    : options_(options),
      lanes_(lanes),
      most_(most),
      decoder_(slices > 0 ? decode_of(options, most) : options.decode) {
  for (unsigned i = 0; i < slices; ++i) apart_.emplace_back(apart_of(options));
}

void PacketSpread::name_interface(std::size_t number, std::string_view name) {
  interface_zones_.resize(std::max(interface_zones_.size(), number + 1), kNoZone);
  interface_zones_[number] = options_.zones.of_interface(name);
}

PacketBatch PacketSpread::make_batch() const {
  PacketBatch batch;
  batch.room.resize(most_);
  if (!options_.zones.empty()) batch.zone_room.resize(most_);
  if (apart_.empty()) return batch;
  batch.latest_ns.resize(most_);
  batch.lane_of.resize(most_);
  batch.slices.resize(apart_.size());
  for (PacketBatch::Slice& slice : batch.slices) slice.by_lane.resize(lanes_);
  return batch;
}

void PacketSpread::find_zones(PacketBatch& batch, std::size_t packet) const {
  if (options_.zones.empty()) return;
  const PacketView& p = batch.room[packet];
  const ZoneNumber interface =
      p.interface < interface_zones_.size() ? interface_zones_[p.interface] : kNoZone;
  batch.zone_room[packet] = options_.zones.of_packet(interface, p.vlan, p.src, p.dst);
}

void PacketSpread::decode_alone(std::span<const RawPacket> packets, PacketBatch& batch) {
  assert(packets.size() <= most_);
  batch.packets = packets;
  decoder_.decode(packets, batch.room);
  for (std::size_t i = 0; i < packets.size(); ++i) find_zones(batch, i);
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

void PacketSpread::decode_slice(PacketBatch& batch, std::size_t number) {
  PacketBatch::Slice& slice = batch.slices[number];
  Decoder& decoder = apart_[number];
  std::int64_t latest = INT64_MIN;
  const std::size_t end = slice.first + slice.count;
  for (std::size_t i = slice.first; i < end; ++i) {
    if (i + kBytesAhead < end) prefetch(batch.packets[i + kBytesAhead]);
    latest = std::max(latest, SessionTable::usable_time(batch.packets[i].time_ns));
    batch.latest_ns[i] = latest;
    const auto packet = static_cast<std::uint32_t>(i);
    PacketView& view = batch.room[i];
    if (!decoder.decode_apart(batch.packets[i], view)) [[unlikely]] {
      slice.fragments.push_back(packet);
      continue;
    }
    find_zones(batch, i);
    batch.lane_of[i] = flow_lane(view, lanes_);
    slice.by_lane[batch.lane_of[i]].push_back(packet);
  }
}

void PacketSpread::put_fragments_together(PacketBatch& batch, PacketBatch::Slice& slice) {
  for (const std::uint32_t packet : slice.fragments) {
    PacketView& view = batch.room[packet];
    decoder_.decode_in_order(batch.packets[packet], view);
    find_zones(batch, packet);
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
