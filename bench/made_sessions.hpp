// SPDX-License-Identifier: Apache-2.0
// Captures of made-up TCP sessions for benchmarks: `churn` and `concurrent`. Checksums are right,
// sequence numbers and handshakes too; the payload is zeros. The same bytes for the same arguments.
#pragma once

#include <cstdint>

#include "capture_writer.hpp"

namespace endreason::bench {

// Short sessions of eight packets (SYN, SYN-ACK, ACK, request, answer, FIN both ways, ACK), 10,000
// begun a second of capture time, `at_once` of them going on at a time.
struct ChurnSettings {
  std::uint32_t sessions = 1'000'000;
  std::uint32_t at_once = 1'000;
  std::uint64_t seed = 1;
};
void write_churn(const ChurnSettings& settings, CaptureWriter& out);

// Sessions that are all open at the end: of eight packets each (SYN, SYN-ACK, ACK, five with data),
// in order within a session, the next packet's session drawn at random from all. The capture takes
// two seconds, less than the shortest timer, so that none ends before its next packet.
struct ConcurrentSettings {
  std::uint32_t sessions = 1'000'000;
  std::uint64_t seed = 1;
};
void write_concurrent(const ConcurrentSettings& settings, CaptureWriter& out);

}  // namespace endreason::bench
