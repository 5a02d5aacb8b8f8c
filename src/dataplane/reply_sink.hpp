// SPDX-License-Identifier: Apache-2.0
// ReplySink: takes the packets that the firewall sends itself, in the order of their causes.
#pragma once

#include <cstdint>
#include <span>

namespace endreason {

class ReplySink {
 public:
  virtual ~ReplySink() = default;
  // An IP packet without link layer, at the time of the packet that gave rise to it. Called by the
  // thread that calls the engine; the bytes die with the call.
  virtual void on_reply(std::int64_t time_ns, std::span<const std::uint8_t> packet) = 0;
};

}  // namespace endreason
