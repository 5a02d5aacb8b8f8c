// SPDX-License-Identifier: Apache-2.0
#include "dataplane/share_decoder.hpp"

#include <algorithm>

#include "base/fetch_whole.hpp"

namespace endreason {

ShareDecoder::ShareDecoder(const EngineOptions& options, const PacketSpread& spread)
    : spread_(spread) {
  if (!options.zones.empty()) zones_.resize(kMost);
}

// The views are there.
PacketShare ShareDecoder::share(std::span<const SpreadPacket> packets) {
  const std::span<const PacketView> views(views_->row.data(), packets.size());
  if (!zones_.empty())
    for (std::size_t i = 0; i < views.size(); ++i) zones_[i] = spread_.zones_of(views[i]);
  return {views,
          {zones_.data(), zones_.empty() ? 0 : views.size()},
          &packets.front().plain.number,
          &packets.front().latest_ns,
          sizeof(SpreadPacket)};
}

PacketShare ShareDecoder::decode(const PacketBatch& batch, std::span<const SpreadPacket> packets,
                                 std::span<const NotPlain>& not_plain, std::size_t first) {
  const std::size_t count = std::min(packets.size() - first, kMost);
  std::size_t elsewhere = 0;
  for (; elsewhere < not_plain.size() && not_plain[elsewhere].which < first + count; ++elsewhere)
    fetch_whole(batch.room[not_plain[elsewhere].place]);
  make_views_({&packets[first].plain, sizeof(SpreadPacket), count}, views_->row.data());
  for (const NotPlain& packet : not_plain.first(elsewhere))
    views_->row[packet.which - first] = batch.room[packet.place];
  not_plain = not_plain.subspan(elsewhere);
  return share(packets.subspan(first, count));
}

PacketShare ShareDecoder::decode_all(const PacketBatch& batch,
                                     std::span<const std::uint8_t> lane_of, std::size_t first,
                                     std::span<std::size_t> taken) {
  in_order_.clear();
  for (const std::uint8_t lane : lane_of.subspan(first, std::min(lane_of.size() - first, kMost)))
    in_order_.push_back(batch.by_lane[lane][taken[lane]++]);
  const SpreadPacket& packet = in_order_.front();
  make_views_({&packet.plain, sizeof packet, in_order_.size()}, views_->row.data());
  for (std::size_t i = 0; i < in_order_.size(); ++i)
    if (!in_order_[i].is_plain()) views_->row[i] = batch.room[in_order_[i].place()];
  return share(in_order_);
}

}  // namespace endreason
