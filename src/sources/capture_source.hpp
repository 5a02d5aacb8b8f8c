// SPDX-License-Identifier: Apache-2.0
// Packets out of a capture: pcap (micro- and nanoseconds, both byte orders, the modified form) and
// pcapng, recognised by content, from any ByteSource (so compressed ones too).
// What can be read is read; what cannot is counted, and named with its place. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/raw_packet.hpp"
#include "sources/byte_source.hpp"

namespace endreason {

struct Taken;  // capture_format.hpp

// True when the first bytes (four are enough) begin a capture that CaptureSource reads.
bool looks_like_capture(std::string_view first_bytes);

struct CaptureInterface {
  std::string name;             // as the capture says (pcapng only), or empty
  std::uint16_t link_type{};    // LINKTYPE number
  std::uint32_t snap_length{};  // 0: no limit, or not known
};

// A place that could not be read.
struct CaptureProblem {
  std::uint64_t offset{};  // in the capture, uncompressed
  std::uint64_t bytes{};   // how many were passed over
  std::string what;        // a sentence without the file's name
};

struct CaptureCounters {
  std::uint64_t packets{};         // given
  std::uint64_t snapped{};         // of these, captured in part
  std::uint64_t captured_bytes{};  // of all packets given
  std::uint64_t problems{};        // places that could not be read
  std::uint64_t lost_bytes{};      // bytes of those places
  std::uint64_t skipped_blocks{};  // pcapng blocks of kinds that hold no packet
};

struct CaptureOptions {
  std::size_t buffer_bytes = std::size_t{256} << 10;  // stays in the second-level cache
  std::size_t buffers = 1;  // packets stay until so many calls of read() later
  // So many threads read in turn, each mostly into memory of its own, which is near to it: see
  // read_as(). Packets stay until the next call then.
  std::size_t readers = 1;
};

// A stream of packets in batches: one capture, or several merged.
class PacketSource {
 public:
  PacketSource() = default;
  PacketSource(const PacketSource&) = delete;
  PacketSource& operator=(const PacketSource&) = delete;
  virtual ~PacketSource() = default;
  // Writes the next packets to the front of `batch` and returns how many; 0 means the end (or an
  // empty batch). Fewer than fit is no sign of the end. Their bytes stay until the next call, or
  // longer where CaptureOptions::buffers says so.
  [[nodiscard]] virtual std::size_t read(std::span<RawPacket> batch) = 0;
  // What RawPacket::interface points into. Grows while reading.
  [[nodiscard]] virtual std::span<const CaptureInterface> interfaces() const = 0;
  [[nodiscard]] virtual CaptureCounters counters() const = 0;
};

inline constexpr std::size_t kCaptureProblemsKept = 100;  // a capture; all of them are counted

class CaptureSource final : public PacketSource {
 public:
  // Reads the capture's header. Fails when the bytes are no capture, naming what they seem to be.
  // `already_read`: bytes that were taken from `bytes` to look at them.
  [[nodiscard]] static Result<std::unique_ptr<CaptureSource>> open(
      std::unique_ptr<ByteSource> bytes, CaptureOptions options = {},
      std::string_view already_read = {});
  ~CaptureSource() override;

  std::size_t read(std::span<RawPacket> batch) override;
  // Who calls read() next, of CaptureOptions::readers.
  void read_as(std::size_t reader);
  // Where it has turns (several readers, and a file as it is stored), a reader may fetch the next
  // part of it beside the others; turns are counted from 0. Then the turns are read in their order:
  // by read_as() who has fetched it, until turn_is_over(). A reader fetches one at a time.
  bool has_turns() const;
  void fetch(std::size_t reader, std::uint64_t turn);  // any thread, beside all but its own calls
  // read() gave nothing because the turn is over, not the capture.
  bool turn_is_over() const { return turn_is_over_; }
  std::span<const CaptureInterface> interfaces() const override;
  CaptureCounters counters() const override;
  // The first kCaptureProblemsKept places that could not be read.
  std::span<const CaptureProblem> problems() const { return problems_; }
  // The bytes themselves could not be had to their end: an error of reading, or compressed data
  // that is damaged or cut. It is among the problems.
  bool source_failed() const { return source_failed_; }
  // The source of the bytes: its name, and how far it has been read.
  const ByteSource& bytes() const;

 private:
  struct Parts;
  explicit CaptureSource(std::unique_ptr<Parts> parts);
  bool find_next_record();
  void pass_over_damage(const Taken& taken);
  void end_of_capture(std::size_t wanted);
  void note(CaptureProblem problem);
  void count(std::span<const RawPacket> batch);

  std::unique_ptr<Parts> parts_;
  std::vector<CaptureProblem> problems_;
  CaptureCounters counters_;
  bool ended_ = false;
  bool turn_is_over_ = false;
  bool source_failed_ = false;
};

}  // namespace endreason
