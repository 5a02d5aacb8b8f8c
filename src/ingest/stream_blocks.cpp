// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_blocks.hpp"

#include <algorithm>
#include <utility>

namespace endreason {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool stands_alone(std::string_view message) {
  if (message.find('\n') != std::string_view::npos || message.empty()) return false;
  if (is_digit(message[0])) return true;
  if (message[0] == '<') return message.size() > 1 && is_digit(message[1]);
  return message.starts_with("CEF:") || message.starts_with("LEEF:");
}

bool for_each_piece(
    const StreamBlock& block,
    const std::function<bool(std::string_view, std::uint32_t, std::int64_t)>& take) {
  const std::string_view text = block.text;
  const auto message = [&](const StreamBlock::Message& m) { return text.substr(m.begin, m.bytes); };
  const auto last = std::lower_bound(
      block.messages.begin(), block.messages.end(), block.end(),
      [](const StreamBlock::Message& m, std::uint64_t end) { return m.offset < end; });
  for (auto at = block.messages.begin(); at != last;) {
    const auto first = at;
    const bool alone = stands_alone(message(*at));
    std::size_t end = at->begin + at->bytes + 1;
    std::uint32_t lines = 1;
    // Rows of one piece have one time of receiving; it is not told finer than by the second.
    const auto second = [](const StreamBlock::Message& m) { return m.time_micros / 1'000'000; };
    for (++at; alone && at != last && second(*at) == second(*first) &&
               end - first->begin < kPieceBytes && stands_alone(message(*at));
         ++at, ++lines)
      end = at->begin + at->bytes + 1;
    if (!alone)
      lines = static_cast<std::uint32_t>(
          std::count(text.begin() + static_cast<std::ptrdiff_t>(first->begin),
                     text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    if (!take(text.substr(first->begin, end - first->begin), lines, first->time_micros))
      return false;
  }
  return true;
}

std::optional<std::uint64_t> StreamBlocks::assigned(const std::string& partition,
                                                    const std::optional<KafkaPlace>& place) {
  revoked(partition);
  if (!place) return std::nullopt;
  StreamBlock& block = blocks_[partition];
  block.partition = partition;
  block.placed = true;
  block.from = place->offset;
  block.again = place->begun;
  // The group's place may not have been committed behind the rows.
  if (const auto stored = stored_(partition); stored && *stored > block.from) {
    block.from = *stored;
    if (block.again && block.again->end <= block.from) block.again.reset();
  }
  block.next = block.from;
  return block.from;
}

void StreamBlocks::revoked(const std::string& partition) {
  const auto found = blocks_.find(partition);
  if (found == blocks_.end()) return;
  bytes_ -= found->second.text.size();
  blocks_.erase(found);
}

void StreamBlocks::message(const std::string& partition, std::uint64_t offset,
                           std::int64_t time_micros, std::string_view bytes) {
  StreamBlock& block = blocks_[partition];
  if (block.messages.empty()) {
    block.partition = partition;
    block.since = std::chrono::steady_clock::now();
    // Of a partition without a place, or of one that was made anew and begins again.
    if (block.from == 0 || offset < block.from) block.from = offset, block.again.reset();
  }
  while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == '\r')) bytes.remove_suffix(1);
  block.messages.push_back({offset, time_micros, block.text.size(), bytes.size()});
  block.text.append(bytes) += '\n';
  bytes_ += bytes.size() + 1;
  block.next = offset + 1;
}

void StreamBlocks::at_end(const std::string& partition, std::uint64_t next) {
  const auto found = blocks_.find(partition);
  if (found != blocks_.end()) found->second.next = std::max(found->second.next, next);
}

StreamBlock* StreamBlocks::due(std::chrono::steady_clock::time_point now,
                               std::chrono::milliseconds patience) {
  StreamBlock* oldest = nullptr;
  for (auto& [name, block] : blocks_) {
    const bool whole = block.again && block.next >= block.again->end;
    const bool enough = !block.again && !block.messages.empty() &&
                        (block.text.size() >= bytes_at_once_ || now - block.since >= patience);
    if ((whole || enough) && (oldest == nullptr || block.since < oldest->since)) oldest = &block;
  }
  return oldest;
}

void StreamBlocks::stored(StreamBlock& block) {
  const std::uint64_t end = block.end();
  const auto rest = std::lower_bound(
      block.messages.begin(), block.messages.end(), end,
      [](const StreamBlock::Message& m, std::uint64_t offset) { return m.offset < offset; });
  const std::size_t cut = rest == block.messages.end() ? block.text.size() : rest->begin;
  block.messages.erase(block.messages.begin(), rest);
  block.text.erase(0, cut);
  bytes_ -= cut;
  for (StreamBlock::Message& m : block.messages) m.begin -= cut;
  block.from = end;
  block.next = std::max(block.next, end);
  block.again.reset();
  block.begun_here = false;
}

}  // namespace endreason
