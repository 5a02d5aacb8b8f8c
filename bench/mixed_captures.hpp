// SPDX-License-Identifier: Apache-2.0
// The `mix` capture for benchmarks: real captures, each repeated with other client addresses and
// all of them interleaved over a time, so that thousands of real sessions of every kind go on at
// once. The same bytes for the same captures and arguments.
//
// Which captures: every Ethernet capture below the folder that can be read to its end without
// damage, of 10 to 4,000 packets and at most an hour, in the order of their paths; those of a
// larger size or a longer time would make a mix of a few captures only.
//
// A copy's clients have other addresses: 15 bits of the address of the side that sent the first
// packet between two hosts are exchanged for the number of capture and copy, at the outer IPv4 or
// IPv6 header; checksums of IP, TCP and UDP follow. Each copy begins at a random moment.
#pragma once

#include <cstdint>
#include <string>

#include "capture_writer.hpp"

namespace endreason::bench {

struct MixSettings {
  std::string folder;
  std::uint32_t copies = 46;
  std::uint32_t seconds = 600;
  std::uint64_t seed = 1;
};
void write_mix(const MixSettings& settings, CaptureWriter& out);

}  // namespace endreason::bench
