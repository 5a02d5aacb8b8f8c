// SPDX-License-Identifier: Apache-2.0
// Chunk: input bytes followed by kScanPadding readable zero bytes, so that kernels may load whole
// vectors at the end without a bounds check. Move-only; not thread-safe.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace endreason {

inline constexpr std::size_t kScanPadding =
    64;  // bytes; the widest vector load (AVX-512) of any kernel

// A borrowed view of bytes that are followed by kScanPadding readable bytes (of any value).
// Only a Chunk, or a caller that vouches for the padding, can make one. Dies with its owner.
class PaddedView {
 public:
  PaddedView() = default;
  static PaddedView vouched(std::string_view text) { return PaddedView(text); }
  std::string_view text() const { return text_; }
  const char* begin() const { return text_.data(); }
  const char* end() const { return text_.data() + text_.size(); }
  std::size_t size() const { return text_.size(); }
  // A part of this view; what follows it is readable because what follows the whole is.
  PaddedView part(std::size_t offset, std::size_t count) const {
    return PaddedView(text_.substr(offset, count));
  }

 private:
  explicit PaddedView(std::string_view text) : text_(text) {}
  std::string_view text_;
};

class Chunk {
 public:
  Chunk() = default;
  explicit Chunk(std::size_t capacity)
      : bytes_(new char[capacity + kScanPadding]), capacity_(capacity) {
    std::memset(bytes_.get(), 0, kScanPadding);
  }
  Chunk(Chunk&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  Chunk& operator=(Chunk&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    capacity_ = std::exchange(other.capacity_, 0);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  char* data() { return bytes_.get(); }
  // All of the room there is, filled or not.
  std::span<char> writable() { return {bytes_.get(), capacity_}; }
  std::string_view text() const { return {bytes_.get(), size_}; }
  PaddedView padded() const { return PaddedView::vouched(text()); }
  // Declares the first n bytes to be input, and clears the padding behind them.
  void set_size(std::size_t n) {
    assert(n <= capacity_);
    size_ = n;
    if (bytes_) std::memset(bytes_.get() + n, 0, kScanPadding);
  }
  // Grows to at least `capacity`, keeping the first size() bytes.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    Chunk bigger(capacity);
    if (size_ > 0) std::memcpy(bigger.bytes_.get(), bytes_.get(), size_);
    bigger.set_size(size_);
    *this = std::move(bigger);
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace endreason
