// SPDX-License-Identifier: Apache-2.0
// The vector kernels of the CSV scanner. Each reads 64 bytes at a time into three bit masks
// (commas, quotes, newlines), takes the commas out that stand inside quotes by a carry-less
// multiplication (bit i of the product is the parity of the quotes up to i), and writes down where
// the others are. Loads run up to 63 bytes past the input, which PaddedView promises to be
// readable.
#include "parse/csv_scan.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#define ER_AVX2 __attribute__((target("avx2,pclmul,bmi,bmi2,popcnt"), always_inline)) inline
#define ER_AVX512                                                                             \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,pclmul,bmi,bmi2,popcnt"), \
                 always_inline)) inline
#define ER_TARGET_AVX2 __attribute__((target("avx2,pclmul,bmi,bmi2,popcnt")))
#define ER_TARGET_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,pclmul,bmi,bmi2,popcnt")))

namespace endreason {
namespace {

// What the quotes of the blocks before have left behind.
struct QuoteState {
  std::uint64_t inside = 0;      // all ones: the line is inside quotes here
  std::uint64_t cell_start = 1;  // bit 0: a cell starts at the next byte, or a quote stood before
  std::uint32_t first_quote = kNoQuote;
  bool misplaced = false;
};

// Bit i = parity of bits 0..i.
__attribute__((target("pclmul,sse2"), always_inline)) inline std::uint64_t prefix_xor(
    std::uint64_t bits) {
  const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(bits)),
                                               _mm_set1_epi8(static_cast<char>(0xff)), 0);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
}

// The commas outside quotes.
__attribute__((target("pclmul,sse2"), always_inline)) inline std::uint64_t outside_quotes(
    std::uint64_t commas, std::uint64_t quotes, std::uint32_t offset, QuoteState& state) {
  const std::uint64_t inside = prefix_xor(quotes) ^ state.inside;
  const std::uint64_t outside = commas & ~inside;
  const std::uint64_t opening = quotes & inside;
  const std::uint64_t before = (outside | quotes) << 1 | state.cell_start;
  const std::uint32_t quote =
      quotes == 0 ? kNoQuote : offset + static_cast<std::uint32_t>(__builtin_ctzll(quotes));
  state.first_quote = quote < state.first_quote ? quote : state.first_quote;
  state.misplaced = state.misplaced | ((opening & ~before) != 0);
  state.inside = static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
  return outside;
}

// Bits below the lowest set bit; all ones when none is set.
inline std::uint64_t below_lowest(std::uint64_t bits) {
  return bits == 0 ? ~0ull : (bits - 1) & ~bits;
}

struct Masks {
  std::uint64_t commas, quotes, newlines;
};

ER_AVX2 std::uint64_t equal_mask_avx2(__m256i low, __m256i high, __m256i value) {
  const auto a = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, value)));
  const auto b = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, value)));
  return std::uint64_t{b} << 32 | a;
}

ER_AVX2 Masks masks_avx2(const char* p) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
  return {equal_mask_avx2(low, high, _mm256_set1_epi8(',')),
          equal_mask_avx2(low, high, _mm256_set1_epi8('"')),
          equal_mask_avx2(low, high, _mm256_set1_epi8('\n'))};
}

// Writes the places of the set bits, eight at a time; what is behind the last is overwritten later.
ER_AVX2 void store_places_avx2(std::uint64_t bits, std::uint32_t offset, CellPlaces out) {
  while (bits != 0) {
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t place = offset + static_cast<std::uint32_t>(_tzcnt_u64(bits));
      out.ends[i] = place;
      out.begins[i + 1] = place + 1;
      bits = _blsr_u64(bits);
    }
    out.ends += 8;
    out.begins += 8;
  }
}

ER_AVX512 Masks masks_avx512(const char* p) {
  const __m512i block = _mm512_loadu_si512(p);
  return {_mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(',')),
          _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('"')),
          _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n'))};
}

