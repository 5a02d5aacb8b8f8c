// SPDX-License-Identifier: Apache-2.0
// What one capture format does: records out of the bytes of a window. Internal to this room.
// One object a capture; called once a batch, hence virtual.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/raw_packet.hpp"
#include "sources/capture_source.hpp"
#include "sources/capture_window.hpp"

namespace endreason {

// Longest packet that is believed. Captures of networks keep at most 262,144 bytes of a packet (the
// snapshot length that tcpdump asks for); four times that leaves room for oddities.
inline constexpr std::uint32_t kPacketBytesMax = 1 << 20;
// Longest record or block that must be seen whole, and the longest header that says what one is.
// Other blocks are passed over at any length.
inline constexpr std::uint32_t kRecordBytesMax = kPacketBytesMax + (64 << 10);
inline constexpr std::uint32_t kRecordHeaderBytesMax = 32;

// What taking a batch ended with.
struct Taken {
  std::size_t count = 0;      // packets written to the batch
  std::size_t wanted = 0;     // bytes the window must have to go on; 0: the batch is full
  bool damaged = false;       // the record at the window's front cannot be one
  std::string_view damage{};  // what is wrong with it
  std::uint64_t damaged_bytes =
      0;  // its length, where that is certain; 0: a next one must be found
};

class CaptureFormat {
 public:
  virtual ~CaptureFormat() = default;
  // Fills the batch from the window's bytes, never reading more of them from the source.
  virtual Taken take(CaptureWindow& window, std::span<RawPacket> batch) = 0;
  // How far behind the front of `bytes` a record begins that can be one; bytes.size() when none
  // does as far as can be told. `ended`: nothing comes behind the bytes.
  virtual std::size_t find_record(std::span<const std::uint8_t> bytes, bool ended) const = 0;
  std::vector<CaptureInterface> interfaces;
  std::uint64_t skipped_blocks = 0;  // parts of kinds that hold no packet
};

// Their headers have been recognised, and lie at the front of the window.
Result<std::unique_ptr<CaptureFormat>> make_pcap_format(CaptureWindow& window);
Result<std::unique_ptr<CaptureFormat>> make_pcapng_format(CaptureWindow& window);
bool looks_like_pcap(std::string_view first_bytes);
bool looks_like_pcapng(std::string_view first_bytes);

}  // namespace endreason
