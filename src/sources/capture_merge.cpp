// SPDX-License-Identifier: Apache-2.0
#include "sources/capture_merge.hpp"

#include <algorithm>
#include <utility>

namespace endreason {
namespace {

constexpr std::size_t kLanePackets = 256;           // read from a capture at a time, of several
constexpr std::uint16_t kNoInterfaceLeft = 0xffff;  // all further interfaces share the last number

}  // namespace

// What one capture has ready.
struct CaptureMerge::Lane {
  std::vector<RawPacket> packets;
  std::size_t next = 0, count = 0;
  std::vector<std::uint16_t> numbers;  // of its interfaces, among all
  bool renumbered = false;             // they are others than its own
};

CaptureMerge::CaptureMerge(std::vector<std::unique_ptr<CaptureSource>> captures)
    : captures_(std::move(captures)), lanes_(captures_.size()) {
  heap_.reserve(lanes_.size());
  empty_.reserve(lanes_.size());
  for (std::uint32_t lane = 0; lane < lanes_.size(); ++lane) {
    if (lanes_.size() > 1) lanes_[lane].packets.resize(kLanePackets);
    empty_.push_back(lane);
  }
}

CaptureMerge::~CaptureMerge() = default;

// The heap has the earliest on top, so its "less" is "later".
bool CaptureMerge::later(std::uint32_t a, std::uint32_t b) const {
  const std::int64_t time_a = lanes_[a].packets[lanes_[a].next].time_ns;
  const std::int64_t time_b = lanes_[b].packets[lanes_[b].next].time_ns;
  return time_a != time_b ? time_a > time_b : a > b;
}

void CaptureMerge::renumber(Lane& lane, std::span<RawPacket> packets) {
  for (RawPacket& packet : packets) packet.interface = lane.numbers[packet.interface];
}

void CaptureMerge::read_from(std::uint32_t number, std::span<RawPacket> batch) {
  Lane& lane = lanes_[number];
  lane.next = 0;
  lane.count = captures_[number]->read(batch);
  const auto known = captures_[number]->interfaces();
  while (lane.numbers.size() < known.size()) {
    if (interfaces_.size() < kNoInterfaceLeft) interfaces_.push_back(known[lane.numbers.size()]);
    lane.numbers.push_back(static_cast<std::uint16_t>(interfaces_.size() - 1));
    lane.renumbered |= lane.numbers.back() != lane.numbers.size() - 1;
  }
  if (lane.renumbered) renumber(lane, batch.first(lane.count));
}

void CaptureMerge::refill(std::uint32_t number) {
  Lane& lane = lanes_[number];
  read_from(number, lane.packets);
  if (lane.count == 0) return;
  heap_.push_back(number);
  std::push_heap(heap_.begin(), heap_.end(), [this](auto a, auto b) { return later(a, b); });
}

std::size_t CaptureMerge::read(std::span<RawPacket> batch) {
  if (batch.empty()) return 0;
  if (lanes_.size() == 1) {
    read_from(0, batch);
    return lanes_.front().count;
  }
  std::sort(empty_.begin(), empty_.end());  // so that interfaces are numbered in a fixed order
  for (const std::uint32_t lane : empty_) refill(lane);
  empty_.clear();
  const auto order = [this](std::uint32_t a, std::uint32_t b) { return later(a, b); };
  std::size_t given = 0;
  while (given < batch.size() && !heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), order);
    Lane& lane = lanes_[heap_.back()];
    // As long as this lane is the earliest it goes on without touching the heap.
    do {
      batch[given++] = lane.packets[lane.next++];
    } while (given < batch.size() && lane.next < lane.count &&
             (heap_.size() == 1 || !later(heap_.back(), heap_.front())));
    if (lane.next < lane.count) {
      std::push_heap(heap_.begin(), heap_.end(), order);
      continue;
    }
    // Its next packets may be the earliest, and reading them would overwrite those just given.
    empty_.push_back(heap_.back());
    heap_.pop_back();
    break;
  }
  return given;
}

CaptureCounters CaptureMerge::counters() const {
  CaptureCounters sum;
  for (const auto& capture : captures_) {
    const CaptureCounters one = capture->counters();
    sum.packets += one.packets;
    sum.snapped += one.snapped;
    sum.captured_bytes += one.captured_bytes;
    sum.problems += one.problems;
    sum.lost_bytes += one.lost_bytes;
    sum.skipped_blocks += one.skipped_blocks;
  }
  return sum;
}

}  // namespace endreason
