// SPDX-License-Identifier: Apache-2.0
// ShareDecoder: the packets of one lane -> views, some at a time, so that a view is made by the
// thread that uses it, and is still near then. What is not plain was decoded by PacketSpread, and
// comes from there. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/packet_spread.hpp"
#include "decode/plain_views.hpp"
#include "model/packet_view.hpp"
#include "session/session_table.hpp"

namespace endreason {

class ShareDecoder {
 public:
  static constexpr std::size_t kMost = 128;  // views that stay in the first cache

  // Both outlive it.
  ShareDecoder(const EngineOptions& options, const PacketSpread& spread);

  // Some of a lane's packets of a batch, kMost at most, from the first of these on; the next ones
  // are fetched ahead. The share stays until the next call, and as long as the batch does.
  // `not_plain`: the lane's, from the first on; those that came are taken off.
  PacketShare decode(const PacketBatch& batch, std::span<const SpreadPacket> packets,
                     std::span<const NotPlain>& not_plain, std::size_t first);
  // The same of all lanes' packets in their order, from the first that is named on. `taken`: how
  // many of each lane's came before; those given are added.
  PacketShare decode_all(const PacketBatch& batch, std::span<const std::uint8_t> lane_of,
                         std::size_t first, std::span<std::size_t> taken);

 private:
  PacketShare share(std::span<const SpreadPacket> packets);

  const PacketSpread& spread_;
  MakeViews make_views_ = fastest_views();
  struct alignas(64) Views {  // as cache lines are
    std::array<PacketView, kMost> row;
  };
  std::unique_ptr<Views> views_ = std::make_unique<Views>();
  std::vector<SpreadPacket> in_order_;  // of several lanes
  std::vector<PacketZones> zones_;      // empty: there is one zone
};

}  // namespace endreason
