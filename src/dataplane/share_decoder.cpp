// SPDX-License-Identifier: Apache-2.0
#include "dataplane/share_decoder.hpp"

#include <algorithm>

namespace endreason {
namespace {

// So many packets before, it is looked at whether a packet's view lies elsewhere, and the view is
// fetched from there.
constexpr std::size_t kViewAhead = 12;

[[gnu::always_inline]] inline void fetch_view(const PacketBatch& batch,
                                              const SpreadPacket& packet) {
  if (packet.is_plain()) [[likely]]
    return;
  const auto* const view = reinterpret_cast<const char*>(&batch.room[packet.place()]);
  for (std::size_t byte = 0; byte < sizeof(PacketView); byte += 64) __builtin_prefetch(view + byte);
}

}  // namespace

ShareDecoder::ShareDecoder(const EngineOptions& options, const PacketSpread& spread)
    : spread_(spread), views_(kMost), which_(kMost), latest_ns_(kMost) {
  if (!options.zones.empty()) zones_.resize(kMost);
}

// What is beside the view; and the view, where it lies elsewhere.
inline void ShareDecoder::take(const PacketBatch& batch, const SpreadPacket& packet,
                               std::size_t i) {
  if (!packet.is_plain()) [[unlikely]]
    views_[i] = batch.room[packet.place()];
  which_[i] = packet.plain.number;
  latest_ns_[i] = packet.latest_ns;
  if (!zones_.empty()) zones_[i] = spread_.zones_of(views_[i]);
}

PacketShare ShareDecoder::share(std::size_t count) const {
  return {{views_.data(), count},
          {zones_.data(), zones_.empty() ? 0 : count},
          {which_.data(), count},
          {latest_ns_.data(), count}};
}

PacketShare ShareDecoder::decode(const PacketBatch& batch, std::span<const SpreadPacket> packets) {
  const std::size_t count = std::min(packets.size(), kMost);
  make_views_({&packets.front().plain, sizeof(SpreadPacket), count}, views_.data());
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kViewAhead < packets.size()) fetch_view(batch, packets[i + kViewAhead]);
    take(batch, packets[i], i);
  }
  return share(count);
}

PacketShare ShareDecoder::decode_all(const PacketBatch& batch, std::size_t first,
                                     std::span<std::size_t> taken) {
  const std::size_t count = std::min(batch.packets - first, kMost);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t lane = batch.lane_of[first + i];
    const SpreadPacket& packet = batch.by_lane[lane][taken[lane]++];
    make_views_({&packet.plain, sizeof(SpreadPacket), 1}, &views_[i]);
    take(batch, packet, i);
  }
  return share(count);
}

}  // namespace endreason