// A cell ends at the place of its comma, and the next one begins behind it.
ER_AVX512 void store_sixteen(__m128i places, __m512i base, CellPlaces out) {
  const __m512i ends = _mm512_add_epi32(base, _mm512_cvtepu8_epi32(places));
  _mm512_storeu_si512(out.ends, ends);
  _mm512_storeu_si512(out.begins + 1, _mm512_add_epi32(ends, _mm512_set1_epi32(1)));
}

ER_AVX512 CellPlaces behind(CellPlaces places, std::uint32_t count) {
  return {places.begins + count, places.ends + count};
}

// The same by compressing the byte numbers 0..63 and widening them, sixteen at a time.
ER_AVX512 void store_places_avx512(std::uint64_t bits, unsigned count, std::uint32_t offset,
                                   CellPlaces out) {
  const __m512i numbers = _mm512_set_epi8(
      63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
      40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
      17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m512i places = _mm512_maskz_compress_epi8(bits, numbers);
  const __m512i base = _mm512_set1_epi32(static_cast<int>(offset));
  store_sixteen(_mm512_castsi512_si128(places), base, out);
  if (count <= 16) return;
  store_sixteen(_mm512_extracti32x4_epi32(places, 1), base, behind(out, 16));
  if (count <= 32) return;
  store_sixteen(_mm512_extracti32x4_epi32(places, 2), base, behind(out, 32));
  store_sixteen(_mm512_extracti32x4_epi32(places, 3), base, behind(out, 48));
}

inline LineScan finish(std::uint32_t length, std::uint32_t cells, const QuoteState& state,
                       CellPlaces places, std::uint32_t wanted) {
  if (cells < wanted) places.ends[cells] = length;
  LineScan scan;
  scan.length = length;
  scan.cells = cells + 1;
  scan.first_quote = state.first_quote;
  scan.quote_open = state.inside != 0;
  scan.quote_misplaced = state.misplaced;
  return scan;
}

// A line starts oddly where the byte before is a newline and this one is none of those that log
// lines start with. `plain` and `digits` are masks of the block; `next_digit` says whether the byte
// behind the block is a digit.
inline std::uint64_t odd_starts(std::uint64_t newlines, std::uint64_t starts_carry,
                                std::uint64_t plain, std::uint64_t angle, std::uint64_t digits,
                                bool next_digit) {
  const std::uint64_t starts = newlines << 1 | starts_carry;
  const std::uint64_t digit_behind = digits >> 1 | (next_digit ? 1ull << 63 : 0);
  return starts & ~(plain | digits | (angle & digit_behind));
}

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

ER_TARGET_AVX2 LineScan scan_line_avx2(const char* line, PaddedView input, CellPlaces places,
                                       std::uint32_t wanted) {
  QuoteState state;
  std::uint32_t cells = 0;
  for (const char* p = line;; p += 64) {
    Masks masks = masks_avx2(p);
    const auto left = static_cast<std::size_t>(input.end() - p);
    if (left < 64) masks.newlines |= 1ull << left;
    const std::uint64_t within = below_lowest(masks.newlines);
    std::uint64_t commas = masks.commas & within;
    const std::uint64_t quotes = masks.quotes & within;
    if ((quotes | state.inside) != 0)
      commas = outside_quotes(commas, quotes, static_cast<std::uint32_t>(p - line), state);
    if (cells < wanted)
      store_places_avx2(commas, static_cast<std::uint32_t>(p - line),
                        {places.begins + cells, places.ends + cells});
    cells += static_cast<std::uint32_t>(_mm_popcnt_u64(commas));
    if (masks.newlines != 0)
      return finish(static_cast<std::uint32_t>(p - line) +
                        static_cast<std::uint32_t>(_tzcnt_u64(masks.newlines)),
                    cells, state, places, wanted);
    state.cell_start = (commas | quotes) >> 63;
  }
}

ER_TARGET_AVX512 LineScan scan_line_avx512(const char* line, PaddedView input, CellPlaces places,
                                           std::uint32_t wanted) {
  QuoteState state;
  std::uint32_t cells = 0;
  const auto offset_of = [line](const char* p) { return static_cast<std::uint32_t>(p - line); };
  const char* p = line;
  for (; cells < wanted; p += 64) {
    Masks masks = masks_avx512(p);
    const auto left = static_cast<std::size_t>(input.end() - p);
    if (left < 64) [[unlikely]]
      masks.newlines |= 1ull << left;
    const std::uint64_t within = below_lowest(masks.newlines);
    std::uint64_t commas = masks.commas & within;
    const std::uint64_t quotes = masks.quotes & within;
    if ((quotes | state.inside) != 0) [[unlikely]]
      commas = outside_quotes(commas, quotes, offset_of(p), state);
    const auto count = static_cast<std::uint32_t>(_mm_popcnt_u64(commas));
    store_places_avx512(commas, count, offset_of(p), {places.begins + cells, places.ends + cells});
    cells += count;
    if (masks.newlines != 0)
      return finish(offset_of(p) + static_cast<std::uint32_t>(_tzcnt_u64(masks.newlines)), cells,
                    state, places, wanted);
    state.cell_start = (commas | quotes) >> 63;
  }
  // Behind the cells that are wanted only their number counts, and the end. Quotes stand in most
  // lines there, but nobody can guess where: all blocks take the same steps.
  for (;; p += 64) {
    Masks masks = masks_avx512(p);
    const auto left = static_cast<std::size_t>(input.end() - p);
    if (left < 64) [[unlikely]]
      masks.newlines |= 1ull << left;
    const std::uint64_t within = below_lowest(masks.newlines);
    const std::uint64_t quotes = masks.quotes & within;
    const std::uint64_t commas = outside_quotes(masks.commas & within, quotes, offset_of(p), state);
    cells += static_cast<std::uint32_t>(_mm_popcnt_u64(commas));
    if (masks.newlines != 0)
      return finish(offset_of(p) + static_cast<std::uint32_t>(_tzcnt_u64(masks.newlines)), cells,
                    state, places, wanted);
    state.cell_start = (commas | quotes) >> 63;
  }
}

ER_TARGET_AVX2 Survey survey_lines_avx2(PaddedView stretch) {
  Survey survey;
  const std::size_t size = stretch.size();
  survey.odd_line = size;
  std::uint64_t carry = 1;
  for (std::size_t i = 0; i < size; i += 64) {
    const char* p = stretch.begin() + i;
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
    const std::uint64_t valid = size - i >= 64 ? ~0ull : (1ull << (size - i)) - 1;
    const std::uint64_t newlines = equal_mask_avx2(low, high, _mm256_set1_epi8('\n')) & valid;
    if ((newlines | carry) != 0) {
      std::uint64_t plain = newlines | equal_mask_avx2(low, high, _mm256_set1_epi8(' ')) |
                            equal_mask_avx2(low, high, _mm256_set1_epi8('\r')) |
                            equal_mask_avx2(low, high, _mm256_set1_epi8('\t'));
      std::uint64_t digits = 0;
      const __m256i zero = _mm256_set1_epi8('0');
      const __m256i nine = _mm256_set1_epi8(9);
      const __m256i a = _mm256_sub_epi8(low, zero);
      const __m256i b = _mm256_sub_epi8(high, zero);
      digits =
          equal_mask_avx2(_mm256_xor_si256(_mm256_min_epu8(a, nine), a),
                          _mm256_xor_si256(_mm256_min_epu8(b, nine), b), _mm256_setzero_si256());
      const std::uint64_t angle = equal_mask_avx2(low, high, _mm256_set1_epi8('<'));
      const std::uint64_t odd =
          odd_starts(newlines, carry, plain, angle, digits, is_digit(p[64])) & valid;
      if (odd != 0) {
        survey.odd_line = i + static_cast<std::size_t>(_tzcnt_u64(odd));
        survey.newlines += static_cast<std::uint64_t>(_mm_popcnt_u64(newlines & below_lowest(odd)));
        return survey;
      }
    }
    survey.newlines += static_cast<std::uint64_t>(_mm_popcnt_u64(newlines));
    carry = newlines >> 63;
  }
  return survey;
}

namespace {

constexpr std::size_t kGroupBytes = 256;

// How most lines of a log begin.
enum class Opening : std::uint8_t { Digit, Priority };

ER_AVX512 std::uint64_t without_digit_at(const char* bytes, __mmask64 places) {
  const __m512i digits = _mm512_sub_epi8(_mm512_loadu_si512(bytes), _mm512_set1_epi8('0'));
  return _mm512_mask_cmpgt_epu8_mask(places, digits, _mm512_set1_epi8(9));
}

// Newlines of the block at `p` behind which no line begins in that way.
template <Opening kOpening>
ER_AVX512 std::uint64_t other_openings(const char* p, __mmask64 newlines) {
  if constexpr (kOpening == Opening::Digit) return without_digit_at(p + 1, newlines);
  return _mm512_mask_cmpneq_epi8_mask(newlines, _mm512_loadu_si512(p + 1), _mm512_set1_epi8('<')) |
         without_digit_at(p + 2, newlines);
}

// Bytes from `begin` on, in groups, in which all lines begin in that way; counts their newlines.
// Without a branch at each newline. The first two bytes of a line behind the last newline are
// looked at, too, so those must be there.
template <Opening kOpening>
ER_AVX512 std::size_t skip_alike(const char* begin, std::size_t size, std::uint64_t& newlines) {
  std::size_t i = 0;
  for (; size - i >= kGroupBytes + 2; i += kGroupBytes) {
    std::uint64_t count = 0;
    std::uint64_t others = 0;
    for (std::size_t block = 0; block < kGroupBytes; block += 64) {
      const char* p = begin + i + block;
      const __mmask64 found = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8('\n'));
      others |= other_openings<kOpening>(p, found);
      count += static_cast<std::uint64_t>(_mm_popcnt_u64(found));
    }
    if (others != 0) break;
    newlines += count;
  }
  return i;
}

}  // namespace

