// SPDX-License-Identifier: Apache-2.0
// Several captures as one stream in the order of time. Packets of one capture keep their order even
// where its times go back; packets of the same time come in the order of the captures given.
// Interfaces are numbered anew, through all captures. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sources/capture_source.hpp"

namespace endreason {

class CaptureMerge final : public PacketSource {
 public:
  explicit CaptureMerge(std::vector<std::unique_ptr<CaptureSource>> captures);
  ~CaptureMerge() override;

  std::size_t read(std::span<RawPacket> batch) override;
  // See CaptureSource.
  void read_as(std::size_t reader) {
    for (const auto& capture : captures_) capture->read_as(reader);
  }
  // See CaptureSource; of a single capture.
  bool has_turns() const { return captures_.size() == 1 && captures_.front()->has_turns(); }
  void fetch(std::size_t reader, std::uint64_t turn) { captures_.front()->fetch(reader, turn); }
  bool turn_is_over() const { return captures_.size() == 1 && captures_.front()->turn_is_over(); }
  std::span<const CaptureInterface> interfaces() const override { return interfaces_; }
  // Sums over the captures. `packets` counts those read from the captures, which are up to a batch
  // a capture more than were given.
  CaptureCounters counters() const override;
  // For their names and problems.
  std::span<const std::unique_ptr<CaptureSource>> captures() const { return captures_; }

 private:
  struct Lane;
  bool later(std::uint32_t a, std::uint32_t b) const;
  void read_from(std::uint32_t lane, std::span<RawPacket> batch);
  void refill(std::uint32_t lane);
  void renumber(Lane& lane, std::span<RawPacket> packets);

  std::vector<std::unique_ptr<CaptureSource>> captures_;
  std::vector<Lane> lanes_;
  std::vector<std::uint32_t> heap_;   // lanes that have packets, the earliest first
  std::vector<std::uint32_t> empty_;  // lanes to refill before anything else is given
  std::vector<CaptureInterface> interfaces_;
};

}  // namespace endreason
