// SPDX-License-Identifier: Apache-2.0
// Writes a pcap file (microseconds, Ethernet) to standard output, in large pieces. Ends the program
// with a message when that fails. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace endreason::bench {

class CaptureWriter {
 public:
  CaptureWriter();
  // Room for a packet's bytes, to be filled before the next call.
  std::span<std::uint8_t> add(std::int64_t time_us, std::uint32_t captured, std::uint32_t wire);
  // After the last packet.
  void finish();
  std::uint64_t packets() const { return packets_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void put32(std::uint32_t value);

  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  std::uint64_t packets_ = 0, bytes_ = 0;
};

}  // namespace endreason::bench
