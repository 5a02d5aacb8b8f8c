// SPDX-License-Identifier: Apache-2.0
// SeenRows: which rows are stored, by firewall, virtual system and sequence number, so that a copy
// that comes by way of a second collector is kept once; and which numbers never came. Numbers of a
// firewall follow each other, so a set costs about a bit a row, and never more than some hundred
// megabytes. One thread, or with a lock.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace endreason {

// A set of 64-bit numbers, by blocks of 65,536: a sorted list while there are few, then a bitmap.
class SeqnoSet {
 public:
  // `blocks`: how many there are in all sets that share the count.
  explicit SeqnoSet(std::size_t* blocks) : shared_blocks_(blocks) {}
  // False when it was there already.
  bool insert(std::uint64_t number);
  void erase(std::uint64_t number);
  bool contains(std::uint64_t number) const;
  std::uint64_t size() const { return size_; }

  struct Gap {
    std::uint64_t after, before;  // the numbers that are there, on either side
    std::uint64_t missing() const { return before - after - 1; }
  };
  // A step of more than this is a firewall that counts anew, not rows that are missing.
  static constexpr std::uint64_t kMissingMax = 1'000'000;
  // The gaps, oldest first; no more than the newest `most`.
  struct Gaps {
    std::uint64_t count{}, missing{};
    std::vector<Gap> newest;
  };
  Gaps gaps(std::size_t most) const;

 private:
  static constexpr std::size_t kListMax = 4096;
  using Bitmap = std::array<std::uint64_t, 1024>;
  struct Block {
    std::vector<std::uint16_t> list;
    std::unique_ptr<Bitmap> bits;
  };
  template <class Take>
  static void each(const Block& block, Take take);
  // Numbers without order would cost a block each, of up to 8 KiB: then those of the lowest are
  // forgotten. In order, so many hold two thousand million numbers.
  static constexpr std::size_t kBlocksMax = 32'768;
  std::size_t* shared_blocks_;
  std::map<std::uint64_t, Block> blocks_;
  Block* last_ = nullptr;
  std::uint64_t last_number_ = 0;
  std::uint64_t size_ = 0;
};

class SeenRows {
 public:
  SeenRows() = default;
  SeenRows(const SeenRows&) = delete;  // its sets point into it
  SeenRows& operator=(const SeenRows&) = delete;
  // More firewalls than anybody has: rows of further ones are not looked at, nullptr.
  static constexpr std::size_t kSetsMax = 8'192;
  SeqnoSet* of(std::string_view serial, std::string_view vsys);
  std::size_t blocks() const { return blocks_; }
  // By "serial\x1fvsys".
  const std::map<std::string, SeqnoSet, std::less<>>& all() const { return sets_; }

 private:
  std::size_t blocks_ = 0;
  std::map<std::string, SeqnoSet, std::less<>> sets_;
  std::string key_, last_key_;
  SeqnoSet* last_ = nullptr;
};

}  // namespace endreason
