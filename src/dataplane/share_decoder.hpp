// SPDX-License-Identifier: Apache-2.0
// ShareDecoder: the packets of one lane -> views, some at a time, so that a view is made by the
// thread that uses it, and is still near then. What PacketSpread had to decode already comes from
// there. One thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/packet_spread.hpp"
#include "decode/decoder.hpp"
#include "model/packet_view.hpp"
#include "session/session_table.hpp"

namespace endreason {

class ShareDecoder {
 public:
  static constexpr std::size_t kMost = 128;  // views that stay in the first cache

  // Both outlive it.
  ShareDecoder(const EngineOptions& options, const PacketSpread& spread);

  // The first of these packets of a batch, kMost at most, by their numbers; the next ones are
  // fetched ahead. The share stays until the next call.
  PacketShare decode(const PacketBatch& batch, std::span<const std::uint32_t> which);

 private:
  const PacketSpread& spread_;
  Decoder decoder_;
  std::vector<PacketView> views_;
  std::vector<PacketZones> zones_;  // empty: there is one zone
};

}  // namespace endreason
