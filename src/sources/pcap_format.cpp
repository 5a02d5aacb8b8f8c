// SPDX-License-Identifier: Apache-2.0
// The pcap file format, as draft-ietf-opsawg-pcap and pcap-savefile(5) describe it: a header of 24
// bytes, then records of 16 (modified form: 24) bytes of header and the captured bytes.
#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "base/byte_order.hpp"
#include "sources/capture_format.hpp"

namespace endreason {
namespace {

// The magic number in the order of the machine that wrote the file.
struct PcapKind {
  std::uint32_t magic;
  std::uint32_t fraction_ns;   // nanoseconds in a unit of the second time field
  std::uint32_t header_bytes;  // of a record
};
constexpr auto kPcapKinds = std::to_array<PcapKind>({
    {0xa1b2c3d4, 1'000, 16},
    {0xa1b23c4d, 1, 16},
    // Written by a libpcap that A. Kuznetzov patched (Linux distributions around 2000): interface
    // index, protocol and packet type follow the usual fields.
    {0xa1b2cd34, 1'000, 24},
});

constexpr std::size_t kFileHeaderBytes = 24;
constexpr std::size_t kSnapLengthAt = 16;
constexpr std::size_t kNetworkAt = 20;
// The upper bits of the network field tell about frame check sequences, not about the link type.
constexpr std::uint32_t kLinkTypeMask = 0x03ffffff;
constexpr std::uint32_t kNoLinkType = 0xffff;  // stands for numbers that no link type has

constexpr std::uint64_t kSecondNs = 1'000'000'000;
// Behind damage, a record is believed when its time lies this near to the last one's.
constexpr std::uint32_t kNearSeconds = 7 * 24 * 3600;

struct RecordHeader {
  std::uint32_t seconds, fraction, captured, length;
};

template <bool Swapped>
RecordHeader load_header(const std::uint8_t* from) {
  const auto at = [from](std::size_t i) {
    const auto v = load_native<std::uint32_t>(from + i);
    return Swapped ? swap_bytes(v) : v;
  };
  return {at(0), at(4), at(8), at(12)};
}

template <bool Swapped>
class PcapFormat final : public CaptureFormat {
 public:
  PcapFormat(const PcapKind& kind, std::uint32_t network, std::uint32_t snap_length)
      : kind_(kind), link_type_(static_cast<std::uint16_t>(std::min(network, kNoLinkType))) {
    interfaces.push_back({"", link_type_, snap_length});
  }

  Taken take(CaptureWindow& window, std::span<RawPacket> batch) override {
    const auto bytes = window.bytes();
    std::size_t at = 0;
    Taken taken;
    while (taken.count < batch.size()) {
      const std::size_t left = bytes.size() - at;
      if (left < kind_.header_bytes) {
        taken.wanted = kind_.header_bytes;
        break;
      }
      const RecordHeader header = load_header<Swapped>(bytes.data() + at);
      if (header.captured > kPacketBytesMax) [[unlikely]] {
        taken.damaged = true;
        taken.damage = "a record of impossible length";
        break;
      }
      const std::size_t record = std::size_t{kind_.header_bytes} + header.captured;
      if (left < record) {
        taken.wanted = record;
        break;
      }
      RawPacket& packet = batch[taken.count++];
      packet.time_ns = static_cast<std::int64_t>(
          header.seconds * kSecondNs + std::uint64_t{header.fraction} * kind_.fraction_ns);
      packet.bytes = bytes.subspan(at + kind_.header_bytes, header.captured);
      packet.wire_length = std::max(header.length, header.captured);
      packet.link_type = link_type_;
      packet.interface = 0;
      last_seconds_ = header.seconds;
      at += record;
    }
    window.advance(at);
    return taken;
  }

  std::size_t find_record(std::span<const std::uint8_t> bytes, bool ended) const override {
    for (std::size_t at = 0; at + kind_.header_bytes <= bytes.size(); ++at) {
      const std::size_t next = record_at(bytes, at);
      if (next == 0) continue;
      // One header may look right by chance; the next one behind it must too.
      if (next + kind_.header_bytes <= bytes.size() ? record_at(bytes, next) > 0
                                                    : ended && next == bytes.size())
        return at;
    }
    return bytes.size();
  }

 private:
  // Where the record that begins at `at` ends, when it can be one; otherwise 0.
  std::size_t record_at(std::span<const std::uint8_t> bytes, std::size_t at) const {
    const RecordHeader header = load_header<Swapped>(bytes.data() + at);
    if (header.captured == 0 || header.captured > header.length) return 0;
    if (header.length > kPacketBytesMax) return 0;
    if (std::uint64_t{header.fraction} * kind_.fraction_ns >= kSecondNs) return 0;
    const std::uint32_t before = header.seconds < last_seconds_ ? last_seconds_ - header.seconds
                                                                : header.seconds - last_seconds_;
    if (last_seconds_ != 0 && before > kNearSeconds) return 0;
    return at + kind_.header_bytes + header.captured;
  }

  PcapKind kind_;
  std::uint16_t link_type_;
  std::uint32_t last_seconds_ = 0;
};

const PcapKind* kind_of(std::uint32_t magic) {
  for (const PcapKind& kind : kPcapKinds)
    if (kind.magic == magic) return &kind;
  return nullptr;
}

}  // namespace

bool looks_like_pcap(std::string_view first_bytes) {
  if (first_bytes.size() < 4) return false;
  const auto magic = load_native<std::uint32_t>(first_bytes.data());
  return kind_of(magic) != nullptr || kind_of(swap_bytes(magic)) != nullptr;
}

Result<std::unique_ptr<CaptureFormat>> make_pcap_format(CaptureWindow& window) {
  const auto bytes = window.bytes();
  if (bytes.size() < kFileHeaderBytes)
    return fail(Error::Code::Input,
                fmt::format("{}: the capture ends inside its header, after {} bytes: it was cut "
                            "short, or is still being written",
                            window.source().name(), bytes.size()));
  const auto magic = load_native<std::uint32_t>(bytes.data());
  const PcapKind* kind = kind_of(magic);
  const bool swapped = kind == nullptr;
  if (swapped) kind = kind_of(swap_bytes(magic));
  const auto field = [&](std::size_t at) {
    const auto v = load_native<std::uint32_t>(bytes.data() + at);
    return swapped ? swap_bytes(v) : v;
  };
  const std::uint32_t network = field(kNetworkAt) & kLinkTypeMask;
  const std::uint32_t snap_length = field(kSnapLengthAt);
  window.advance(kFileHeaderBytes);
  if (swapped) return std::make_unique<PcapFormat<true>>(*kind, network, snap_length);
  return std::make_unique<PcapFormat<false>>(*kind, network, snap_length);
}

}  // namespace endreason
