// SPDX-License-Identifier: Apache-2.0
// ComingBytes: a file's bytes as addresses to prefetch from, and for nothing else.
//
// read(2) waits for memory: the page cache is far from the processor, and the copy asks for little
// at a time. While a run is worked on, prefetches for the run behind it go out one by one, and the
// copy then finds its bytes near by. A prefetch never faults, so a file that shrinks or changes
// meanwhile does no harm, which a mapping that is read could not say (decision 0003).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace endreason {

class ComingBytes {
 public:
  // Null where files cannot be mapped. The descriptor may be closed afterwards.
  static std::shared_ptr<const ComingBytes> of(int descriptor, std::uint64_t size);
  ComingBytes(const char* bytes, std::uint64_t size) : bytes_(bytes), size_(size) {}
  ComingBytes(const ComingBytes&) = delete;
  ComingBytes& operator=(const ComingBytes&) = delete;
  ~ComingBytes();

  const char* bytes() const { return bytes_; }
  std::uint64_t size() const { return size_; }

 private:
  const char* bytes_;
  std::uint64_t size_;
};

// A part of them, made known to the processor's tables for as long as the window lives.
class ComingWindow {
 public:
  ComingWindow() = default;
  // What lies behind the end of the file is left out. Waits for the disk where read(2) would.
  ComingWindow(std::shared_ptr<const ComingBytes> file, std::uint64_t offset, std::uint64_t count);
  // One whose bytes are read where they are: nothing is made known before fetch_ahead().
  static ComingWindow lent(std::shared_ptr<const ComingBytes> file, std::uint64_t offset,
                           std::uint64_t count);
  ComingWindow(const ComingWindow&) = delete;
  ComingWindow& operator=(const ComingWindow&) = delete;
  ComingWindow(ComingWindow&& other) noexcept { *this = std::move(other); }
  ComingWindow& operator=(ComingWindow&& other) noexcept;
  ~ComingWindow() { close(); }

  // Prefetches up to `offset` in the window, from where the last call stopped.
  void fetch_to(std::size_t offset) {
    const char* to = begin_ + (offset < size_ ? offset : size_);
    // As much at a time as a log line has, mostly, so that there is no guess about how often. What
    // goes beyond the window does no harm.
    for (; next_ < to; next_ += kStep * kLineBytes)
      for (std::size_t i = 0; i < kStep; ++i) __builtin_prefetch(next_ + i * kLineBytes, 0, 2);
  }

  // While the bytes up to `offset` are read where they are: the next ones into the nearest cache.
  // Touches the pages beforehand, so that they are mapped: only under a LentBytes of the window.
  void fetch_ahead(std::size_t offset) {
    const char* to = begin_ + offset + kNearBytes;
    if (to > untouched_ - kNearBytes) [[unlikely]]
      touch_to(to + kNearBytes);
    for (; next_ < to; next_ += kStep * kLineBytes)
      for (std::size_t i = 0; i < kStep; ++i) __builtin_prefetch(next_ + i * kLineBytes, 0, 3);
  }

 private:
  static constexpr std::size_t kLineBytes = 64;  // of a cache
  static constexpr std::size_t kStep = 13;
  // Far enough for the memory to answer meanwhile, near enough for the first cache.
  static constexpr std::size_t kNearBytes = 2048;
  void close();
  void touch_to(const char* to);

  std::shared_ptr<const ComingBytes> file_;
  const char* begin_ = nullptr;
  const char* next_ = nullptr;
  const char* untouched_ = nullptr;  // of lent bytes: from here on
  std::size_t size_ = 0;
};

}  // namespace endreason
