// SPDX-License-Identifier: Apache-2.0
// CountedRows: 64-bit keys with counters, 16 bytes each, appended up to a limit. Equal keys are
// added up when the rows are combined. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "findings/count.hpp"
#include "findings/row_buffer.hpp"

namespace endreason {

class CountedRows {
 public:
  struct Row {
    std::uint64_t key;
    std::uint64_t counts;  // packed, or a mark and a place in large_
  };

  explicit CountedRows(std::size_t limit) : rows_(limit), large_max_(limit / kRowsPerLarge) {}

  std::size_t size() const { return rows_.size(); }
  std::size_t limit() const { return rows_.limit(); }
  // Whether so many more fit, whatever their counters.
  bool has_room(std::size_t more) const {
    return rows_.room() >= more && large_max_ >= large_.size() + more;
  }
  // Whether combining has won so much that it will not be done again too soon.
  bool roomy() const {
    return mostly_free(size(), limit()) && mostly_free(large_.size(), large_max_);
  }
  bool has_large_counts() const { return !large_.empty(); }
  Row* begin() { return rows_.begin(); }
  Row* end() { return rows_.end(); }
  const Row* begin() const { return rows_.begin(); }
  const Row* end() const { return rows_.end(); }
  // `rows` of a count are not kept.
  Count count_of(const Row& row) const {
    if ((row.counts & kLargeMark) != 0) return large_[row.counts & ~kLargeMark];
    return {0, row.counts >> kBytesBits, row.counts & kBytesMax};
  }

  // There must be room.
  void push(std::uint64_t key, const Count& count) { rows_.push({key, pack(count, large_)}); }
  // Rows that were combined stay so.
  void sort(std::span<const RadixDigit> digits) {
    rows_.sort(digits, [](const Row& row) { return row.key; });
  }
  // Sorts, and adds up equal keys, which the digits must have all bits of.
  void combine(std::span<const RadixDigit> digits);
  void raise_limit(std::size_t more) {
    rows_.raise_limit(more);
    large_max_ += more / kRowsPerLarge;
  }
  void clear() {
    rows_.clear();
    large_.clear();
  }
  void release_spare() { rows_.release_spare(); }
  void release() {
    clear();
    rows_.release();
  }

  static constexpr std::size_t kRowsPerLarge = 16;

 private:
  static constexpr std::uint64_t kLargeMark = std::uint64_t{1} << 63;
  static constexpr unsigned kBytesBits = 43;
  static constexpr std::uint64_t kBytesMax = (std::uint64_t{1} << kBytesBits) - 1;
  static constexpr std::uint64_t kSessionsMax = (std::uint64_t{1} << (63 - kBytesBits)) - 1;
  static constexpr bool packs(const Count& count) {
    return count.sessions <= kSessionsMax && count.bytes <= kBytesMax;
  }
  static bool mostly_free(std::size_t size, std::size_t limit) { return size <= limit / 4 * 3; }
  static std::uint64_t pack(const Count& count, std::vector<Count>& large) {
    if (packs(count)) return count.sessions << kBytesBits | count.bytes;
    large.push_back(count);
    return kLargeMark | (large.size() - 1);
  }

  RowBuffer<Row> rows_;
  std::size_t large_max_;
  std::vector<Count> large_;
};

}  // namespace endreason
