// SPDX-License-Identifier: Apache-2.0
#include "mixed_captures.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "internet_checksum.hpp"
#include "random_stream.hpp"
#include "sources/capture_source.hpp"
#include "sources/input_list.hpp"

namespace endreason::bench {
namespace {

constexpr std::size_t kFewestPackets = 10, kMostPackets = 4'000;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kLongestMicros = 3'600 * kMicrosPerSecond;
constexpr std::int64_t kFirstMicros = 1'773'136'800 * kMicrosPerSecond;  // 2026-03-10 10:00:00 UTC

using Address = std::array<std::uint8_t, 16>;  // IPv4 in the first four bytes

struct Packet {
  std::int64_t time_us;  // since the capture's first
  std::uint32_t wire;
  std::uint32_t address_at = 0;  // of the client's address in the bytes; 0: there is none
  std::uint32_t ip_checksum_at = 0, checksum_at = 0;
  bool ipv6 = false;
  std::vector<std::uint8_t> bytes;
};

// Where the IP header of a packet stands, behind VLAN tags; 0 when there is none.
std::size_t ip_header_at(const std::vector<std::uint8_t>& b) {
  std::size_t at = 12;
  while (at + 6 < b.size()) {
    const unsigned type = b[at] * 256u + b[at + 1];
    if (type == 0x0800 || type == 0x86dd) return at + 2;
    if (type != 0x8100 && type != 0x88a8) return 0;
    at += 4;
  }
  return 0;
}

// Remembers of two hosts which one spoke first.
class Speakers {
 public:
  // True when the source of this packet is the client.
  bool from_client(const Address& src, const Address& dst) {
    const auto pair = std::minmax(src, dst);
    return first_.try_emplace({pair.first, pair.second}, src).first->second == src;
  }

