// SPDX-License-Identifier: Apache-2.0
// LiveCapture: a network interface as the input of a run; ended by SIGINT, SIGTERM or a number of
// packets. One at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "sources/live_source.hpp"

namespace endreason {

class LiveCapture {
 public:
  static Result<std::unique_ptr<LiveCapture>> open(const LiveOptions& options);
  // Goes on as the user who called sudo, or as nobody, where the program runs as root: the
  // interface is open, nothing that follows needs such rights, and packets are hostile.
  static Result<void> give_up_rights();
  ~LiveCapture();
  LiveCapture(const LiveCapture&) = delete;
  LiveCapture& operator=(const LiveCapture&) = delete;

  // What came within a tenth of a second, perhaps nothing. Ends with ended().
  std::span<const RawPacket> read();
  bool ended() const { return source_->ended(); }
  const LiveSource& source() const { return *source_; }
  // The clock of the packets, as far behind the system's as packets may still be on their way.
  static std::int64_t now_ns();

 private:
  explicit LiveCapture(std::unique_ptr<LiveSource> source);

  std::unique_ptr<LiveSource> source_;
  std::vector<RawPacket> batch_;
};

}  // namespace endreason
