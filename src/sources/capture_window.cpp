// SPDX-License-Identifier: Apache-2.0
#include "sources/capture_window.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace endreason {
namespace {

// In front of what is fetched, for what was left of the turn before: less than a record, which
// rarely is longer than this. What is not used of it costs no memory.
constexpr std::size_t kBeforeTurn = std::size_t{128} << 10;

}  // namespace

CaptureWindow::CaptureWindow(std::unique_ptr<ByteSource> source, std::size_t capacity,
                             std::string_view already_read, std::size_t buffers,
                             std::size_t readers)
    : source_(std::move(source)),
      capacity_(std::max(capacity, already_read.size())),
      buffers_(readers > 1 ? readers + 1 : std::max<std::size_t>(buffers, 1)),
      turns_(readers > 1 ? readers : 0),
      current_(readers > 1 ? readers : 0) {
  for (auto& buffer : buffers_) buffer = UntouchedArray<std::uint8_t>(capacity_);
  if (!already_read.empty()) std::memcpy(data().data(), already_read.data(), already_read.size());
  end_ = already_read.size();
}

void CaptureWindow::begin_turns() {
  if (turns_.empty()) return;
  turns_begin_ = source_->position();
  turns_end_ = turns_begin_ + source_->separable();
}

// An error is met again, and told, by who reads on at that place.
void CaptureWindow::fetch(std::size_t buffer, std::uint64_t number) {
  Turn& turn = turns_[buffer];
  assert(turn.state == Turn::State::None);
  turn = {Turn::State::Fetched, turns_begin_ + number * capacity_, 0};
  if (turn.offset >= turns_end_) return;
  auto& room = buffers_[buffer];
  if (room.size() < kBeforeTurn + capacity_) room.grow(kBeforeTurn + capacity_, 0);
  const std::uint64_t count = std::min<std::uint64_t>(capacity_, turns_end_ - turn.offset);
  const std::span<char> to{reinterpret_cast<char*>(room.data()) + kBeforeTurn,
                           static_cast<std::size_t>(count)};
  turn.count = source_->read_apart(turn.offset, to).value_or(0);
}

bool CaptureWindow::turn_is_over() const {
  return chosen_ && !turns_.empty() && turns_[*chosen_].state == Turn::State::Begun && !ended_ &&
         source_->position() < turns_end_;
}

// What was fetched, as far as nobody has read beyond it, behind what is left of the turn before.
bool CaptureWindow::begin_turn() {
  Turn& turn = turns_[*chosen_];
  turn.state = Turn::State::Begun;
  const std::uint64_t at = source_->position();
  if (at < turn.offset || at >= turn.offset + turn.count) return false;
  assert(current_ == turns_.size());
  const auto rest = bytes();
  const auto passed = static_cast<std::size_t>(at - turn.offset);
  const std::size_t count = turn.count - passed;
  auto& room = buffers_[*chosen_];
  std::size_t first = kBeforeTurn + passed;
  if (rest.size() > first) {
    UntouchedArray<std::uint8_t> larger(rest.size() + kBeforeTurn + capacity_);
    std::copy_n(room.data() + first, count, larger.data() + rest.size());
    first = rest.size();
    room = std::move(larger);
  }
  std::copy(rest.begin(), rest.end(), room.data() + first - rest.size());
  begin_ = first - rest.size();
  end_ = first + count;
  current_ = *chosen_;
  source_->set_apart(count);
  pass_over_skipped(count);
  return true;
}

void CaptureWindow::leave_turn() {
  turns_[*chosen_].state = Turn::State::None;
  if (current_ == turns_.size()) return;
  change_buffer(turns_.size(), bytes().size());
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
  end_ += *got;
  pass_over_skipped(*got);
  return true;
}

// Of so many bytes that have come. Some are left to skip only while the window is empty, so what is
// skipped lies at its front.
void CaptureWindow::pass_over_skipped(std::size_t came) {
  const std::size_t skipped = static_cast<std::size_t>(std::min<std::uint64_t>(to_skip_, came));
  to_skip_ -= skipped;
  begin_ += skipped;
  if (begin_ == end_) begin_ = end_ = 0;
}

bool CaptureWindow::refill(std::size_t wanted) {
  if (end_ - begin_ >= wanted) return true;
  const bool fetched = chosen_ && !turns_.empty() && turns_[*chosen_].state == Turn::State::Fetched;
  if (fetched && begin_turn() && end_ - begin_ >= wanted) return true;
  make_room(wanted);
  do {
    if (!read_more()) break;
    if (begin_ > 0 && end_ - begin_ < wanted) make_room(wanted);
  } while (end_ - begin_ < wanted);
  return end_ - begin_ >= wanted;
}

}  // namespace endreason
