// SPDX-License-Identifier: Apache-2.0
// DpiEngine: the inspection library (libndpi) behind a narrow door. In: one IP packet of a flow.
// Out: the library's protocol numbers, only when the content decided; guesses by port or address
// are left out; a few protocols (NTP, RADIUS, RDP over UDP) it knows by the port and a small mark
// in the content together. What one flow taught is forgotten before the next packet, so that the
// answer does not depend on which flows a thread happens to see. One per thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

struct DpiAnswer {
  std::uint16_t carrier{};  // 0: none
  std::uint16_t app{};      // 0: not known
  bool more_possible{};     // further packets may name what is inside
  bool excluded{};          // nothing is left that could match
  std::string_view host;    // SNI, Host header or queried name; lives as long as the flow's state
};

class DpiEngine {
 public:
  // Fails when the library that is installed is not the one this was built for.
  static Result<std::unique_ptr<DpiEngine>> make();
  ~DpiEngine();
  DpiEngine(const DpiEngine&) = delete;
  DpiEngine& operator=(const DpiEngine&) = delete;

  // Bytes and alignment of one flow's state; its memory belongs to the caller.
  static std::size_t flow_bytes();
  static constexpr std::size_t kFlowAlignment = 64;

  // Makes raw bytes the state of a new flow. `handshake_seen`: TCP, and it is over.
  void begin(std::byte* flow, bool handshake_seen);
  // `packet` starts at the IP header; its lengths must agree with the bytes given.
  DpiAnswer inspect(std::byte* flow, std::span<const std::uint8_t> packet, std::int64_t time_ms);
  // What can be said when no more packets come. Never a guess by port or address.
  DpiAnswer conclude(std::byte* flow);
  // Frees what the library hung onto the state; begin() makes it usable again.
  void end(std::byte* flow);

  // Names of all protocols, by number.
  std::vector<std::string> protocol_names() const;

 private:
  struct Library;
  explicit DpiEngine(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

}  // namespace endreason
