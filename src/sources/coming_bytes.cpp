// SPDX-License-Identifier: Apache-2.0
#include "sources/coming_bytes.hpp"

#include <algorithm>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace endreason {
namespace {

// The kernel maps up to 16 pages around one that is asked for: asking for one in 16 is enough, and
// quicker than asking for all.
constexpr std::uintptr_t kPagesAround = 16;
constexpr std::size_t kForgottenBytes = std::size_t{8} << 20;
constexpr std::size_t kForgottenAgain = std::size_t{64} << 20;

std::uintptr_t page_bytes() {
  static const auto bytes = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace

std::shared_ptr<const ComingBytes> ComingBytes::of(int descriptor, std::uint64_t size) {
  if (size == 0 || size > SIZE_MAX / 2) return nullptr;
  void* mapped =
      ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED) return nullptr;
  // As for reading: the kernel reads further ahead.
  (void)::madvise(mapped, static_cast<std::size_t>(size), MADV_SEQUENTIAL);
  return std::make_shared<const ComingBytes>(static_cast<const char*>(mapped), size);
}

ComingBytes::~ComingBytes() {
  ::munmap(const_cast<char*>(bytes_), static_cast<std::size_t>(size_));
}

ComingWindow::ComingWindow(std::shared_ptr<const ComingBytes> file, std::uint64_t offset,
                           std::uint64_t count)
    : file_(std::move(file)) {
  if (!file_ || offset >= file_->size()) return;
  begin_ = next_ = file_->bytes() + offset;
  size_ = static_cast<std::size_t>(std::min(count, file_->size() - offset));
#if defined(MADV_POPULATE_READ)
  // Unlike a touch, this reports a file that has become shorter instead of raising SIGBUS.
  const std::uintptr_t page = page_bytes();
  const auto end = reinterpret_cast<std::uintptr_t>(begin_ + size_);
  for (auto at = reinterpret_cast<std::uintptr_t>(begin_) & ~(page - 1); at < end;
       at = (at / page / kPagesAround + 1) * page * kPagesAround)
    if (::madvise(reinterpret_cast<void*>(at), page, MADV_POPULATE_READ) != 0) break;
#endif
}

ComingWindow ComingWindow::lent(std::shared_ptr<const ComingBytes> file, std::uint64_t offset,
                                std::uint64_t count) {
  ComingWindow window;
  if (!file || offset >= file->size()) return window;
  window.begin_ = window.next_ = window.untouched_ = file->bytes() + offset;
  window.size_ = static_cast<std::size_t>(std::min(count, file->size() - offset));
  window.file_ = std::move(file);
  return window;
}

// One byte in as many pages as are mapped together.
void ComingWindow::touch_to(const char* to) {
  const char* const end = begin_ + size_;
  const std::uintptr_t around = page_bytes() * kPagesAround;
  while (untouched_ < to && untouched_ < end) {
    (void)*static_cast<const volatile char*>(untouched_);
    untouched_ += around - reinterpret_cast<std::uintptr_t>(untouched_) % around;
  }
}

ComingWindow& ComingWindow::operator=(ComingWindow&& other) noexcept {
  close();
  file_ = std::move(other.file_);
  begin_ = std::exchange(other.begin_, nullptr);
  next_ = std::exchange(other.next_, nullptr);
  untouched_ = std::exchange(other.untouched_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

// The pages stay in the page cache; they only cease to count as memory of this process. Forgetting
// makes the processor forget all that it knows of addresses, so much is forgotten at once, by the
// window that reaches into the next stretch. The stretch that ends there stays: what was made known
// of it last may be read only now (LentBytes). Whatever was touched again after it was forgotten,
// by a thread that stood still meanwhile, goes with the next ones.
void ComingWindow::close() {
  if (size_ == 0) return;
  const auto offset = static_cast<std::size_t>(begin_ - file_->bytes());
  const std::size_t to = (offset + size_) / kForgottenBytes * kForgottenBytes;
  if (offset < to && to > kForgottenBytes) {
    const std::size_t end = to - kForgottenBytes;
    const std::size_t from = end > kForgottenAgain ? end - kForgottenAgain : 0;
    (void)::madvise(const_cast<char*>(file_->bytes()) + from, end - from, MADV_DONTNEED);
  }
  size_ = 0;
  file_.reset();
}

}  // namespace endreason
