// SPDX-License-Identifier: Apache-2.0
#include "dataplane/share_decoder.hpp"

#include <algorithm>
#include <cassert>

namespace endreason {
namespace {

// The packets may have been read by another thread, and are far then: first what stands about them
// is fetched, then what most of them are decoded from, mostly in one or two lines. Into the second
// cache only and early: of requests by the first cache there are few at a time, and tracking has
// its own.
constexpr std::size_t kBytesAhead = 40, kPacketsAhead = 72;
constexpr std::size_t kFirstByte = 12, kLastByte = 49;
[[gnu::always_inline]] inline void prefetch(const RawPacket& packet) {
  __builtin_prefetch(packet.bytes.data() + kFirstByte, 0, 2);
  __builtin_prefetch(packet.bytes.data() + kLastByte, 0, 2);
}

}  // namespace

ShareDecoder::ShareDecoder(const EngineOptions& options, const PacketSpread& spread)
    : spread_(spread), decoder_(decode_apart_of(options)), views_(kMost) {
  if (!options.zones.empty()) zones_.resize(kMost);
}

PacketShare ShareDecoder::decode(const PacketBatch& batch, std::span<const std::uint32_t> which) {
  const std::size_t count = std::min(which.size(), kMost);
  const std::uint32_t* const numbers = which.data();
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kPacketsAhead < which.size())
      __builtin_prefetch(&batch.packets[numbers[i + kPacketsAhead]]);
    if (i + kBytesAhead < which.size()) prefetch(batch.packets[numbers[i + kBytesAhead]]);
    const RawPacket& packet = batch.packets[numbers[i]];
    const std::uint16_t place = batch.places[numbers[i]];
    if (place != 0) [[unlikely]] {
      views_[i] = batch.room[place - 1u];
    } else {
      // Fragments are never left to a lane.
      [[maybe_unused]] const bool decoded = decoder_.decode_apart(packet, views_[i]);
      assert(decoded);
    }
    if (!zones_.empty()) zones_[i] = spread_.zones_of(views_[i]);
  }
  return {{views_.data(), count}, {zones_.data(), zones_.empty() ? 0 : count}, which.first(count)};
}

}  // namespace endreason