 private:
  std::map<std::pair<Address, Address>, Address> first_;
};

Address address_at(const std::vector<std::uint8_t>& b, std::size_t at, bool ipv6) {
  Address a{};
  std::copy_n(b.begin() + static_cast<std::ptrdiff_t>(at), ipv6 ? 16 : 4, a.begin());
  return a;
}

// Finds the client's address in a packet, and the checksums that cover it.
void find_client(Packet& p, Speakers& speakers) {
  const auto& b = p.bytes;
  const std::size_t ip = ip_header_at(b);
  if (ip == 0) return;
  p.ipv6 = b[ip] >> 4 == 6;
  const std::size_t header = p.ipv6 ? 40 : (b[ip] & 15u) * 4;
  if ((!p.ipv6 && b[ip] >> 4 != 4) || header < 20 || ip + header > b.size()) return;
  const std::size_t src = ip + (p.ipv6 ? 8 : 12), dst = src + (p.ipv6 ? 16 : 4);
  const bool sent = speakers.from_client(address_at(b, src, p.ipv6), address_at(b, dst, p.ipv6));
  p.address_at = static_cast<std::uint32_t>(sent ? src : dst);
  if (!p.ipv6) p.ip_checksum_at = static_cast<std::uint32_t>(ip + 10);
  const bool later_fragment = !p.ipv6 && ((b[ip + 6] & 0x1f) != 0 || b[ip + 7] != 0);
  const std::uint8_t protocol = b[ip + (p.ipv6 ? 6 : 9)];
  const std::size_t place = protocol == 6              ? 16
                            : protocol == 17           ? 6
                            : protocol == 58 && p.ipv6 ? 2
                                                       : 0;
  if (later_fragment || place == 0 || ip + header + place + 2 > b.size()) return;
  const std::size_t at = ip + header + place;
  if (protocol == 17 && b[at] == 0 && b[at + 1] == 0) return;  // UDP without a checksum
  p.checksum_at = static_cast<std::uint32_t>(at);
}

// The packets of one capture, or nothing when it is not one for the mix.
std::vector<Packet> load(const Input& input) {
  auto bytes = open_input(input);
  if (!bytes) return {};
  auto capture = CaptureSource::open(std::move(*bytes));
  if (!capture) return {};
  std::vector<Packet> packets;
  Speakers speakers;
  std::array<RawPacket, 64> batch;
  std::int64_t first_us = 0;
  while (const std::size_t n = (*capture)->read(batch)) {
    for (const RawPacket& raw : std::span(batch).first(n)) {
      if (packets.empty()) first_us = raw.time_ns / 1000;
      Packet p{.time_us = raw.time_ns / 1000 - first_us, .wire = raw.wire_length, .bytes = {}};
      p.bytes.assign(raw.bytes.begin(), raw.bytes.end());
      const bool early = p.time_us < (packets.empty() ? 0 : packets.back().time_us);
      if (raw.link_type != 1 || early || p.time_us > kLongestMicros) return {};
      find_client(p, speakers);
      packets.push_back(std::move(p));
    }
    if (packets.size() > kMostPackets) return {};
  }
  if (packets.size() < kFewestPackets || !(*capture)->problems().empty()) return {};
  return packets;
}

std::vector<std::vector<Packet>> load_all(const std::string& folder) {
  const auto list = list_inputs(std::span(&folder, 1));
  if (!list) {
    std::fprintf(stderr, "generate_capture: %s\n", list.error().message.c_str());
    std::exit(2);
  }
  std::vector<std::vector<Packet>> captures;
  for (const Input& input : list->inputs)
    if (auto packets = load(input); !packets.empty()) captures.push_back(std::move(packets));
  return captures;
}

void change_word(std::uint8_t* bytes, const Packet& p, std::uint32_t at, std::uint16_t by) {
  const auto before = static_cast<std::uint16_t>(bytes[at] * 256u + bytes[at + 1]);
  const auto after = static_cast<std::uint16_t>(before ^ by);
  bytes[at] = static_cast<std::uint8_t>(after >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(after);
  for (const std::uint32_t sum : {p.ip_checksum_at, p.checksum_at}) {
    if (sum == 0) continue;
    const auto old = static_cast<std::uint16_t>(bytes[sum] * 256u + bytes[sum + 1]);
    const std::uint16_t changed = changed_checksum(old, before, after);
    bytes[sum] = static_cast<std::uint8_t>(changed >> 8);
    bytes[sum + 1] = static_cast<std::uint8_t>(changed);
  }
}

// `number` of capture and copy, 1 to 2^15 - 1, goes into the bits 8 to 22 of an IPv4 address: hosts
// of one network stay neighbours, and private addresses private.
void write_copy(const Packet& p, std::uint32_t number, std::int64_t time_us, CaptureWriter& out) {
  const auto size = static_cast<std::uint32_t>(p.bytes.size());
  std::uint8_t* const to = out.add(time_us, size, p.wire).data();
  std::memcpy(to, p.bytes.data(), size);
  if (p.address_at == 0) return;
  const std::uint32_t bits = number << 8;
  if (p.ipv6) {
    change_word(to, p, p.address_at + 4, static_cast<std::uint16_t>(number));
  } else {
    change_word(to, p, p.address_at, static_cast<std::uint16_t>(bits >> 16));
    change_word(to, p, p.address_at + 2, static_cast<std::uint16_t>(bits));
  }
}

struct Turn {
  std::int64_t time_us;
  std::uint32_t capture, copy, packet;
  auto order() const { return std::tuple(time_us, copy, capture, packet); }
};

}  // namespace

void write_mix(const MixSettings& settings, CaptureWriter& out) {
  const std::vector<std::vector<Packet>> captures = load_all(settings.folder);
  RandomStream random(settings.seed);
  std::vector<Turn> turns;
  const std::int64_t whole_us = settings.seconds * kMicrosPerSecond;
  for (std::uint32_t copy = 0; copy < settings.copies; ++copy) {
    for (std::uint32_t capture = 0; capture < captures.size(); ++capture) {
      const auto& packets = captures[capture];
      const std::int64_t span_us = packets.back().time_us;
      // A longer capture is squeezed into the time.
      const std::int64_t squeeze = span_us / whole_us + 1;
      const std::int64_t begin_us =
          static_cast<std::int64_t>(random.next() >> 1) % (whole_us - span_us / squeeze);
      for (std::uint32_t i = 0; i < packets.size(); ++i)
        turns.push_back({begin_us + packets[i].time_us / squeeze, capture, copy, i});
    }
  }
  std::sort(turns.begin(), turns.end(),
            [](const Turn& a, const Turn& b) { return a.order() < b.order(); });
  for (const Turn& turn : turns) {
    const auto number = turn.copy * static_cast<std::uint32_t>(captures.size()) + turn.capture + 1;
    write_copy(captures[turn.capture][turn.packet], number & 0x7fff, kFirstMicros + turn.time_us,
               out);
  }
  std::fprintf(stderr, "%zu captures, %u copies\n", captures.size(), settings.copies);
}

}  // namespace endreason::bench
