// SPDX-License-Identifier: Apache-2.0
#include "dataplane/share_decoder.hpp"

#include <algorithm>

namespace endreason {
namespace {

// So many packets that are not plain before, a view is fetched from where it lies.
constexpr std::size_t kViewsAhead = 4;

void fetch(const PacketView& view) {
  const auto* const at = reinterpret_cast<const char*>(&view);
  for (std::size_t byte = 0; byte < sizeof view; byte += 64) __builtin_prefetch(at + byte);
}

}  // namespace

ShareDecoder::ShareDecoder(const EngineOptions& options, const PacketSpread& spread)
    : spread_(spread), views_(kMost) {
  if (!options.zones.empty()) zones_.resize(kMost);
}

// The views are there.
PacketShare ShareDecoder::share(std::span<const SpreadPacket> packets) {
  if (!zones_.empty())
    for (std::size_t i = 0; i < packets.size(); ++i) zones_[i] = spread_.zones_of(views_[i]);
  return {{views_.data(), packets.size()},
          {zones_.data(), zones_.empty() ? 0 : packets.size()},
          &packets.front().plain.number,
          &packets.front().latest_ns,
          sizeof(SpreadPacket)};
}

PacketShare ShareDecoder::decode(const PacketBatch& batch, std::size_t lane, std::size_t first) {
  const std::span<const SpreadPacket> all = batch.of_lane(lane);
  const std::span<const SpreadPacket> packets =
      all.subspan(first, std::min(all.size() - first, kMost));
  make_views_({&packets.front().plain, sizeof(SpreadPacket), packets.size()}, views_.data());
  const std::span<const std::uint16_t> elsewhere = batch.elsewhere(lane, first);
  const auto view_of = [&](std::uint16_t which) -> const PacketView& {
    return batch.room[all[which].place()];
  };
  for (std::size_t i = 0; i < elsewhere.size() && elsewhere[i] < first + packets.size(); ++i) {
    if (i + kViewsAhead < elsewhere.size()) fetch(view_of(elsewhere[i + kViewsAhead]));
    views_[elsewhere[i] - first] = view_of(elsewhere[i]);
  }
  return share(packets);
}

PacketShare ShareDecoder::decode_all(const PacketBatch& batch,
                                     std::span<const std::uint8_t> lane_of, std::size_t first,
                                     std::span<std::size_t> taken) {
  in_order_.clear();
  for (const std::uint8_t lane : lane_of.subspan(first, std::min(lane_of.size() - first, kMost)))
    in_order_.push_back(batch.by_lane[lane][taken[lane]++]);
  make_views_({&in_order_.front().plain, sizeof(SpreadPacket), in_order_.size()}, views_.data());
  for (std::size_t i = 0; i < in_order_.size(); ++i)
    if (!in_order_[i].is_plain()) views_[i] = batch.room[in_order_[i].place()];
  return share(in_order_);
}

}  // namespace endreason
