// SPDX-License-Identifier: Apache-2.0
#include "sources/capture_window.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/chunk.hpp"

namespace endreason {
namespace {

constexpr std::size_t kMappedBytes = std::size_t{1} << 20;  // at a time; a few counted as memory

}  // namespace

CaptureWindow::CaptureWindow(std::unique_ptr<ByteSource> source, std::size_t capacity,
                             std::string_view already_read, std::size_t buffers)
    : source_(std::move(source)),
      buffers_(std::max<std::size_t>(buffers, 1)),
      headers_(std::max<std::size_t>(buffers, 1)) {
  for (auto& buffer : buffers_) buffer.resize(std::max(capacity, already_read.size()));
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
  if (lent_ && buffers_.size() > 1) return change_buffer(wanted);
  if (begin_ > 0) {
    std::memmove(data().data(), data().data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (data().size() < wanted) data().resize(wanted);
}

void CaptureWindow::change_buffer(std::size_t wanted) {
  const auto rest = bytes();
  current_ = (current_ + 1) % buffers_.size();
  lent_ = false;
  if (data().size() < wanted) data().resize(wanted);
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

// The end of the file is read, for it may move.
bool CaptureWindow::map_more(std::size_t wanted) {
  if (!may_map_ || to_skip_ > 0) return false;
  const auto file = source_->coming();
  const std::size_t rest = end_ - begin_;
  const std::size_t more = std::max(kMappedBytes, wanted);
  const std::uint64_t at = source_->position();
  if (!file || source_->separable() < more + kScanPadding || at < rest ||
      at + more + kScanPadding > file->size())
    return false;
  source_->set_apart(more);
  mapped_from_ = at - rest;
  coming_ = ComingWindow(file, mapped_from_, rest + more);
  mapped_ = reinterpret_cast<const std::uint8_t*>(file->bytes()) + mapped_from_;
  begin_ = 0;
  end_ = rest + more;
  return true;
}

void CaptureWindow::leave_mapping(std::uint64_t offset) {
  may_map_ = false;
  if (!mapped()) return;
  const std::size_t from = begin_ - static_cast<std::size_t>(offset_ - offset);
  const std::size_t rest = end_ - from;
  const std::uint64_t at = mapped_from_ + from;
  mapped_ = nullptr;
  coming_ = {};
  current_ = (current_ + 1) % buffers_.size();
  if (data().size() < rest) data().resize(rest);
  const auto got = source_->read_apart(at, {reinterpret_cast<char*>(data().data()), rest});
  if (!got) failure_ = got.error();
  offset_ = offset;
  begin_ = 0;
  end_ = got.value_or(0);
  ended_ = end_ < rest;
}

bool CaptureWindow::refill(std::size_t wanted) {
  if (end_ - begin_ >= wanted) return true;
  if (map_more(wanted)) return true;
  leave_mapping(offset_);
  make_room(wanted);
  do {
    if (!read_more()) break;
    if (begin_ > 0 && end_ - begin_ < wanted) make_room(wanted);
  } while (end_ - begin_ < wanted);
  return end_ - begin_ >= wanted;
}

}  // namespace endreason
