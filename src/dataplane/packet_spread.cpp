// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet_spread.hpp"

#include <algorithm>
#include <cassert>

#include "base/byte_order.hpp"
#include "base/fetch_to_write.hpp"
#include "base/pass_on.hpp"
#include "session/flow_lane.hpp"
#include "session/session_table.hpp"

namespace endreason {
namespace {

// So many packets before it is looked at: what was read last is not near any more, as what is read
// at a time is larger than the first caches.
constexpr std::size_t kBytesAhead = 16;

// What is written next lies near another thread, which has read it when it was another batch's: it
// takes as long to get as to fetch from memory, and is asked for so many rows before.
constexpr std::size_t kWriteAhead = 16, kTimesAhead = 64, kViewsAhead = 4;

// Room for so many views at first.
constexpr std::size_t kFewViews = 512;

// By the addresses of IPv4 right behind Ethernet; any lane, when the packet is another one.
std::uint32_t lane_if_plain(const RawPacket& packet, std::uint32_t lanes) {
  constexpr std::size_t kSource = 26, kDestination = 30, kEnd = 34;
  if (packet.bytes.size() < kEnd) return 0;
  const std::uint8_t* const bytes = packet.bytes.data();
  return flow_lane_v4(load_native<std::uint32_t>(bytes + kSource),
                      load_native<std::uint32_t>(bytes + kDestination), lanes);
}

}  // namespace

bool wants_bytes(const EngineOptions& options) {
  return options.identify || options.policy || options.inspection != nullptr ||
         options.observer != nullptr;
}

void PacketBatch::clear() {
  packets = 0;
  bytes = 0;
  room.clear();
  wholes.clear();
  std::fill(counts.begin(), counts.end(), 0);
  for (auto& of_lane : elsewhere) of_lane.clear();
}

void PacketBatch::find_lanes(std::vector<std::uint8_t>& lane_of) const {
  lane_of.resize(packets);
  for (std::size_t lane = 0; lane < by_lane.size(); ++lane)
    for (const SpreadPacket& packet : of_lane(lane))
      lane_of[packet.plain.number] = static_cast<std::uint8_t>(lane);
}

PacketSpread::PacketSpread(const EngineOptions& options, unsigned lanes, std::size_t most)
    : options_(options),
      lanes_(lanes),
      bytes_stay_(wants_bytes(options)),
      most_(most),
      decoder_(options.decode),
      latest_ns_(SessionTable::usable_time(INT64_MIN)),
      next_(lanes) {}

void PacketSpread::name_interface(std::size_t number, std::string_view name) {
  interface_zones_.resize(std::max(interface_zones_.size(), number + 1), kNoZone);
  interface_zones_[number] = options_.zones.of_interface(name);
}

// When it is first used: a short capture needs but one.
void PacketSpread::make_room(PacketBatch& batch) const {
  if (lanes_ == 1) {
    batch.room.resize(most_);
    if (!options_.zones.empty()) batch.zone_room.resize(most_);
    return;
  }
  // With room for what is fetched behind the last.
  batch.latest_ns.resize(most_ + kTimesAhead);
  for (std::uint32_t lane = 0; lane < lanes_; ++lane)
    batch.by_lane.emplace_back(most_ + kWriteAhead);
  batch.counts.resize(lanes_);
  batch.elsewhere.resize(lanes_);
}

PacketZones PacketSpread::zones_of(const PacketView& p) const {
  const ZoneNumber interface =
      p.interface < interface_zones_.size() ? interface_zones_[p.interface] : kNoZone;
  return options_.zones.of_packet(interface, p.vlan, p.src, p.dst);
}

void PacketSpread::decode_alone(std::span<const RawPacket> packets, PacketBatch& batch) {
  assert(packets.size() <= most_);
  if (batch.room.empty()) make_room(batch);
  batch.packets = packets.size();
  decoder_.decode(packets, batch.room);
  if (batch.zone_room.empty()) return;
  for (std::size_t i = 0; i < packets.size(); ++i) batch.zone_room[i] = zones_of(batch.room[i]);
}

// The lane of a plain packet can be told before it is known to be one, so it is decoded in its
// place, and nothing is copied.
void PacketSpread::spread(std::span<const RawPacket> packets, PacketBatch& batch) {
  static_assert(UINT16_MAX >= 4096, "PlainPacket::number");
  assert(batch.packets + packets.size() <= most_);
  if (batch.by_lane.empty()) make_room(batch);
  if (batch.empty()) batch.first = packets_;
  for (std::uint32_t lane = 0; lane < lanes_; ++lane)
    next_[lane] = batch.by_lane[lane].data() + batch.counts[lane];
  SpreadPacket** const next = next_.data();
  std::int64_t latest = latest_ns_;
  std::int64_t* const latest_of = batch.latest_ns.data();
  std::size_t number = batch.packets;
  const RawPacket* const end = packets.data() + packets.size();
  const RawPacket* const last_fetch = end - std::min(packets.size(), kBytesAhead);
  for (const RawPacket* packet = packets.data(); packet != end; ++packet, ++number) {
    if (packet < last_fetch) __builtin_prefetch(packet[kBytesAhead].bytes.data() + 12);
    if (packet->time_ns > latest) latest = SessionTable::usable_time(packet->time_ns);
    std::uint32_t lane = lane_if_plain(*packet, lanes_);
    if (!decoder_.decode_plain(*packet, next[lane]->plain)) [[unlikely]]
      lane = put_elsewhere(batch, *packet);
    SpreadPacket* const at = next[lane]++;
    if (!bytes_stay_) at->plain.l3 = nullptr;
    at->plain.number = static_cast<std::uint16_t>(number);
    at->latest_ns = latest;
    pass_on(at);
    fetch_to_write(at + kWriteAhead);
    latest_of[number] = latest;
    fetch_to_write(latest_of + number + kTimesAhead);
  }
  for (std::uint32_t lane = 0; lane < lanes_; ++lane)
    batch.counts[lane] = static_cast<std::size_t>(next[lane] - batch.by_lane[lane].data());
  for (const RawPacket& packet : packets) batch.bytes += packet.bytes.size();
  batch.packets = number;
  latest_ns_ = latest;
  packets_ += packets.size();
}

// Of a packet that is not plain the lane only learns where its view lies.
std::uint32_t PacketSpread::put_elsewhere(PacketBatch& batch, const RawPacket& packet) {
  // With room for what is fetched behind the last. Few packets are not plain, as a rule.
  if (batch.room.capacity() < batch.room.size() + kViewsAhead + 1)
    batch.room.reserve(std::max(kFewViews, 2 * batch.room.capacity()));
  const std::size_t place = batch.room.size();
  PacketView& view = batch.room.emplace_back();
  decoder_.decode_rest(packet, view);
  keep_bytes(batch, view);
  const std::uint32_t lane = flow_lane(view, lanes_);
  for (std::size_t byte = 0; byte < sizeof view; byte += 64) {
    pass_on(reinterpret_cast<const char*>(&view) + byte);
    fetch_to_write(reinterpret_cast<const char*>(&view + kViewsAhead) + byte);
  }
  next_[lane]->set_elsewhere(place);
  const auto which = next_[lane] - batch.by_lane[lane].data();
  batch.elsewhere[lane].push_back({static_cast<std::uint16_t>(which), next_[lane]->place()});
  return lane;
}

// What fragments made moves to the batch, as the decoder uses its room again; and so does what an
// ICMP error quotes, where the packet's own bytes do not stay.
void PacketSpread::keep_bytes(PacketBatch& batch, PacketView& view) {
  const auto keep = [&batch](std::span<const std::uint8_t> bytes) {
    auto& kept =
        batch.wholes.emplace_back(std::make_unique_for_overwrite<std::uint8_t[]>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), kept.get());
    return kept.get();
  };
  const std::span<const std::uint8_t> made = decoder_.wholes();
  if (!bytes_stay_) {
    view.payload = view.l3 = nullptr;
    if (view.quoted != nullptr) view.quoted = keep({view.quoted, view.quoted_length});
  } else if (!made.empty()) {
    const std::uint8_t* const kept = keep(made);
    for (const std::uint8_t** at : {&view.payload, &view.l3, &view.quoted})
      if (*at >= made.data() && *at <= made.data() + made.size()) *at = kept + (*at - made.data());
  }
  if (!made.empty()) decoder_.forget_wholes();
}

}  // namespace endreason
