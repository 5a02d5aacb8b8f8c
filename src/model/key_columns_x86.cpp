// SPDX-License-Identifier: Apache-2.0
// Decodes the key columns of common records by AVX-512, without a branch per byte: numbers four at
// a time in lanes of sixteen bytes, dotted quads by a shuffle that their dots choose, words by one
// look into a table. What is not common (a number of more than 16 digits, a word that no table
// has, ...) is left to decode_key_columns, which is the meaning of all this.
#include "model/key_columns.hpp"

#if defined(__x86_64__)

#include <array>
#include <bit>
#include <cstring>

#include <immintrin.h>

#include "model/ip_address.hpp"
#include "model/protocol.hpp"
#include "model/word_table.hpp"

#define ER_KERNEL                                                                          \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx2,bmi,bmi2"), \
                 always_inline)) inline
#define ER_KERNEL_ENTRY \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx2,bmi,bmi2")))

namespace endreason {
namespace {

// ---- words --------------------------------------------------------------------------------------

constexpr auto kActionWords = word_table<32>(kActions, Action::Absent);
constexpr auto kAppStatusWords = word_table<32>(kAppStatuses, AppStatus::Absent);
constexpr auto kEndReasonWords = word_table<64>(kEndReasons, EndReason::Absent);
constexpr auto kSubtypeWords = word_table<16>(kSubtypes, Subtype::Absent);
constexpr auto kActionSourceWords = word_table<16>(kActionSources, ActionSource::Absent);

struct ProtocolWord {
  std::uint8_t value;
  std::string_view log_name;
};
constexpr auto kProtocolWords =
    word_table<16>(std::to_array<ProtocolWord>({{kProtoTcp, "tcp"},
                                                {kProtoUdp, "udp"},
                                                {kProtoIcmp, "icmp"},
                                                {kProtoIcmp6, "ipv6-icmp"},
                                                {kProtoSctp, "sctp"}}),
                   std::uint8_t{0});

// A text of the record, eight bytes in front of whose end can be read.
struct Cell {
  const char* text;
  std::uint32_t size;
};

ER_KERNEL std::uint64_t tail_of(const Cell& cell) {
  std::uint64_t word = 0;
  std::memcpy(&word, cell.text + cell.size - 8, 8);
  const unsigned missing = cell.size < 8 ? 64 - 8 * cell.size : 0;
  return missing == 64 ? 0 : word >> missing;
}

// False when the table does not have it; `value` is left alone then.
template <std::size_t kSlots, class Enum>
ER_KERNEL bool find(const WordTable<kSlots>& table, const Cell& cell, Enum& value) {
  const auto& row = table.rows[table.slot_of(tail_of(cell), cell.size)];
  if (row.size != cell.size) return false;
  const __m256i word = _mm256_maskz_loadu_epi8(_bzhi_u32(~0u, cell.size), cell.text);
  const __m256i same = _mm256_load_si256(reinterpret_cast<const __m256i*>(row.word.data()));
  if (_mm256_cmpneq_epi8_mask(word, same) != 0) return false;
  value = static_cast<Enum>(row.value);
  return true;
}

// ---- addresses ----------------------------------------------------------------------------------

// A dotted quad's shape: where its octets end, as a mask (three dots and the end of the text).
// There are 81; a multiplication sends each to a slot of its own.
constexpr std::size_t kQuadShapes = 256;
constexpr std::size_t shape_slot(std::uint32_t ends) {
  return ends * 0x0122'2d90u >> 24;
}
struct QuadShapes {
  std::array<std::uint16_t, kQuadShapes> ends{};
  // For each octet four bytes: hundreds, tens, ones, nothing. 0x80: no digit there.
  alignas(16) std::array<std::array<std::uint8_t, 16>, kQuadShapes> digits{};
};
consteval QuadShapes quad_shapes() {
  QuadShapes shapes;
  for (unsigned shape = 0; shape < 81; ++shape) {
    std::uint32_t ends = 0;
    std::array<std::uint8_t, 16> digits{};
    digits.fill(0x80);
    unsigned at = 0;
    for (unsigned octet = 0, rest = shape; octet < 4; ++octet, rest /= 3) {
      const unsigned size = 1 + rest % 3;
      for (unsigned i = 0; i < size; ++i)
        digits[4 * octet + 3 - size + i] = static_cast<std::uint8_t>(at + i);
      at += size;
      ends |= 1u << at++;
    }
    shapes.ends[shape_slot(ends)] = static_cast<std::uint16_t>(ends);
    shapes.digits[shape_slot(ends)] = digits;
  }
  return shapes;
}
constexpr QuadShapes kShapes = quad_shapes();
consteval std::size_t shapes_held() {
  std::size_t held = 0;
  for (const std::uint16_t ends : kShapes.ends) held += ends != 0;
  return held;
}
static_assert(shapes_held() == 81, "no two shapes may share a slot");

ER_KERNEL bool is_quad(const Cell& cell) {
  if (cell.size > 15) return false;
  const std::uint32_t within = _bzhi_u32(0xffff, cell.size);
  const __m128i text = _mm_maskz_loadu_epi8(static_cast<__mmask16>(within), cell.text);
  const __m128i digits = _mm_sub_epi8(text, _mm_set1_epi8('0'));
  const std::uint32_t dots = _mm_cmpeq_epi8_mask(text, _mm_set1_epi8('.'));
  const std::uint32_t numerals = _mm_cmple_epu8_mask(digits, _mm_set1_epi8(9));
  const std::uint32_t ends = dots | 1u << cell.size;
  const std::size_t slot = shape_slot(ends);
  const __m128i octets = _mm_shuffle_epi8(
      digits, _mm_load_si128(reinterpret_cast<const __m128i*>(kShapes.digits[slot].data())));
  const __m128i tens = _mm_maddubs_epi16(octets, _mm_set1_epi32(0x0001'0a64));  // 100, 10, 1, 0
  const __m128i values = _mm_madd_epi16(tens, _mm_set1_epi16(1));
  return kShapes.ends[slot] == ends && (numerals | dots) == within &&
         _mm_cmpgt_epi32_mask(values, _mm_set1_epi32(255)) == 0;
}

ER_KERNEL bool is_address(const Cell& cell) {
  return is_quad(cell) || is_ip({cell.text, cell.size});
}

// ---- numbers ------------------------------------------------------------------------------------

// Columns whose lengths are looked at together: 22 to 37, and 38 to 53.
constexpr std::size_t kLow = index_of(Field::Sessionid);
constexpr std::size_t kHigh = kLow + 16;
constexpr std::uint32_t low_bit(Field f) {
  return 1u << (index_of(f) - kLow);
}
constexpr std::uint32_t high_bit(Field f) {
  return 1u << (index_of(f) - kHigh);
}
constexpr std::uint32_t kLowNumbers =
    low_bit(Field::Sessionid) | low_bit(Field::Repeatcnt) | low_bit(Field::Sport) |
    low_bit(Field::Dport) | low_bit(Field::Bytes) | low_bit(Field::BytesSent) |
    low_bit(Field::BytesReceived) | low_bit(Field::Packets) | low_bit(Field::Elapsed);
constexpr std::uint32_t kHighNumbers = high_bit(Field::PktsSent) | high_bit(Field::PktsReceived);
constexpr std::uint32_t kLowKnown = kLowNumbers | low_bit(Field::Flags) | low_bit(Field::Proto);
constexpr unsigned kLowKnownCount = std::popcount(kLowKnown);
constexpr unsigned kHighShift = index_of(Field::PktsSent) - kHigh;
// Known has the columns in the log's order, so that a mask of columns can be pressed into it.
static_assert(static_cast<unsigned>(Known::Sessionid) == 1u &&
              static_cast<unsigned>(Known::Flags) == 1u << 4 &&
              static_cast<unsigned>(Known::Elapsed) == 1u << (kLowKnownCount - 1) &&
              static_cast<unsigned>(Known::PktsSent) == 1u << kLowKnownCount &&
              static_cast<unsigned>(Known::PktsReceived) == 2u << kLowKnownCount);

constexpr std::uint32_t kDigitsMax = 16;  // of a number in a lane

struct Lengths {
  __m512i low, high;  // 32 bits each
};

// Columns as places in those two, side by side.
constexpr std::size_t place(Field f) {
  return index_of(f) - kLow;
}
// The highest byte of a length, which is zero: the length of what is not there.
constexpr std::size_t kZeroByte = 3;

// Which bytes of the two are the lowest of four lengths, each for a lane of sixteen bytes.
struct alignas(64) LaneBytes {
  std::array<std::uint8_t, 64> byte{};
};
constexpr LaneBytes lanes(std::array<std::size_t, 4> bytes) {
  LaneBytes out;
  for (std::size_t i = 0; i < 64; ++i) out.byte[i] = static_cast<std::uint8_t>(bytes[i / 16]);
  return out;
}
constexpr LaneBytes kPortLanes = lanes({4 * place(Field::Sessionid), 4 * place(Field::Repeatcnt),
                                        4 * place(Field::Sport), 4 * place(Field::Dport)});
constexpr LaneBytes kSizeLanes =
    lanes({4 * place(Field::Bytes), 4 * place(Field::BytesSent), 4 * place(Field::BytesReceived),
           4 * place(Field::Packets)});
constexpr LaneBytes kRestLanes = lanes({4 * place(Field::Elapsed), 4 * place(Field::PktsSent),
                                        4 * place(Field::PktsReceived), kZeroByte});

ER_KERNEL __m512i spread(const Lengths& lengths, const LaneBytes& lanes) {
  return _mm512_permutex2var_epi8(lengths.low, _mm512_load_si512(lanes.byte.data()), lengths.high);
}

// The sixteen bytes up to the end of each of four columns.
ER_KERNEL __m512i bytes_up_to(const char* base, const std::uint32_t* ends, Field a, Field b,
                              Field c, Field d) {
  const auto before = [&](Field f) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(base + ends[index_of(f)] - kDigitsMax));
  };
  __m512i text = _mm512_castsi128_si512(before(a));
  text = _mm512_inserti32x4(text, before(b), 1);
  text = _mm512_inserti32x4(text, before(c), 2);
  return _mm512_inserti32x4(text, before(d), 3);
}

// Four numbers that end with their lanes, as 64 bits each, twice; `bad` gets bits where a byte is
// no digit.
ER_KERNEL __m512i numbers(__m512i text, __m512i lengths, std::uint64_t& bad) {
  const __m512i from_end =
      _mm512_broadcast_i32x4(_mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  const __mmask64 inside = _mm512_cmplt_epu8_mask(from_end, lengths);
  const __m512i digits = _mm512_maskz_sub_epi8(inside, text, _mm512_set1_epi8('0'));
  bad |= _mm512_cmpgt_epu8_mask(digits, _mm512_set1_epi8(9));
  const __m512i twos = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010a));
  const __m512i fours = _mm512_madd_epi16(twos, _mm512_set1_epi32(0x0001'0064));
  const __m512i packed = _mm512_packus_epi32(fours, fours);
  const __m512i eights = _mm512_madd_epi16(packed, _mm512_set1_epi32(0x0001'2710));
  return _mm512_add_epi64(_mm512_mul_epu32(eights, _mm512_set1_epi64(100'000'000)),
                          _mm512_srli_epi64(eights, 32));
}

struct Numbers {
  alignas(64) std::array<std::uint64_t, 8> ports, sizes, rest;  // every second one counts
};

ER_KERNEL bool read_numbers(const char* base, const std::uint32_t* ends, const Lengths& lengths,
                            Numbers& out) {
  using enum Field;
  std::uint64_t bad = 0;
  const __m512i ports = numbers(bytes_up_to(base, ends, Sessionid, Repeatcnt, Sport, Dport),
                                spread(lengths, kPortLanes), bad);
  const __m512i sizes = numbers(bytes_up_to(base, ends, Bytes, BytesSent, BytesReceived, Packets),
                                spread(lengths, kSizeLanes), bad);
  const __m512i rest =
      numbers(bytes_up_to(base, ends, Elapsed, PktsSent, PktsReceived, PktsReceived),
              spread(lengths, kRestLanes), bad);
  _mm512_store_si512(out.ports.data(), ports);
  _mm512_store_si512(out.sizes.data(), sizes);
  _mm512_store_si512(out.rest.data(), rest);
  const __m512i most = _mm512_set1_epi32(kDigitsMax);
  bad |= _mm512_mask_cmpgt_epu32_mask(kLowNumbers, lengths.low, most);
  bad |= _mm512_mask_cmpgt_epu32_mask(kHighNumbers, lengths.high, most);
  return bad == 0 && out.ports[4] <= 0xffff && out.ports[6] <= 0xffff;
}

// "0x" and up to eight hexadecimal digits, or nothing.
ER_KERNEL bool read_flags(const Cell& cell, std::uint32_t& flags) {
  flags = 0;
  if (cell.size == 0) return true;
  if (cell.size < 3 || cell.size > 10 || cell.text[0] != '0' || (cell.text[1] | 0x20) != 'x')
    return false;
  const std::uint32_t count = cell.size - 2;
  std::uint64_t word = 0;
  std::memcpy(&word, cell.text + cell.size - 8, 8);
  const __m128i text = _mm_cvtsi64_si128(static_cast<long long>(word));
  const std::uint32_t within = 0xff & (0xff00u >> count);
  const __m128i decimal = _mm_sub_epi8(text, _mm_set1_epi8('0'));
  const __m128i letter =
      _mm_sub_epi8(_mm_or_si128(text, _mm_set1_epi8(0x20)), _mm_set1_epi8('a' - 10));
  const __mmask16 is_decimal = _mm_cmple_epu8_mask(decimal, _mm_set1_epi8(9));
  // Letters below 'a' have wrapped around to above 15, but for those that are no digits either.
  const __mmask16 is_letter =
      static_cast<__mmask16>(_mm_cmple_epu8_mask(letter, _mm_set1_epi8(15)) &
                             _mm_cmpge_epu8_mask(letter, _mm_set1_epi8(10)));
  if ((within & ~static_cast<std::uint32_t>(is_decimal | is_letter)) != 0) return false;
  const __m128i nibbles = _mm_maskz_mov_epi8(static_cast<__mmask16>(within),
                                             _mm_mask_mov_epi8(letter, is_decimal, decimal));
  const auto bytes = static_cast<std::uint64_t>(_mm_cvtsi128_si64(nibbles));
  flags = static_cast<std::uint32_t>(_pext_u64(__builtin_bswap64(bytes), 0x0f0f'0f0f'0f0f'0f0f));
  return true;
}

}  // namespace

ER_KERNEL_ENTRY bool decode_common_columns_avx512(TrafficRecord& record) {
  const char* base = record.base();
  const std::uint32_t* begins = record.begins();
  const std::uint32_t* ends = record.ends();
  const auto cell = [&](Field f) __attribute__((always_inline)) {
    const std::size_t i = index_of(f);
    return Cell{base + begins[i], ends[i] - begins[i]};
  };
  // Loads end with their column and begin in front of it.
  if (begins[index_of(Field::Subtype)] < 8 || begins[kLow] < kDigitsMax) return false;
  if (!is_address(cell(Field::Src)) || !is_address(cell(Field::Dst))) return false;

  const Lengths lengths{
      _mm512_sub_epi32(_mm512_loadu_si512(ends + kLow), _mm512_loadu_si512(begins + kLow)),
      _mm512_sub_epi32(_mm512_loadu_si512(ends + kHigh), _mm512_loadu_si512(begins + kHigh))};
  Numbers numbers;  // NOLINT: written before it is read
  std::uint32_t flags = 0;
  if (!read_numbers(base, ends, lengths, numbers) || !read_flags(cell(Field::Flags), flags))
    return false;

  Action action{};
  AppStatus app_status{};
  EndReason end_reason{};
  Subtype subtype{};
  ActionSource action_source{};
  std::uint8_t proto = 0;
  const bool words = find(kActionWords, cell(Field::Action), action) &&
                     find(kEndReasonWords, cell(Field::SessionEndReason), end_reason) &&
                     find(kSubtypeWords, cell(Field::Subtype), subtype) &&
                     find(kActionSourceWords, cell(Field::ActionSource), action_source) &&
                     find(kProtocolWords, cell(Field::Proto), proto);
  if (!words) return false;
  const Cell app = cell(Field::App);
  if (!find(kAppStatusWords, app, app_status)) app_status = app_status_from({app.text, app.size});

  record.action = action;
  record.app_status = app_status;
  record.end_reason = end_reason;
  record.subtype = subtype;
  record.action_source = action_source;
  record.proto = proto;
  record.sport = static_cast<std::uint16_t>(numbers.ports[4]);
  record.dport = static_cast<std::uint16_t>(numbers.ports[6]);
  record.flags = flags;
  record.set_repeatcnt(numbers.ports[2]);
  record.sessionid = numbers.ports[0];
  record.bytes = numbers.sizes[0];
  record.bytes_sent = numbers.sizes[2];
  record.bytes_received = numbers.sizes[4];
  record.packets = numbers.sizes[6];
  record.elapsed = numbers.rest[0];
  record.pkts_sent = numbers.rest[2];
  record.pkts_received = numbers.rest[4];
  const std::uint32_t low = _mm512_test_epi32_mask(lengths.low, lengths.low);
  const std::uint32_t high = _mm512_test_epi32_mask(lengths.high, lengths.high);
  record.known = static_cast<std::uint16_t>(_pext_u32(low, kLowKnown) | (high >> kHighShift & 3)
                                                                            << kLowKnownCount);
  return true;
}

}  // namespace endreason

#endif
