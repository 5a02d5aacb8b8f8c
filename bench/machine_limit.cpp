// SPDX-License-Identifier: Apache-2.0
// How fast this machine can go at all, on one thread: sum the bytes of a file, classify its commas,
// quotes and newlines, and classify while writing the position of every field. The file is read in
// pieces from the page cache, as endreason reads it. Prints one line a step: name, GB/s.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} << 10;  // stays in the second-level cache
constexpr std::size_t kBlock = 64;                           // bytes a mask speaks of

// What is carried from block to block, so that quotes may span them.
struct Scan {
  std::uint64_t inside_quotes = 0;  // all ones inside
  std::uint64_t fields = 0, lines = 0, sum = 0;
  std::uint32_t* positions = nullptr;
};

struct Masks {
  std::uint64_t commas, quotes, newlines;
};

// Bit i of the result: whether an odd number of bits is set in 0..i.
std::uint64_t parity_prefix(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

template <bool kPositions>
inline void use(const Masks& masks, std::uint64_t inside, std::size_t offset, Scan& scan) {
  scan.inside_quotes = static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
  std::uint64_t ends = (masks.commas | masks.newlines) & ~inside;
  scan.fields += static_cast<std::uint64_t>(std::popcount(ends));
  scan.lines += static_cast<std::uint64_t>(std::popcount(masks.newlines & ~inside));
  if constexpr (kPositions) {
    std::uint32_t* to = scan.positions;
    while (ends != 0) {
      *to++ =
          static_cast<std::uint32_t>(offset) + static_cast<std::uint32_t>(std::countr_zero(ends));
      ends &= ends - 1;
    }
    scan.positions = to;
  }
}

Masks scalar_masks(const char* at) {
  Masks masks{};
  for (std::size_t i = 0; i < kBlock; ++i) {
    masks.commas |= std::uint64_t{at[i] == ','} << i;
    masks.quotes |= std::uint64_t{at[i] == '"'} << i;
    masks.newlines |= std::uint64_t{at[i] == '\n'} << i;
  }
  return masks;
}

template <bool kPositions>
void classify_scalar(const char* piece, std::size_t size, Scan& scan) {
  for (std::size_t at = 0; at < size; at += kBlock) {
    const Masks masks = scalar_masks(piece + at);
    use<kPositions>(masks, parity_prefix(masks.quotes) ^ scan.inside_quotes, at, scan);
  }
}

void sum_scalar(const char* piece, std::size_t size, Scan& scan) {
  for (std::size_t at = 0; at < size; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, piece + at, 8);
    scan.sum += word;
  }
}

#if defined(__x86_64__)
#define ENDREASON_AVX2 __attribute__((target("avx2,pclmul,bmi,popcnt,lzcnt")))
#define ENDREASON_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,pclmul,bmi,popcnt,lzcnt")))

// Multiplying by all ones, without carries, is the parity prefix in one instruction.
ENDREASON_AVX2 inline std::uint64_t fast_parity_prefix(std::uint64_t bits) {
  const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(bits)),
                                               _mm_set1_epi8(static_cast<char>(0xff)), 0);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
}

ENDREASON_AVX2 inline std::uint64_t equal_avx2(__m256i low, __m256i high, char wanted) {
  const __m256i pattern = _mm256_set1_epi8(wanted);
  const auto first =
      static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, pattern)));
  const auto second =
      static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, pattern)));
  return first | std::uint64_t{second} << 32;
}

template <bool kPositions>
ENDREASON_AVX2 void classify_avx2(const char* piece, std::size_t size, Scan& scan) {
  for (std::size_t at = 0; at < size; at += kBlock) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(piece + at));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(piece + at + 32));
    const Masks masks{equal_avx2(low, high, ','), equal_avx2(low, high, '"'),
                      equal_avx2(low, high, '\n')};
    use<kPositions>(masks, fast_parity_prefix(masks.quotes) ^ scan.inside_quotes, at, scan);
  }
}

ENDREASON_AVX2 void sum_avx2(const char* piece, std::size_t size, Scan& scan) {
  __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (std::size_t at = 0; at < size; at += kBlock)
    for (std::size_t half = 0; half < 2; ++half)
      sums[half] = _mm256_add_epi64(
          sums[half], _mm256_loadu_si256(reinterpret_cast<const __m256i*>(piece + at + 32 * half)));
  const __m256i sum = _mm256_add_epi64(sums[0], sums[1]);
  scan.sum += static_cast<std::uint64_t>(_mm256_extract_epi64(sum, 0)) +
              static_cast<std::uint64_t>(_mm256_extract_epi64(sum, 2));
}

