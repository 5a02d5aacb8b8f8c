// SPDX-License-Identifier: Apache-2.0
#include "decode/plain_views.hpp"

#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace endreason {
namespace {

// They were written by another thread, as a rule, and are fetched from there.
constexpr std::size_t kAhead = 48;

const PlainPacket& packet_at(const PlainRow& row, std::size_t i) {
  return *reinterpret_cast<const PlainPacket*>(reinterpret_cast<const char*>(row.first) +
                                               i * row.stride);
}

[[gnu::always_inline]] inline void fetch_ahead(const PlainRow& row, std::size_t i) {
  __builtin_prefetch(reinterpret_cast<const char*>(row.first) + (i + kAhead) * row.stride);
}

}  // namespace

void make_views(const PlainRow& row, PacketView* views) {
  for (std::size_t i = 0; i < row.count; ++i) {
    fetch_ahead(row, i);
    view_of(packet_at(row, i), views[i]);
  }
}

#if defined(__x86_64__)

namespace {

// What the blocks of 16 bytes below are made of.
static_assert(sizeof(PacketView) == 128);
static_assert(offsetof(PacketView, src) == 8 && offsetof(PacketView, dst) == 24);
static_assert(offsetof(PacketView, sport) == 40 && offsetof(PacketView, dport) == 42);
static_assert(offsetof(PacketView, protocol) == 44 && offsetof(PacketView, tcp_flags) == 45);
static_assert(offsetof(PacketView, ttl) == 46 && offsetof(PacketView, status) == 47);
static_assert(offsetof(PacketView, seq) == 48 && offsetof(PacketView, ack) == 52);
static_assert(offsetof(PacketView, window) == 56 && offsetof(PacketView, window_scale) == 58);
static_assert(offsetof(PacketView, icmp_type) == 59 && offsetof(PacketView, icmp_code) == 60);
static_assert(offsetof(PacketView, sctp_chunk) == 61 && offsetof(PacketView, vlan) == 62);
static_assert(offsetof(PacketView, interface) == 64 && offsetof(PacketView, ipv6) == 66);
static_assert(offsetof(PacketView, fragment) == 67 && offsetof(PacketView, wire_length) == 68);
static_assert(offsetof(PacketView, ip_length) == 72 && offsetof(PacketView, payload_length) == 76);
static_assert(offsetof(PacketView, payload_captured) == 80);
static_assert(offsetof(PacketView, payload) == 88 && offsetof(PacketView, l3) == 96);
static_assert(offsetof(PacketView, l3_captured) == 104 && offsetof(PacketView, packets) == 108);
static_assert(offsetof(PacketView, tunnel) == 110 && offsetof(PacketView, quoted) == 112);
static_assert(offsetof(PacketView, quoted_length) == 120);
static_assert(static_cast<int>(DecodeStatus::Ok) == 0 && static_cast<int>(TunnelKind::None) == 0);
static_assert(PlainPacket::kScale == 2 && PlainPacket::kWireLength == 28);

__attribute__((target("ssse3"))) void make_views_ssse3(const PlainRow& row, PacketView* views) {
  using namespace plain_bytes;
  constexpr char x = -128;  // a zero
  const __m128i mapped = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, 0, 0);
  const __m128i src = _mm_setr_epi8(x, x, x, x, x, x, x, x, x, x, x, x, 4, 5, 6, 7);
  const __m128i dst = _mm_setr_epi8(x, x, x, x, x, x, x, x, x, x, x, x, 8, 9, 10, 11);
  const __m128i protocol = _mm_set1_epi8(1);
  // Ports, protocol and time to live; flags, sequence numbers. Window, scale, length on the wire.
  const __m128i ports = _mm_setr_epi8(13, 12, 15, 14, 1, x, 0, x, x, x, x, x, x, x, x, x);
  const __m128i flags = _mm_setr_epi8(x, x, x, x, x, 9, x, x, 3, 2, 1, 0, 7, 6, 5, 4);
  const __m128i window = _mm_setr_epi8(11, 10, x, x, x, x, x, x, x, x, x, x, x, x, x, x);
  const __m128i scale = _mm_setr_epi8(x, x, 2, x, x, x, x, x, x, x, x, x, x, x, x, x);
  const __m128i wire = _mm_setr_epi8(x, x, x, x, x, x, x, x, x, x, x, x, 12, 13, 14, 15);
  const __m128i interface = _mm_setr_epi8(x, x, x, x, x, x, x, x, 4, 5, x, x, x, x, x, x);
  const __m128i no_chunk = _mm_setr_epi8(0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  static_assert(kNoSctpChunk == 255);
  for (std::size_t i = 0; i < row.count; ++i) {
    fetch_ahead(row, i);
    const PlainPacket& plain = packet_at(row, i);
    const std::uint8_t* const headers = plain.headers.data();
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(headers));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(headers + 16));
    const __m128i lengths = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(&plain.ip_length));
    const __m128i is_tcp =
        _mm_cmpeq_epi8(_mm_shuffle_epi8(low, protocol), _mm_set1_epi8(kProtoTcp));
    const __m128i of_tcp = _mm_and_si128(high, is_tcp);
    char* const to = reinterpret_cast<char*>(&views[i]);
    const auto put = [to](std::size_t at, __m128i block) __attribute__((target("ssse3"))) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), block);
    };
    const auto put_two = [to](std::size_t at, std::uint64_t one, std::uint64_t other) {
      const std::uint64_t both = one | other << 32;
      std::memcpy(to + at, &both, sizeof both);
    };
    std::memcpy(to, &plain.time_ns, sizeof plain.time_ns);
    put(8, _mm_or_si128(_mm_shuffle_epi8(low, src), mapped));
    put(24, _mm_or_si128(_mm_shuffle_epi8(low, dst), mapped));
    put(40, _mm_or_si128(_mm_shuffle_epi8(low, ports), _mm_shuffle_epi8(of_tcp, flags)));
    put(56, _mm_or_si128(
                _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(of_tcp, window), no_chunk),
                             _mm_shuffle_epi8(low, scale)),
                _mm_or_si128(_mm_shuffle_epi8(high, wire), _mm_shuffle_epi8(lengths, interface))));
    const bool tcp = headers[1] == kProtoTcp;
    const std::uint32_t offset = headers[24] >> 4, udp = load_big16(headers + 16);
    const std::uint32_t before = kIp + (tcp ? offset * 4 : kUdp);
    const std::uint32_t payload = tcp ? plain.ip_length - before : udp - kUdp;
    const std::uint32_t there = std::min<std::uint32_t>(plain.l3_captured, before + payload);
    put_two(72, plain.ip_length, payload);
    put_two(80, there - before, 0);
    const std::uint8_t* const at = plain.l3 != nullptr ? plain.l3 + before : nullptr;
    std::memcpy(to + 88, &at, sizeof at);
    std::memcpy(to + 96, &plain.l3, sizeof plain.l3);
    put_two(104, plain.l3_captured, 1);  // a packet, in no tunnel
    put(112, _mm_setzero_si128());
  }
}

}  // namespace

MakeViews fastest_views() {
  return __builtin_cpu_supports("ssse3") != 0 ? make_views_ssse3 : make_views;
}

#else

MakeViews fastest_views() {
  return make_views;
}

#endif

}  // namespace endreason
