// SPDX-License-Identifier: Apache-2.0
// LiveSource: packets of a network interface as they come, through libpcap. One thread, except
// stop(), which a signal handler may call.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sources/capture_source.hpp"

namespace endreason {

struct LiveOptions {
  std::string interface {};
  std::string bpf{};            // as tcpdump takes it; the kernel drops what it does not take
  std::uint64_t packets = 0;    // ends after so many; 0: when it is stopped
  int buffer_bytes = 16 << 20;  // that the kernel fills while we are at work
};

// What the kernel and the interface lost, as far as they say.
struct LiveDrops {
  std::uint64_t kernel{};      // the buffer was full
  std::uint64_t interface {};  // the card or its driver
};

class LiveSource final : public PacketSource {
 public:
  // Fails for an interface that is none, a filter that is none, and without the right to capture.
  static Result<std::unique_ptr<LiveSource>> open(const LiveOptions& options);
  ~LiveSource() override;

  // Waits for packets, a tenth of a second at most. 0 is the end only when ended() says so.
  std::size_t read(std::span<RawPacket> batch) override;
  bool ended() const { return ended_; }
  // Why it ended, where nobody asked for it; empty otherwise.
  const std::string& failure() const { return failure_; }
  std::span<const CaptureInterface> interfaces() const override { return interfaces_; }
  CaptureCounters counters() const override { return counters_; }
  LiveDrops drops() const;
  void stop() { stopped_.store(true, std::memory_order_relaxed); }

 private:
  struct Handle;
  LiveSource(std::unique_ptr<Handle> handle, const LiveOptions& options);
  void keep(const RawPacket& packet);

  std::unique_ptr<Handle> handle_;
  std::vector<CaptureInterface> interfaces_;
  CaptureCounters counters_;
  std::vector<std::uint8_t> bytes_;  // of the packets last given
  std::span<RawPacket> batch_;       // being filled
  std::size_t filled_ = 0;
  std::uint64_t left_;  // packets until the end
  std::string failure_;
  std::atomic<bool> stopped_{false};
  bool ended_ = false;
};

}  // namespace endreason
