// SPDX-License-Identifier: Apache-2.0
#include "inspect/block_pool.hpp"

#include <algorithm>
#include <bit>

namespace endreason::inspect {

std::size_t BlockPool::class_of(std::size_t bytes) {
  const std::size_t bits = bytes <= 1 ? 0 : static_cast<std::size_t>(std::bit_width(bytes - 1));
  return std::max(bits, kSmallestBits) - kSmallestBits;
}

std::uint8_t* BlockPool::take(std::size_t bytes, std::uint32_t& capacity) {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClasses) {
    ++refused_;
    return nullptr;
  }
  const std::size_t size = std::size_t{1} << (size_class + kSmallestBits);
  auto& free = free_[size_class];
  // What is in use decides, so that it does not matter what was in use before.
  if (used_ + size > limit_) {
    ++refused_;
    return nullptr;
  }
  if (free.empty()) {
    if (allocated_ + size > 2 * limit_) {
      ++refused_;
      return nullptr;
    }
    blocks_.push_back(std::make_unique<std::uint8_t[]>(size));
    allocated_ += size;
    free.reserve(free.size() + 1);
    free.push_back(blocks_.back().get());
  }
  std::uint8_t* block = free.back();
  free.pop_back();
  used_ += size;
  used_max_ = std::max(used_max_, used_);
  capacity = static_cast<std::uint32_t>(size);
  return block;
}

void BlockPool::give_back(std::uint8_t* block, std::uint32_t capacity) {
  used_ -= capacity;
  free_[class_of(capacity)].push_back(block);
}

bool ByteBuffer::grow(BlockPool& pool, std::size_t bytes) {
  std::uint32_t capacity = 0;
  std::uint8_t* block =
      pool.take(std::max<std::size_t>(bytes, std::size_t{capacity_} * 2), capacity);
  if (block == nullptr && bytes > capacity_) block = pool.take(bytes, capacity);
  if (block == nullptr) return false;
  if (size_ > 0) std::memcpy(block, data_, size_);
  const std::uint32_t size = size_;
  clear(pool);
  data_ = block;
  size_ = size;
  capacity_ = capacity;
  return true;
}

}  // namespace endreason::inspect
