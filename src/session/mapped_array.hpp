// SPDX-License-Identifier: Apache-2.0
// MappedArray: a fixed number of zero-filled rows whose memory is taken page by page when first
// touched, so that a large capacity costs nothing until it is used. Large pages are asked for:
// rows are met in random order, and a million sessions span more small pages than the processor
// remembers. Rows are plain bytes: no constructor runs. Move-only; not thread-safe.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace endreason {

template <class Row>
class MappedArray {
  static_assert(std::is_trivially_destructible_v<Row> && std::is_trivially_copyable_v<Row>);

 public:
  MappedArray() = default;
  // empty() when the system has no room for so many rows.
  explicit MappedArray(std::size_t size) {
    if (size == 0 || size > kMostBytes / sizeof(Row)) return;
    void* at = ::mmap(nullptr, mapped_bytes(size), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return;
    ::madvise(at, mapped_bytes(size), MADV_HUGEPAGE);  // a wish; refusal changes nothing
    rows_ = static_cast<Row*>(at);
    size_ = size;
  }
  ~MappedArray() {
    if (rows_ != nullptr) ::munmap(rows_, mapped_bytes(size_));
  }
  MappedArray(MappedArray&& other) noexcept
      : rows_(std::exchange(other.rows_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedArray& operator=(MappedArray&& other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(size_, other.size_);
    return *this;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  Row& operator[](std::size_t i) { return rows_[i]; }
  const Row& operator[](std::size_t i) const { return rows_[i]; }

 private:
  static constexpr std::size_t kMostBytes = std::size_t{1} << 46;  // below any user address space
  // In whole large pages, where that is not much more: the kernel then lets them begin with the
  // first row.
  static std::size_t mapped_bytes(std::size_t size) {
    constexpr std::size_t kLargePage = std::size_t{2} << 20, kMuchLess = std::size_t{256} << 10;
    const std::size_t bytes = size * sizeof(Row);
    return bytes < kMuchLess ? bytes : (bytes + kLargePage - 1) & ~(kLargePage - 1);
  }

  Row* rows_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace endreason
