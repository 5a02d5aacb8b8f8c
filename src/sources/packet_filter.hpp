// SPDX-License-Identifier: Apache-2.0
// PacketFilter: a BPF filter as tcpdump takes it ("tcp port 443 and host 10.0.0.1"), for packets of
// any link type. Compiled anew for each link type that turns up. One thread at a time: one filter a
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/raw_packet.hpp"

namespace endreason {

class PacketFilter {
 public:
  // Fails for a text that is no filter for any common link type, with the reason and the place.
  [[nodiscard]] static Result<PacketFilter> compile(std::string_view text);
  PacketFilter(PacketFilter&&) noexcept;
  PacketFilter& operator=(PacketFilter&&) noexcept;
  ~PacketFilter();

  // A filter that means nothing for the packet's link type ("ether host" on raw IP) matches none of
  // its packets.
  [[nodiscard]] bool matches(const RawPacket& packet);
  // Keeps those that match, in order, at the front; returns how many.
  [[nodiscard]] std::size_t keep_matching(std::span<RawPacket> batch);
  // What packets could not be judged for, one line a link type; empty when all could.
  [[nodiscard]] std::string problems() const;

 private:
  struct Programs;
  explicit PacketFilter(std::unique_ptr<Programs> programs);
  std::unique_ptr<Programs> programs_;
};

}  // namespace endreason