ER_TARGET_AVX512 Survey survey_lines_avx512(PaddedView stretch) {
  Survey survey;
  const std::size_t size = stretch.size();
  survey.odd_line = size;
  std::uint64_t carry = 1;
  std::size_t slow_until = 64;  // the first line is looked at closely
  for (std::size_t i = 0; i < size; i += 64) {
    if (i >= slow_until && carry == 0) {
      const char* rest = stretch.begin() + i;
      i += *stretch.begin() == '<' ? skip_alike<Opening::Priority>(rest, size - i, survey.newlines)
                                   : skip_alike<Opening::Digit>(rest, size - i, survey.newlines);
      slow_until = i + kGroupBytes;
    }
    const char* p = stretch.begin() + i;
    const __m512i block = _mm512_loadu_si512(p);
    const std::uint64_t valid = size - i >= 64 ? ~0ull : (1ull << (size - i)) - 1;
    const std::uint64_t newlines = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n')) & valid;
    if ((newlines | carry) != 0) {
      const std::uint64_t plain = newlines | _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(' ')) |
                                  _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\r')) |
                                  _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\t'));
      const std::uint64_t digits = _mm512_cmple_epu8_mask(
          _mm512_sub_epi8(block, _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
      const std::uint64_t angle = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('<'));
      const std::uint64_t odd =
          odd_starts(newlines, carry, plain, angle, digits, is_digit(p[64])) & valid;
      if (odd != 0) {
        survey.odd_line = i + static_cast<std::size_t>(_tzcnt_u64(odd));
        survey.newlines += static_cast<std::uint64_t>(_mm_popcnt_u64(newlines & below_lowest(odd)));
        return survey;
      }
    }
    survey.newlines += static_cast<std::uint64_t>(_mm_popcnt_u64(newlines));
    carry = newlines >> 63;
  }
  return survey;
}

}  // namespace endreason

#endif
