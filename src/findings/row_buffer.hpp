// SPDX-License-Identifier: Apache-2.0
// RowBuffer: rows of fixed size, appended up to a limit and sorted by digits of
// a key. Takes memory when it is first used; memory that was never written
// costs nothing. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include <sys/mman.h>

#include "findings/radix_sort.hpp"

namespace endreason {

template <class Row>
class RowBuffer {
  static_assert(std::is_trivially_copyable_v<Row>);

 public:
  // What a row costs: its place and one of the same size to sort it into.
  static constexpr std::size_t kBytesPerRow = 2 * sizeof(Row);

  explicit RowBuffer(std::size_t limit) : limit_(limit) {}

  std::size_t size() const { return size_; }
  std::size_t limit() const { return limit_; }
  std::size_t room() const { return limit_ - size_; }
  Row* begin() { return rows_.get(); }
  Row* end() { return rows_.get() + size_; }
  const Row* begin() const { return rows_.get(); }
  const Row* end() const { return rows_.get() + size_; }

  // There must be room.
  void push(const Row& row) {
    if (size_ == reserved_) reserve();
    rows_[size_++] = row;
  }
  void shrink_to(const Row* end) { size_ = static_cast<std::size_t>(end - rows_.get()); }

  template <class KeyOf>
  void sort(std::span<const RadixDigit> digits, KeyOf&& key_of) {
    if (size_ < 2) return;
    if (!spare_) {
      spare_ = allocate(nullptr);
      in_large_pages(spare_.get(), size_);
    }
    const Row* sorted = radix_sort(rows_.get(), spare_.get(), size_, digits, key_of);
    if (sorted != rows_.get()) std::swap(rows_, spare_);
  }

  void raise_limit(std::size_t more) {
    limit_ += more;
    spare_.reset();
  }
  void clear() { size_ = 0; }
  void release() {
    rows_.reset();
    spare_.reset();
    size_ = reserved_ = 0;
  }
  void release_spare() { spare_.reset(); }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  using Rows = std::unique_ptr<Row[], Free>;

  Rows allocate(Row* old) const {
    auto* rows = static_cast<Row*>(std::realloc(old, limit_ * sizeof(Row)));
    if (rows == nullptr) throw std::bad_alloc();
    return Rows(rows);
  }
  // Memory that is written from its beginning on: in large pages it costs fewer page faults, and
  // less to go about in. What lies before the first of them keeps small inputs from taking one.
  void in_large_pages(Row* rows, std::size_t count) const {
#if defined(MADV_HUGEPAGE)
    constexpr std::uintptr_t kLargePage = std::uintptr_t{2} << 20;
    const auto at = reinterpret_cast<std::uintptr_t>(rows);
    const std::uintptr_t from = (at + kLargePage - 1) & ~(kLargePage - 1);
    const std::uintptr_t to = (at + count * sizeof(Row)) & ~(kLargePage - 1);
    if (from < to) (void)::madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#else
    (void)rows, (void)count;
#endif
  }
  void reserve() {
    rows_ = allocate(rows_.release());
    reserved_ = limit_;
    in_large_pages(rows_.get(), limit_);
  }

  std::size_t limit_;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
  Rows rows_, spare_;
};

}  // namespace endreason
