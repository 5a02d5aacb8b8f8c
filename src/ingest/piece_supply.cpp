// SPDX-License-Identifier: Apache-2.0
#include "ingest/piece_supply.hpp"

#include <algorithm>
#include <utility>

namespace endreason {
namespace {

// What is decompressed goes on in larger pieces while there are few workers: each piece wakes
// somebody up, which takes the time of several thousand bytes. Larger ones still would not stay in
// the second-level cache until they are read.
constexpr std::size_t kPiecesAtOnce = 4;

std::size_t ordered_bytes(std::size_t piece_bytes, unsigned threads) {
  return piece_bytes * std::max<std::size_t>(1, kPiecesAtOnce / std::max(threads, 1u));
}

}  // namespace

PieceSupply::PieceSupply(std::vector<Input> inputs, InputOpener open, std::size_t piece_bytes,
                         unsigned threads)
    : inputs_(std::move(inputs)),
      open_(std::move(open)),
      piece_bytes_(piece_bytes),
      ordered_bytes_(ordered_bytes(piece_bytes, threads)),
      ahead_max_(std::size_t{threads} * 2) {}

bool PieceSupply::take(Piece& piece) {
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [&] { return !waiting_.empty() || !reading_; });
    if (!waiting_.empty()) {
      if (piece.bytes.capacity() > 0) spare_.push_back(std::move(piece.bytes));
      piece = std::move(waiting_.front());
      waiting_.pop_front();
      ++taken_;
      return true;
    }
    if (over()) return false;
    if (separable()) {
      set_apart(piece);
      lock.unlock();
      read_apart(piece);
      return true;
    }
    read_ahead(lock);
  }
}

std::uint64_t PieceSupply::taken() const {
  const std::scoped_lock lock(mutex_);
  return taken_;
}

std::uint64_t PieceSupply::position() const {
  const std::scoped_lock lock(mutex_);
  return position_;
}

std::span<char> PieceSupply::room_in(Piece& piece, std::size_t bytes) {
  if (piece.bytes.capacity() < kPieceRoom + bytes) piece.bytes = Chunk(kPieceRoom + bytes);
  return piece.bytes.writable().subspan(kPieceRoom, bytes);
}

void PieceSupply::set_apart(Piece& piece) {
  piece.ticket = next_ticket_++;
  ++taken_;
  piece.input = static_cast<std::uint32_t>(begun_ - 1);
  piece.source = source_;
  piece.end_offset = source_->set_apart(piece_bytes_) + piece_bytes_;
  position_ = finished_bytes_ + source_->position();
}

void PieceSupply::read_apart(Piece& piece) const {
  const std::span<char> room = room_in(piece, piece_bytes_);
  const std::uint64_t offset = piece.end_offset - room.size();
  piece.error.reset();
  piece.ends = false;
  std::size_t held = 0;
  while (held < room.size() && !piece.ends) {
    const auto got = piece.source->read_apart(offset + held, room.subspan(held));
    if (!got) piece.error = got.error();
    piece.ends = got.value_or(0) == 0;  // where the file ends now, should it have become shorter
    held += got.value_or(0);
  }
  piece.bytes.set_size(kPieceRoom + held);
}

void PieceSupply::read_ahead(std::unique_lock<std::mutex>& lock) {
  reading_ = true;
  do {
    Piece piece;
    if (!spare_.empty()) {
      piece.bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    lock.unlock();
    read_next(piece);
    lock.lock();
    piece.ticket = next_ticket_++;
    position_ = finished_bytes_ + (source_ ? source_->position() : 0);
    waiting_.push_back(std::move(piece));
    arrived_.notify_one();
  } while (waiting_.size() < ahead_max_ && !over() && !separable());
  reading_ = false;
  arrived_.notify_all();
}

void PieceSupply::read_next(Piece& piece) {
  if (!source_) {
    auto opened = open_(inputs_[begun_++]);
    if (opened) {
      source_ = std::move(*opened);
    } else {
      piece.error = std::move(opened.error());
    }
  }
  const std::span<char> room = room_in(piece, separable() ? piece_bytes_ : ordered_bytes_);
  std::size_t held = 0;
  piece.input = static_cast<std::uint32_t>(begun_ - 1);
  piece.source = source_;
  piece.ends = !source_;
  // What a pipe gives is handed on at once, however little.
  while (!piece.ends && held < room.size() && (held == 0 || source_->size_hint())) {
    auto got = source_->read(room.subspan(held));
    if (!got) piece.error = std::move(got.error());
    piece.ends = !got || *got == 0;
    held += got.value_or(0);
  }
  piece.bytes.set_size(kPieceRoom + held);
  if (source_) piece.end_offset = source_->position();
  if (!piece.ends) return;
  finished_bytes_ += source_ ? source_->position() : 0;
  source_.reset();
}

}  // namespace endreason
