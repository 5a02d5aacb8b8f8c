// SPDX-License-Identifier: Apache-2.0
// BlockPool: memory for what inspection keeps of sessions, within one limit. Blocks are powers of
// two; what was given back is used again, so that it allocates only while it grows. One a thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace endreason::inspect {

class BlockPool {
 public:
  static constexpr std::size_t kSmallestBits = 8;  // 256 bytes
  static constexpr std::size_t kLargestBits = 17;  // 128 KiB
  static constexpr std::size_t kLargest = std::size_t{1} << kLargestBits;

  explicit BlockPool(std::size_t limit_bytes) : limit_(limit_bytes) {}
  // Of the bytes in use; blocks that are free may make it twice as much.
  void set_limit(std::size_t limit_bytes) { limit_ = limit_bytes; }

  // A block of at least `bytes`, its size in `capacity`; null when it would be too large or the
  // limit is reached, which is counted.
  std::uint8_t* take(std::size_t bytes, std::uint32_t& capacity);
  void give_back(std::uint8_t* block, std::uint32_t capacity);

  std::size_t bytes_used() const { return used_; }
  std::size_t bytes_allocated() const { return allocated_; }
  std::size_t bytes_used_max() const { return used_max_; }
  std::uint64_t refused() const { return refused_; }

 private:
  static constexpr std::size_t kClasses = kLargestBits - kSmallestBits + 1;
  static std::size_t class_of(std::size_t bytes);

  std::array<std::vector<std::uint8_t*>, kClasses> free_;
  std::vector<std::unique_ptr<std::uint8_t[]>> blocks_;
  std::size_t limit_, allocated_ = 0, used_ = 0, used_max_ = 0;
  std::uint64_t refused_ = 0;
};

// Bytes in one piece that grow in a pool. Gives nothing back by itself: clear() does.
class ByteBuffer {
 public:
  bool append(BlockPool& pool, std::span<const std::uint8_t> bytes) {
    if (bytes.empty()) return true;
    if (size_ + bytes.size() > capacity_ && !grow(pool, size_ + bytes.size())) return false;
    std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ += static_cast<std::uint32_t>(bytes.size());
    return true;
  }
  bool append(BlockPool& pool, std::uint8_t byte) { return append(pool, {&byte, 1}); }
  void drop_front(std::size_t bytes) {
    if (bytes == 0) return;
    size_ -= static_cast<std::uint32_t>(bytes);
    std::memmove(data_, data_ + bytes, size_);
  }
  void resize_down(std::size_t bytes) { size_ = static_cast<std::uint32_t>(bytes); }
  void clear(BlockPool& pool) {
    if (data_ != nullptr) pool.give_back(data_, capacity_);
    data_ = nullptr;
    size_ = capacity_ = 0;
  }
  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }
  const std::uint8_t* data() const { return data_; }
  std::uint8_t* data() { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  bool grow(BlockPool& pool, std::size_t bytes);

  std::uint8_t* data_ = nullptr;
  std::uint32_t size_ = 0, capacity_ = 0;
};

}  // namespace endreason::inspect
