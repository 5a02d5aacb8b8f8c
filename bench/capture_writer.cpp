// SPDX-License-Identifier: Apache-2.0
#include "capture_writer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace endreason::bench {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
constexpr std::size_t kPacketBytesMax = std::size_t{1} << 19;

void write_out(const std::uint8_t* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      std::fprintf(stderr, "generate_capture: writing failed: %s\n", std::strerror(errno));
      std::exit(4);
    }
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

}  // namespace

CaptureWriter::CaptureWriter() : buffer_(kFlushBytes + kPacketBytesMax) {
  put32(0xa1b2c3d4);
  put32(2 | 4u << 16);  // version 2.4, low half first
  put32(0);
  put32(0);
  put32(262'144);
  put32(1);  // Ethernet
}

// The machine's own order: readers tell by the magic number.
void CaptureWriter::put32(std::uint32_t value) {
  std::memcpy(buffer_.data() + used_, &value, sizeof value);
  used_ += sizeof value;
}

std::span<std::uint8_t> CaptureWriter::add(std::int64_t time_us, std::uint32_t captured,
                                           std::uint32_t wire) {
  if (captured > kPacketBytesMax - 16) {
    std::fprintf(stderr, "generate_capture: a packet of %u bytes is too long\n", captured);
    std::exit(4);
  }
  if (used_ >= kFlushBytes) {
    write_out(buffer_.data(), used_);
    used_ = 0;
  }
  put32(static_cast<std::uint32_t>(time_us / 1'000'000));
  put32(static_cast<std::uint32_t>(time_us % 1'000'000));
  put32(captured);
  put32(wire);
  const std::span room(buffer_.data() + used_, captured);
  used_ += captured;
  ++packets_;
  bytes_ += wire;
  return room;
}

void CaptureWriter::finish() {
  write_out(buffer_.data(), used_);
  used_ = 0;
}

}  // namespace endreason::bench
