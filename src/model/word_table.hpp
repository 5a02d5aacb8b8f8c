// SPDX-License-Identifier: Apache-2.0
// WordTable: the words of a vocabulary, found by one multiplication and one comparison, for
// kernels. Made at compile time: a multiplier is sought that sends the last eight bytes of every
// word to a slot of its own. A word that is not found may still be another spelling of one; the
// vocabulary's own functions say.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace endreason {

template <std::size_t kSlots>
struct WordTable {
  static constexpr std::size_t kWordBytesMax = 32;
  struct alignas(64) Row {
    std::array<char, kWordBytesMax> word{};  // zeros behind its end
    std::uint8_t size{0xff};                 // of no word: the slot is empty
    std::uint8_t value{};
  };
  std::array<Row, kSlots> rows{};
  std::uint64_t multiplier{};

  // `tail`: the word's last eight bytes as a number, its last byte highest; zeros where it is
  // shorter.
  constexpr std::size_t slot_of(std::uint64_t tail, std::size_t size) const {
    constexpr unsigned kShift = 65 - std::bit_width(kSlots);
    return static_cast<std::size_t>((tail ^ size) * multiplier >> kShift);
  }
};

constexpr std::uint64_t tail_of(std::string_view word) {
  std::uint64_t tail = 0;
  for (std::size_t i = word.size() > 8 ? word.size() - 8 : 0, at = 0; i < word.size(); ++i, ++at)
    tail |= std::uint64_t{static_cast<unsigned char>(word[i])} << 8 * at;
  return tail;
}

// Of the rows of a vocabulary (members `value` and `log_name`) that have a spelling, and of the
// empty word, which stands for `empty`.
template <std::size_t kSlots, class Row, std::size_t N, class Enum>
consteval WordTable<kSlots> word_table(const std::array<Row, N>& vocabulary, Enum empty) {
  WordTable<kSlots> table;
  table.multiplier = 0x9e37'79b9'7f4a'7c15;
  for (bool apart = false; !apart;) {
    table.multiplier = table.multiplier * 0x5851'f42d'4c95'7f2d + 0x1405'7b7e'f767'814f;
    std::array<bool, kSlots> taken{};
    taken[table.slot_of(0, 0)] = apart = true;
    for (const Row& row : vocabulary) {
      if (row.log_name.empty()) continue;
      bool& slot = taken[table.slot_of(tail_of(row.log_name), row.log_name.size())];
      apart = apart && !slot;
      slot = true;
    }
  }
  const auto put = [&](std::string_view word, Enum value) {
    auto& row = table.rows[table.slot_of(tail_of(word), word.size())];
    for (std::size_t i = 0; i < word.size(); ++i) row.word[i] = word[i];
    row.size = static_cast<std::uint8_t>(word.size());
    row.value = static_cast<std::uint8_t>(value);
  };
  for (const Row& row : vocabulary)
    if (!row.log_name.empty()) put(row.log_name, row.value);
  put({}, empty);
  return table;
}

}  // namespace endreason
