// SPDX-License-Identifier: Apache-2.0
// What to do about packets that made no session or told less than they could: a sentence each, that
// names the counter and the remedy. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "session/session_counters.hpp"
#include "sources/capture_source.hpp"

namespace endreason {

struct PacketsTaken {
  const SessionCounters& counters;
  const CaptureCounters& capture;
  std::span<const CaptureInterface> interfaces;  // of the capture
  std::uint32_t pool = 0;                        // sessions at once
  bool applications = true;                      // are looked for
};

std::vector<std::string> packet_hints(const PacketsTaken& taken);

// The one of them about SessionCounter::FrameInFrame; `n` is not 0.
std::string frames_in_frames_hint(std::uint64_t n);

}  // namespace endreason
