// SPDX-License-Identifier: Apache-2.0
// The pcapng format, as draft-ietf-opsawg-pcapng describes it: sections of blocks, each section in
// the byte order of the machine that wrote it. Interfaces are numbered through the whole capture
// here, so that those of different sections stay apart.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/byte_order.hpp"
#include "sources/capture_format.hpp"

namespace endreason {
namespace {

// Block types (section 11.1 of the draft).
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;  // the same in both byte orders
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kKnownTypesEnd = 13;  // 4 name resolution, 5 statistics, ... 12 custom

constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;

constexpr std::uint32_t kCustom = 0x0bad, kCustomUncopied = 0x40000bad;
constexpr std::uint32_t kLongBlockBytesMax = 256 << 20;  // more is damage, whatever its type

// Blocks without packets that may be long: names, statistics, journals, secrets, custom.
constexpr bool may_be_long(std::uint32_t type) {
  return (type > kSimplePacket && type < kKnownTypesEnd && type != kEnhancedPacket) ||
         type == kCustom || type == kCustomUncopied;
}

constexpr std::string_view kTooShort = "a packet block that is too short";
constexpr std::string_view kNoInterface = "a packet of an interface that was not described";

// Block layouts, offsets from the block's first byte.
constexpr std::size_t kBlockFrameBytes = 12;  // type and length before, length behind
constexpr std::size_t kSectionBytesMin = 28;
constexpr std::size_t kInterfaceBytesMin = 20;
constexpr std::size_t kPacketDataAt = 28;  // of the enhanced and of the obsolete block
constexpr std::size_t kSimpleDataAt = 12;

// Packets and descriptions are no longer than this.
constexpr std::uint32_t kBlockBytesMax = kRecordBytesMax;

constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionName = 2;        // if_name
constexpr std::uint16_t kOptionResolution = 9;  // if_tsresol
constexpr std::uint16_t kOptionOffset = 14;     // if_tsoffset, seconds

constexpr std::size_t kInterfacesMax = 65'535;  // RawPacket numbers them in 16 bits

constexpr std::uint64_t kSecondNs = 1'000'000'000;

// Turns an interface's time stamps into nanoseconds.
struct TimeScale {
  std::uint64_t multiplier = 1'000;  // nanoseconds in a unit; 0: use units_in_second or shift
  std::uint64_t units_in_second = 1'000'000;
  unsigned binary_shift = 0;  // units are 2^-shift seconds
  std::int64_t offset_s = 0;

  std::int64_t to_ns(std::uint64_t units) const {
    std::uint64_t ns = 0;
    if (multiplier != 0) [[likely]] {
      ns = units * multiplier;
    } else if (binary_shift != 0) {
      ns = binary_to_ns(units);
    } else {  // finer than nanoseconds
      ns = units / (units_in_second / kSecondNs);
    }
    // Unsigned, because a hostile stamp may be anything: it wraps, and harms nothing.
    return static_cast<std::int64_t>(ns + static_cast<std::uint64_t>(offset_s) * kSecondNs);
  }

  std::uint64_t binary_to_ns(std::uint64_t units) const {
    const std::uint64_t seconds = binary_shift > 63 ? 0 : units >> binary_shift;
    std::uint64_t part =
        binary_shift > 63 ? units : units & ((std::uint64_t{1} << binary_shift) - 1);
    unsigned shift = binary_shift;
    if (shift > 34) {  // 2^34 * 10^9 is the largest product that fits 64 bits
      part = shift - 34 > 63 ? 0 : part >> (shift - 34);
      shift = 34;
    }
    return seconds * kSecondNs + ((part * kSecondNs) >> shift);
  }