template <bool kPositions>
ENDREASON_AVX512 void classify_avx512(const char* piece, std::size_t size, Scan& scan) {
  const __m512i comma = _mm512_set1_epi8(','), quote = _mm512_set1_epi8('"'),
                newline = _mm512_set1_epi8('\n');
  for (std::size_t at = 0; at < size; at += kBlock) {
    const __m512i block = _mm512_loadu_si512(piece + at);
    const Masks masks{_mm512_cmpeq_epi8_mask(block, comma), _mm512_cmpeq_epi8_mask(block, quote),
                      _mm512_cmpeq_epi8_mask(block, newline)};
    use<kPositions>(masks, fast_parity_prefix(masks.quotes) ^ scan.inside_quotes, at, scan);
  }
}

ENDREASON_AVX512 void sum_avx512(const char* piece, std::size_t size, Scan& scan) {
  __m512i sums[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
  for (std::size_t at = 0; at + 128 <= size; at += 128)
    for (std::size_t half = 0; half < 2; ++half)
      sums[half] = _mm512_add_epi64(sums[half], _mm512_loadu_si512(piece + at + kBlock * half));
  alignas(64) std::uint64_t lanes[8];
  _mm512_store_si512(lanes, _mm512_add_epi64(sums[0], sums[1]));
  for (const std::uint64_t lane : lanes) scan.sum += lane;
}
#endif

using Step = void (*)(const char* piece, std::size_t size, Scan& scan);
struct NamedStep {
  std::string_view name;
  Step step;
};

void nothing(const char*, std::size_t, Scan&) {}

std::vector<NamedStep> steps_of_this_machine() {
  std::vector<NamedStep> steps{{"read", nothing},
                               {"sum-scalar", sum_scalar},
                               {"classify-scalar", classify_scalar<false>},
                               {"positions-scalar", classify_scalar<true>}};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    steps.push_back({"sum-avx2", sum_avx2});
    steps.push_back({"classify-avx2", classify_avx2<false>});
    steps.push_back({"positions-avx2", classify_avx2<true>});
  }
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    steps.push_back({"sum-avx512", sum_avx512});
    steps.push_back({"classify-avx512", classify_avx512<false>});
    steps.push_back({"positions-avx512", classify_avx512<true>});
  }
#endif
  return steps;
}

struct Measured {
  double gigabytes_a_second;
  Scan scan;
};

Measured run(const char* path, Step step) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    std::perror(path);
    std::exit(4);
  }
  const std::unique_ptr<char[]> piece(new char[kPieceBytes + kBlock]);
  const std::unique_ptr<std::uint32_t[]> positions(new std::uint32_t[kPieceBytes + kBlock]);
  Scan scan;
  std::uint64_t bytes = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    const ssize_t got = ::read(file, piece.get(), kPieceBytes);
    if (got <= 0) break;
    const auto size = static_cast<std::size_t>(got);
    std::memset(piece.get() + size, 0, kBlock);
    scan.positions = positions.get();
    step(piece.get(), size, scan);
    bytes += size;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  ::close(file);
  return {static_cast<double>(bytes) / took.count() / 1e9, scan};
}

}  // namespace

int main(int count, char** arguments) {
  const auto steps = steps_of_this_machine();
  if (count < 2) {
    std::fprintf(stderr, "machine_limit FILE [STEP...]; steps:");
    for (const auto& step : steps) std::fprintf(stderr, " %s", step.name.data());
    std::fprintf(stderr, "\n");
    return 2;
  }
  for (const auto& step : steps) {
    const bool wanted = count == 2 || std::any_of(arguments + 2, arguments + count,
                                                  [&](const char* a) { return step.name == a; });
    if (!wanted) continue;
    const Measured result = run(arguments[1], step.step);
    // The counts show that the work was done, and keep the compiler from leaving it out.
    std::printf("%s\t%.3f\tfields=%llu lines=%llu sum=%llx\n", step.name.data(),
                result.gigabytes_a_second, static_cast<unsigned long long>(result.scan.fields),
                static_cast<unsigned long long>(result.scan.lines),
                static_cast<unsigned long long>(result.scan.sum));
  }
  return 0;
}
