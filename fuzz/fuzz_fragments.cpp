// SPDX-License-Identifier: Apache-2.0
// Any sequence of fragments, of IPv4 and IPv6, of a few datagrams at a time, against a small
// reassembler. What a fragment holds follows from its datagram and place, so that what was put
// together can be judged byte by byte; fragments must be accounted for after each packet, and the
// limits must hold.
//
// Six bytes a fragment: datagram and kind, place (two), length, flags, step of time.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "decode/decoder.hpp"

namespace {

using namespace endreason;

constexpr std::size_t kBytesAFragment = 6;
constexpr std::uint8_t kProtocolInside = 253;  // for experiments (RFC 3692): no header to read

void require(bool holds) {
  if (!holds) std::abort();
}

struct Fragment {
  std::uint8_t datagram;  // which of eight; also its identification
  bool v6, more, damaged;
  std::uint16_t place;  // in bytes, a multiple of eight
  std::uint16_t length;
};

Fragment fragment_of(const std::uint8_t* b) {
  Fragment f{};
  f.datagram = b[0] & 7;
  f.v6 = (b[0] & 8) != 0;
  // Mostly near the beginning, so that wholes come about; at times anywhere.
  const unsigned unit = (b[0] & 0x30) == 0x30 ? (b[1] | b[2] << 8) & 0x1fff : b[1] & 15;
  f.place = static_cast<std::uint16_t>(unit * 8);
  f.more = (b[4] & 1) != 0;
  f.damaged = (b[4] & 0xf0) == 0xf0;
  f.length = f.more && !f.damaged ? static_cast<std::uint16_t>((b[3] & 31) * 8) : b[3];
  return f;
}

// The byte of a datagram at a place.
std::uint8_t content(const Fragment& f, std::size_t at) {
  return static_cast<std::uint8_t>(at * 31 + f.datagram * 7u + (at >> 8));
}

void put16(std::uint8_t* at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

std::vector<std::uint8_t> packet_of(const Fragment& f) {
  const std::size_t header = f.v6 ? 48 : 20;
  std::vector<std::uint8_t> bytes(header + f.length);
  std::uint8_t* const at = bytes.data();
  if (f.v6) {
    at[0] = 0x60;
    put16(at + 4, 8u + f.length);
    at[6] = 44;
    at[23] = at[39] = 1;
    at[40] = kProtocolInside;
    put16(at + 42, f.place | (f.more ? 1u : 0u));
    at[47] = f.datagram;
  } else {
    at[0] = 0x45;
    put16(at + 2, bytes.size());
    at[5] = f.datagram;
    put16(at + 6, f.place / 8u | (f.more ? 0x2000u : 0u));
    at[9] = kProtocolInside;
    at[15] = at[19] = 1;
  }
  for (std::size_t i = 0; i < f.length; ++i) at[header + i] = content(f, f.place + i);
  return bytes;
}

void judge_whole(const Fragment& last, const PacketView& view) {
  require(view.fragment && view.packets >= 2 && view.packets <= 16);
  require(view.payload_captured == view.payload_length);
  for (std::uint32_t i = 0; i < view.payload_captured; ++i)
    require(view.payload[i] == content(last, i));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  DecodeOptions options;
  options.fragments.packets = 5;
  options.fragments.fragments_each = 16;
  options.fragments.bytes = 24 * kFragmentBlockBytes;
  options.fragments.wholes_bytes = 128 << 10;
  Decoder decoder(options);
  RawPacket packet;
  packet.link_type = 101;
  std::uint64_t whole = 0, given = 0;
  for (std::size_t at = 0; at + kBytesAFragment <= size; at += kBytesAFragment) {
    const Fragment f = fragment_of(data + at);
    const std::vector<std::uint8_t> bytes = packet_of(f);
    packet.bytes = bytes;
    packet.wire_length = static_cast<std::uint32_t>(bytes.size());
    packet.time_ns += std::int64_t{data[at + 5]} * 200'000'000;
    PacketView view;
    decoder.decode(packet, view);
    given += f.more || f.place != 0;
    if (view.status == DecodeStatus::Ok && view.packets > 1) {
      ++whole;
      judge_whole(f, view);
    }
    const FragmentCounters& c = decoder.fragments();
    require(c.fragments == given && c.whole == whole);
    require(c.fragments == c.joined + c.expired + c.malformed + c.limited + c.held);
    require(c.held <= 5 * 16);
  }
  decoder.expire_fragments(packet.time_ns + 3'600'000'000'000);
  require(decoder.fragments().held == 0);
  return 0;
}
