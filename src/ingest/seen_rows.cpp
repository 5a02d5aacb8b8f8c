// SPDX-License-Identifier: Apache-2.0
#include "ingest/seen_rows.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

namespace endreason {

bool SeqnoSet::insert(std::uint64_t number) {
  const std::uint64_t block_number = number >> 16;
  if (last_ == nullptr || last_number_ != block_number) {
    const auto [block, fresh] = blocks_.try_emplace(block_number);
    // A set keeps its newest whatever the others have.
    if (fresh && ++*shared_blocks_ > kBlocksMax && blocks_.size() > 1) {
      blocks_.erase(blocks_.begin() == block ? std::next(block) : blocks_.begin());
      --*shared_blocks_;
    }
    last_ = &block->second;
    last_number_ = block_number;
  }
  Block& block = *last_;
  const auto low = static_cast<std::uint16_t>(number);
  if (block.bits) {
    std::uint64_t& word = (*block.bits)[low / 64];
    const std::uint64_t bit = std::uint64_t{1} << low % 64;
    if ((word & bit) != 0) return false;
    word |= bit;
  } else if (block.list.empty() || block.list.back() < low) {  // mostly they come in order
    block.list.push_back(low);
  } else {
    const auto at = std::lower_bound(block.list.begin(), block.list.end(), low);
    if (at != block.list.end() && *at == low) return false;
    block.list.insert(at, low);
  }
  ++size_;
  if (block.list.size() > kListMax) {
    block.bits = std::make_unique<Bitmap>();
    for (const std::uint16_t n : block.list) (*block.bits)[n / 64] |= std::uint64_t{1} << n % 64;
    block.list = {};
  }
  return true;
}

void SeqnoSet::erase(std::uint64_t number) {
  const auto found = blocks_.find(number >> 16);
  if (found == blocks_.end()) return;
  const auto low = static_cast<std::uint16_t>(number);
  Block& block = found->second;
  if (block.bits) {
    std::uint64_t& word = (*block.bits)[low / 64];
    const std::uint64_t bit = std::uint64_t{1} << low % 64;
    size_ -= (word & bit) != 0;
    word &= ~bit;
    return;
  }
  const auto at = std::lower_bound(block.list.begin(), block.list.end(), low);
  if (at == block.list.end() || *at != low) return;
  block.list.erase(at);
  --size_;
}

bool SeqnoSet::contains(std::uint64_t number) const {
  const auto found = blocks_.find(number >> 16);
  if (found == blocks_.end()) return false;
  const auto low = static_cast<std::uint16_t>(number);
  const Block& block = found->second;
  if (block.bits) return ((*block.bits)[low / 64] >> low % 64 & 1) != 0;
  return std::binary_search(block.list.begin(), block.list.end(), low);
}

template <class Take>
void SeqnoSet::each(const Block& block, Take take) {
  if (!block.bits) {
    for (const std::uint16_t n : block.list) take(n);
    return;
  }
  for (std::size_t i = 0; i < block.bits->size(); ++i)
    for (std::uint64_t word = (*block.bits)[i]; word != 0; word &= word - 1)
      take(i * 64 + static_cast<std::size_t>(std::countr_zero(word)));
}

SeqnoSet::Gaps SeqnoSet::gaps(std::size_t most) const {
  Gaps found;
  bool any = false;
  std::uint64_t before = 0;
  for (const auto& [block_number, block] : blocks_) {
    each(block, [&, base = block_number << 16](std::uint64_t low) {
      const std::uint64_t number = base | low;
      if (any && number - before > 1 && number - before - 1 <= kMissingMax) {
        ++found.count;
        found.missing += number - before - 1;
        found.newest.push_back({before, number});
        if (found.newest.size() > most) found.newest.erase(found.newest.begin());
      }
      any = true;
      before = number;
    });
  }
  return found;
}

SeqnoSet* SeenRows::of(std::string_view serial, std::string_view vsys) {
  key_.assign(serial);
  key_ += '\x1f';
  key_ += vsys;
  if (last_ != nullptr && key_ == last_key_) return last_;
  auto found = sets_.find(key_);
  if (found == sets_.end()) {
    if (sets_.size() >= kSetsMax) return nullptr;
    found = sets_.emplace(key_, SeqnoSet(&blocks_)).first;
  }
  last_ = &found->second;
  last_key_ = key_;
  return last_;
}

}  // namespace endreason
