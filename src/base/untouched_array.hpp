// SPDX-License-Identifier: Apache-2.0
// UntouchedArray: room for a fixed number of rows whose memory is left as it comes, so that a page
// of it costs nothing until something is written there. A row must be written before it is read.
// Move-only; not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace endreason {

template <class Row>
class UntouchedArray {
 public:
  UntouchedArray() = default;
  explicit UntouchedArray(std::size_t size)
      : rows_(
            static_cast<Row*>(::operator new (size * sizeof(Row), std::align_val_t{alignof(Row)}))),
        size_(size) {
    static_assert(std::is_trivially_destructible_v<Row> && std::is_trivially_copyable_v<Row>);
  }
  UntouchedArray(UntouchedArray&& other) noexcept
      : rows_(std::move(other.rows_)), size_(std::exchange(other.size_, 0)) {}
  UntouchedArray& operator=(UntouchedArray&& other) noexcept {
    rows_ = std::move(other.rows_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  std::size_t size() const { return size_; }
  Row* data() { return rows_.get(); }
  const Row* data() const { return rows_.get(); }
  Row* begin() { return data(); }
  Row* end() { return data() + size_; }
  const Row* begin() const { return data(); }
  const Row* end() const { return data() + size_; }
  Row& operator[](std::size_t i) { return rows_.get()[i]; }
  const Row& operator[](std::size_t i) const { return rows_.get()[i]; }

  // Room for more; the first `kept` rows come along.
  void grow(std::size_t size, std::size_t kept) {
    UntouchedArray larger(size);
    std::copy_n(data(), kept, larger.data());
    *this = std::move(larger);
  }

 private:
  struct Free {
    void operator()(Row* rows) const { ::operator delete (rows, std::align_val_t{alignof(Row)}); }
  };
  std::unique_ptr<Row, Free> rows_;
  std::size_t size_ = 0;
};

}  // namespace endreason
