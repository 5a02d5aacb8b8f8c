// SPDX-License-Identifier: Apache-2.0
// Dotted quads -> 32 bits, without a branch per byte: 7 to 15 bytes, four
// octets of one to three digits up to 255, zeros in front allowed.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace endreason {
namespace quad {

__extension__ using Wide = unsigned __int128;
static_assert(std::endian::native == std::endian::little);

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The text as one number, first byte lowest, zeros behind its end; reads
// nothing beyond it.
inline Wide load_text(const char* text, std::size_t size) {
  if (size < 8)
    return load<std::uint32_t>(text) | Wide{load<std::uint32_t>(text + size - 4)}
                                           << (8 * (size - 4));
  return load<std::uint64_t>(text) | Wide{load<std::uint64_t>(text + size - 8)} << (8 * (size - 8));
}

constexpr std::uint64_t kLowBits = 0x7f7f'7f7f'7f7f'7f7f;
constexpr std::uint64_t repeat(std::uint8_t byte) {
  return byte * std::uint64_t{0x0101'0101'0101'0101};
}

// One bit for every byte of `marks` whose highest bit is set.
constexpr unsigned mask_of(std::uint64_t marks) {
  return static_cast<unsigned>((marks >> 7 & repeat(1)) * 0x0102'0408'1020'4080 >> 56);
}
// High bits where a byte is not `byte`.
constexpr std::uint64_t others(std::uint64_t word, std::uint8_t byte) {
  const std::uint64_t differ = word ^ repeat(byte);
  return ((differ & kLowBits) + kLowBits) | differ;
}
// High bits where a byte is not a digit. Digits, and only they, are 0 to 9 when
// '0' is taken away bit by bit.
constexpr std::uint64_t non_digits(std::uint64_t word) {
  const std::uint64_t value = word ^ repeat('0');
  return ((value & kLowBits) + repeat(0x7f - 9)) | value;
}
template <class PerWord>
constexpr unsigned mask_of_words(Wide text, PerWord&& marks) {
  return mask_of(marks(static_cast<std::uint64_t>(text))) |
         mask_of(marks(static_cast<std::uint64_t>(text >> 64))) << 8;
}

constexpr std::uint32_t octet(Wide text, unsigned begin, unsigned size) {
  const std::uint32_t digits =
      static_cast<std::uint32_t>(text >> (8 * begin)) << (8 * (4 - size)) & 0x0f0f'0f0f;
  return (digits >> 24) + 10 * (digits >> 16 & 0xff) + 100 * (digits >> 8 & 0xff);
}

}  // namespace quad

// True when `text` is a dotted quad; `address` is its value then, first octet
// highest.
inline bool parse_dotted_quad(std::string_view text, std::uint32_t& address) {
  constexpr std::size_t kSizeMin = 7, kSizeMax = 15;
  const auto size = static_cast<unsigned>(text.size());
  if (text.size() < kSizeMin || text.size() > kSizeMax) return false;
  const quad::Wide bytes = quad::load_text(text.data(), size);
  const unsigned inside = (1u << size) - 1;
  unsigned dots =
      ~quad::mask_of_words(bytes, [](std::uint64_t w) { return quad::others(w, '.'); }) & inside;
  if ((quad::mask_of_words(bytes, quad::non_digits) & inside) != dots) return false;
  std::uint32_t value = 0;
  unsigned begin = 0;
  dots |= 1u << size;  // the end of the text closes the last octet
  for (int i = 0; i < 4; ++i, dots &= dots - 1) {
    if (dots == 0) return false;
    const auto end = static_cast<unsigned>(std::countr_zero(dots));
    if (end - begin - 1 > 2) return false;
    const std::uint32_t octet = quad::octet(bytes, begin, end - begin);
    if (octet > 255) return false;
    value = value << 8 | octet;
    begin = end + 1;
  }
  address = value;
  return dots == 0;
}

}  // namespace endreason
