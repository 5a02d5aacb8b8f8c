// SPDX-License-Identifier: Apache-2.0
// Ingestor: what comes from Kafka, which keeps it until its rows are stored, so it passes the spool
// by.
#include "ingest/ingestor.hpp"

#include <fmt/format.h>

namespace endreason {
namespace {

constexpr std::uint64_t kStreamBytesAtOnce = 48 << 20;
constexpr std::uint64_t kStreamBytesMax = 3 * kStreamBytesAtOnce;
constexpr std::size_t kMessagesAtOnce = 10'000;

}  // namespace

Result<void> Ingestor::start_streams() {
  if (options_.kafka.brokers.empty()) return {};
  blocks_ = std::make_unique<StreamBlocks>(
      kStreamBytesAtOnce, [this](const std::string& partition) -> std::optional<std::uint64_t> {
        const auto known = streams_committed_.find(stream_key(partition));
        if (known == streams_committed_.end()) return std::nullopt;
        return known->second;
      });
  auto consumer = KafkaConsumer::open(options_.kafka, *blocks_);
  if (!consumer) return tl::unexpected(consumer.error());
  consumer_ = *std::move(consumer);
  return {};
}

std::string Ingestor::stream_key(const std::string& partition) const {
  return fmt::format("{}{}.{}", kStreamPlace, options_.kafka.group, partition);
}

// Takes what has come, and stores a block that is due; true when it did or tried. A commit is
// either of the spool or of a block, since either may have to be made again by itself.
bool Ingestor::work_on_streams() {
  // Also without room while something is wrong: only so it is learned that a partition is lost.
  if (blocks_->bytes() < kStreamBytesMax || streams_away_)
    consumer_->poll(std::chrono::milliseconds(0), kMessagesAtOnce);
  if (lines_pending_ > 0 || again_until_) return false;
  StreamBlock* const block = blocks_->due(std::chrono::steady_clock::now(), options_.commit_after);
  if (block != nullptr) {
    streams_away_ = !store_block(*block);
    return true;
  }
  if (streams_away_) {
    // The block went to another member of the group.
    streams_away_ = false;
    const std::scoped_lock lock(mutex_);
    if (state_ == IngestState::StoreAway) state_ = IngestState::Running;
    problem_.clear();
  }
  return false;
}

bool Ingestor::store_block(StreamBlock& block) {
  if (committing_ && !finish_commit()) return false;
  const std::uint64_t end = block.end();
  // From now on the group has a place there, and what we know of it counts.
  if (!block.placed) {
    if (auto placed = consumer_->commit(block.partition, {block.from, std::nullopt}); !placed) {
      begin_failed_ = true;
      fall_back(placed.error().message);
      return false;
    }
    block.placed = true;
  }
  replaying_ = block.again && !block.begun_here;
  StreamRows rows;
  if (block.again) rows.again_from = block.again->first_id;
  rows.begin = [&](std::uint64_t first_id) { return begin_block(block, first_id); };
  store_.begin_stream(std::move(rows));
  SpoolFrame frame;
  const std::string sender = std::string(kKafkaSender) + block.partition;
  frame.name_bytes = sender.size();
  std::int64_t last = 0;
  const bool well = for_each_piece(
      block, [&](std::string_view text, std::uint32_t lines, std::int64_t time_micros) {
        frame.bytes.assign(sender).append(text);
        frame.lines = lines;
        frame.received_micros = last = time_micros != 0 ? time_micros : options_.now_micros();
        return process(frame);
      });
  replaying_ = false;
  if (!well) return false;  // process() has fallen back
  if (last != 0) {
    const std::scoped_lock lock(mutex_);
    senders_[sender_number(sender)].last_micros = last;
  }
  streams_pending_[stream_key(block.partition)] = end;
  if (!commit()) return false;
  // Refused when the partition is another's by now, who finds the rows there.
  if (auto done = consumer_->commit(block.partition, {end, std::nullopt});
      !done && options_.kafka.message)
    options_.kafka.message(done.error().message);
  blocks_->stored(block);
  return true;
}

// Before anything of the block is sent: whoever reads the partition next has to make the same one.
// Also before it is sent again, since by then it may be another's.
Result<void> Ingestor::begin_block(StreamBlock& block, std::uint64_t first_id) {
  const KafkaPlace place{block.from, KafkaPlace::Begun{block.end(), first_id}};
  auto begun = consumer_->commit(block.partition, place);
  begin_failed_ = !begun;
  if (!block.again) {
    block.again = place.begun;
    block.begun_here = true;
  }
  return begun;
}

// Between two frames, so that the rows of one are all read and judged alike.
}  // namespace endreason