  // if_tsresol: a negative power of ten, or of two when the top bit is set.
  static TimeScale from_resolution(std::uint8_t resolution) {
    TimeScale scale;
    const unsigned power = resolution & 0x7f;
    if ((resolution & 0x80) != 0 && power != 0) {
      scale.multiplier = 0;
      scale.binary_shift = power;
      return scale;
    }
    if (power <= 9 || (resolution & 0x80) != 0) {
      scale.multiplier = kSecondNs;
      for (unsigned i = 0; i < power; ++i) scale.multiplier /= 10;
      return scale;
    }
    scale.multiplier = 0;
    scale.units_in_second = kSecondNs;
    for (unsigned i = 9; i < std::min(power, 19u); ++i) scale.units_in_second *= 10;
    return scale;
  }
};

struct InterfaceClock {
  TimeScale scale;
  std::uint16_t link_type{};
  std::uint32_t snap_length{};
};

class PcapngFormat final : public CaptureFormat {
 public:
  Taken take(CaptureWindow& window, std::span<RawPacket> batch) override;
  std::size_t find_record(std::span<const std::uint8_t> bytes, bool ended) const override;

 private:
  // Whether the block was used up, needs more bytes, or cannot be one.
  enum class Step : std::uint8_t { Used, Packet, NeedsMore, Damaged };
  struct Block {
    std::span<const std::uint8_t> bytes;  // whole
    std::uint32_t type{};
  };

  std::uint16_t u16(const std::uint8_t* p) const {
    const auto v = load_native<std::uint16_t>(p);
    return swapped_ ? swap_bytes(v) : v;
  }
  std::uint32_t u32(const std::uint8_t* p) const {
    const auto v = load_native<std::uint32_t>(p);
    return swapped_ ? swap_bytes(v) : v;
  }
  std::uint64_t time_units(const std::uint8_t* p) const {
    return std::uint64_t{u32(p)} << 32 | u32(p + 4);
  }

  Step step(std::span<const std::uint8_t> bytes, RawPacket& packet);
  Step begin_section(std::span<const std::uint8_t> bytes);
  Step use_block(const Block& block, RawPacket& packet);
  Step packet_block(const Block& block, std::uint32_t number, RawPacket& packet);
  Step simple_packet(const Block& block, RawPacket& packet);
  void describe_interface(const Block& block);
  void read_options(std::span<const std::uint8_t> options, TimeScale& scale, std::string& name);
  Step skip(std::size_t length) {
    ++skipped_blocks;
    length_ = length;
    return Step::Used;
  }
  // The block is sound, its content is not.
  Step unusable(std::string_view why) {
    damage_ = why;
    damaged_bytes_ = length_;
    return Step::Damaged;
  }
  bool block_at(std::span<const std::uint8_t> bytes) const;

  bool swapped_ = false;
  std::size_t section_begin_ = 0;       // number of this section's first interface
  std::vector<InterfaceClock> clocks_;  // beside `interfaces`
  std::int64_t last_time_ns_ = 0;
  // Of the last step:
  std::uint64_t length_ = 0;  // bytes of the block
  std::size_t wanted_ = 0;    // bytes needed, for NeedsMore
  std::string_view damage_;   // for Damaged
  std::uint64_t damaged_bytes_ = 0;
};

Taken PcapngFormat::take(CaptureWindow& window, std::span<RawPacket> batch) {
  auto bytes = window.bytes();
  Taken taken;
  std::uint64_t used = 0;
  while (taken.count < batch.size()) {
    const Step outcome = step(bytes, batch[taken.count]);
    if (outcome == Step::NeedsMore) {
      taken.wanted = wanted_;
      break;
    }
    if (outcome == Step::Damaged) {
      taken.damaged = true;
      taken.damage = damage_;
      taken.damaged_bytes = damaged_bytes_;
      break;
    }
    taken.count += outcome == Step::Packet;
    used += length_;
    // A block that is passed over may reach behind what is here.
    bytes = bytes.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(length_, bytes.size())));
  }
  window.advance(used);
  return taken;
}

