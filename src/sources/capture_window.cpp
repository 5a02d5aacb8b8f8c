// SPDX-License-Identifier: Apache-2.0
#include "sources/capture_window.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace endreason {

CaptureWindow::CaptureWindow(std::unique_ptr<ByteSource> source, std::size_t capacity,
                             std::string_view already_read, std::size_t buffers)
    : source_(std::move(source)), buffers_(std::max<std::size_t>(buffers, 1)) {
  for (auto& buffer : buffers_)
    buffer = UntouchedArray<std::uint8_t>(std::max(capacity, already_read.size()));
  if (!already_read.empty()) std::memcpy(data().data(), already_read.data(), already_read.size());
  end_ = already_read.size();
}

void CaptureWindow::advance(std::uint64_t count) {
  const std::uint64_t here = std::min<std::uint64_t>(count, end_ - begin_);
  begin_ += static_cast<std::size_t>(here);
  to_skip_ += count - here;
  offset_ += count;
}

void CaptureWindow::make_room(std::size_t wanted) {
  if (chosen_ && *chosen_ != current_) return change_buffer(*chosen_, wanted);
  if (!chosen_ && lent_ && buffers_.size() > 1)
    return change_buffer((current_ + 1) % buffers_.size(), wanted);
  if (begin_ > 0) {
    std::memmove(data().data(), data().data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (data().size() < wanted) data().grow(wanted, end_);
}

void CaptureWindow::change_buffer(std::size_t to, std::size_t wanted) {
  const auto rest = bytes();
  current_ = to;
  lent_ = false;
  if (data().size() < wanted) data().grow(wanted, 0);
  std::copy(rest.begin(), rest.end(), data().begin());
  begin_ = 0;
  end_ = rest.size();
}

bool CaptureWindow::read_more() {
  if (ended_) return false;
  const auto got =
      source_->read({reinterpret_cast<char*>(data().data()) + end_, data().size() - end_});
  if (!got) failure_ = got.error();
  if (!got || *got == 0) {
    ended_ = true;
    return false;
  }
  const std::size_t skipped = static_cast<std::size_t>(std::min<std::uint64_t>(to_skip_, *got));
  to_skip_ -= skipped;
  // Bytes are left to skip only while the window is empty, so what is skipped lies at its front.
  begin_ += skipped;
  end_ += *got;
  if (begin_ == end_) begin_ = end_ = 0;
  return true;
}

bool CaptureWindow::refill(std::size_t wanted) {
  if (end_ - begin_ >= wanted) return true;
  make_room(wanted);
  do {
    if (!read_more()) break;
    if (begin_ > 0 && end_ - begin_ < wanted) make_room(wanted);
  } while (end_ - begin_ < wanted);
  return end_ - begin_ >= wanted;
}

}  // namespace endreason
