// SPDX-License-Identifier: Apache-2.0
#include "dataplane/share_decoder.hpp"

#include <cassert>

namespace endreason {
namespace {

// The bytes may have been read by another thread, and are far then.
constexpr std::size_t kBytesAhead = 16;
[[gnu::always_inline]] inline void prefetch(const RawPacket& packet) {
  __builtin_prefetch(packet.bytes.data());
  __builtin_prefetch(packet.bytes.data() + 64);
}

}  // namespace

ShareDecoder::ShareDecoder(const EngineOptions& options, const PacketSpread& spread)
    : spread_(spread), decoder_(decode_apart_of(options)), views_(kMost) {
  if (!options.zones.empty()) zones_.resize(kMost);
}

PacketShare ShareDecoder::decode(const PacketBatch& batch, std::span<const std::uint32_t> which) {
  assert(which.size() <= kMost);
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (i + kBytesAhead < which.size()) prefetch(batch.packets[which[i + kBytesAhead]]);
    PacketView& view = views_[i];
    if (batch.left[which[i]] != 0) {
      // Fragments are never left to a lane.
      [[maybe_unused]] const bool decoded = decoder_.decode_apart(batch.packets[which[i]], view);
      assert(decoded);
    } else {
      view = batch.room[which[i]];
    }
    if (!zones_.empty()) zones_[i] = spread_.zones_of(view);
  }
  return {{views_.data(), which.size()}, {zones_.data(), zones_.empty() ? 0 : which.size()}, which};
}

}  // namespace endreason