PcapngFormat::Step PcapngFormat::step(std::span<const std::uint8_t> bytes, RawPacket& packet) {
  wanted_ = kBlockFrameBytes;
  damaged_bytes_ = 0;
  if (bytes.size() < kBlockFrameBytes) return Step::NeedsMore;
  const std::uint32_t type = u32(bytes.data());
  if (type == kSectionHeader) [[unlikely]]
    return begin_section(bytes);
  const std::uint32_t stated = u32(bytes.data() + 4);
  damage_ = "a block of impossible length";
  if (stated < kBlockFrameBytes || stated > UINT32_MAX - 3) return Step::Damaged;
  const std::size_t length = (std::size_t{stated} + 3) & ~std::size_t{3};  // some leave out padding
  if (length > kBlockBytesMax)
    return may_be_long(type) && length <= kLongBlockBytesMax ? skip(length) : Step::Damaged;
  if (bytes.size() < length) {
    wanted_ = length;
    return Step::NeedsMore;
  }
  damage_ = "a block that gives its length differently at its two ends";
  if (u32(bytes.data() + length - 4) != stated) return Step::Damaged;
  length_ = length;
  return use_block({bytes.first(length), type}, packet);
}

PcapngFormat::Step PcapngFormat::begin_section(std::span<const std::uint8_t> bytes) {
  const auto magic = load_native<std::uint32_t>(bytes.data() + 8);
  damage_ = "a section header without its byte-order mark";
  if (magic != kByteOrderMagic && magic != swap_bytes(kByteOrderMagic)) return Step::Damaged;
  swapped_ = magic != kByteOrderMagic;
  const std::uint32_t length = u32(bytes.data() + 4);
  damage_ = "a section header of impossible length";
  if (length < kSectionBytesMin || length > kBlockBytesMax || length % 4 != 0) return Step::Damaged;
  section_begin_ = interfaces.size();
  length_ = length;
  return Step::Used;
}

PcapngFormat::Step PcapngFormat::use_block(const Block& block, RawPacket& packet) {
  const std::uint8_t* const at = block.bytes.data();
  const std::size_t size = block.bytes.size();
  switch (block.type) {
    case kEnhancedPacket:
      if (size < kPacketDataAt + 4) return unusable(kTooShort);
      return packet_block(block, u32(at + 8), packet);
    case kObsoletePacket:  // a 16-bit interface number, then the count of drops
      if (size < kPacketDataAt + 4) return unusable(kTooShort);
      return packet_block(block, u16(at + 8), packet);
    case kSimplePacket:
      if (size < kSimpleDataAt + 4) return unusable(kTooShort);
      return simple_packet(block, packet);
    case kInterfaceDescription:
      if (size < kInterfaceBytesMin) return unusable("an interface description that is too short");
      describe_interface(block);
      return Step::Used;
    default:
      return skip(size);
  }
}

PcapngFormat::Step PcapngFormat::packet_block(const Block& block, std::uint32_t number,
                                              RawPacket& packet) {
  const std::uint8_t* const at = block.bytes.data();
  const std::size_t index = section_begin_ + number;
  const std::uint32_t captured = u32(at + 20);
  if (index >= clocks_.size()) [[unlikely]]
    return unusable(kNoInterface);
  if (captured > block.bytes.size() - kPacketDataAt - 4) [[unlikely]]
    return unusable("a packet longer than its block");
  const InterfaceClock& clock = clocks_[index];
  packet.time_ns = clock.scale.to_ns(time_units(at + 12));
  packet.bytes = block.bytes.subspan(kPacketDataAt, captured);
  packet.wire_length = std::max(u32(at + 24), captured);
  packet.link_type = clock.link_type;
  packet.interface = static_cast<std::uint16_t>(index);
  last_time_ns_ = packet.time_ns;
  return Step::Packet;
}

// Simple packets have no time of their own: they get that of the packet before.
PcapngFormat::Step PcapngFormat::simple_packet(const Block& block, RawPacket& packet) {
  if (section_begin_ >= clocks_.size()) return unusable(kNoInterface);
  const InterfaceClock& clock = clocks_[section_begin_];
  const std::uint32_t length = u32(block.bytes.data() + 8);
  const auto room = static_cast<std::uint32_t>(block.bytes.size() - kSimpleDataAt - 4);
  const std::uint32_t snapped =
      clock.snap_length == 0 ? length : std::min(length, clock.snap_length);
  packet.time_ns = last_time_ns_;
  packet.bytes = block.bytes.subspan(kSimpleDataAt, std::min(snapped, room));
  packet.wire_length = length;
  packet.link_type = clock.link_type;
  packet.interface = static_cast<std::uint16_t>(section_begin_);
  return Step::Packet;
}

void PcapngFormat::describe_interface(const Block& block) {
  const std::uint8_t* const at = block.bytes.data();
  if (clocks_.size() >= kInterfacesMax) {
    ++skipped_blocks;
    return;
  }
  InterfaceClock clock;
  clock.link_type = u16(at + 8);
  clock.snap_length = u32(at + 12);
  std::string name;
  read_options(block.bytes.subspan(16, block.bytes.size() - kInterfaceBytesMin), clock.scale, name);
  clocks_.push_back(clock);
  interfaces.push_back({std::move(name), clock.link_type, clock.snap_length});
}

void PcapngFormat::read_options(std::span<const std::uint8_t> options, TimeScale& scale,
                                std::string& name) {
  std::int64_t offset_s = 0;
  while (options.size() >= 4) {
    const std::uint16_t code = u16(options.data());
    const std::uint16_t size = u16(options.data() + 2);
    if (code == kOptionEnd || size > options.size() - 4) break;
    const std::uint8_t* const value = options.data() + 4;
    if (code == kOptionName) name.assign(reinterpret_cast<const char*>(value), size);
    if (code == kOptionResolution && size >= 1) scale = TimeScale::from_resolution(*value);
    if (code == kOptionOffset && size >= 8) {
      const auto stored = load_native<std::uint64_t>(value);
      offset_s = static_cast<std::int64_t>(swapped_ ? swap_bytes(stored) : stored);
    }
    options = options.subspan(std::min<std::size_t>(options.size(), 4 + ((size + 3u) & ~3u)));
  }
  scale.offset_s = offset_s;
}

// A block that can be told from chance: its type is one of the format's, its length is sane and
// stands at both ends.
bool PcapngFormat::block_at(std::span<const std::uint8_t> bytes) const {
  if (load_native<std::uint32_t>(bytes.data()) == kSectionHeader) {
    const auto magic = load_native<std::uint32_t>(bytes.data() + 8);
    return magic == kByteOrderMagic || magic == swap_bytes(kByteOrderMagic);
  }
  const std::uint32_t type = u32(bytes.data());
  const std::uint32_t length = u32(bytes.data() + 4);
  if (type == 0 || type >= kKnownTypesEnd) return false;
  if (length < kBlockFrameBytes || length > kBlockBytesMax || length % 4 != 0) return false;
  if (length > bytes.size()) return false;
  return u32(bytes.data() + length - 4) == length;
}

std::size_t PcapngFormat::find_record(std::span<const std::uint8_t> bytes, bool) const {
  for (std::size_t at = 0; at + kBlockFrameBytes <= bytes.size(); ++at)
    if (block_at(bytes.subspan(at))) return at;
  return bytes.size();
}

}  // namespace

bool looks_like_pcapng(std::string_view first_bytes) {
  if (first_bytes.size() < 4) return false;
  if (load_native<std::uint32_t>(first_bytes.data()) != kSectionHeader) return false;
  if (first_bytes.size() < kBlockFrameBytes) return true;
  const auto magic = load_native<std::uint32_t>(first_bytes.data() + 8);
  return magic == kByteOrderMagic || magic == swap_bytes(kByteOrderMagic);
}

Result<std::unique_ptr<CaptureFormat>> make_pcapng_format(CaptureWindow&) {
  return std::make_unique<PcapngFormat>();
}

}  // namespace endreason
