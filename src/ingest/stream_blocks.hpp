// SPDX-License-Identifier: Apache-2.0
// StreamBlocks: messages of a group's partitions, gathered until there are enough of one to be
// stored at once. A block is of one partition and begins where the group is in it. A block that the
// last reader of the partition began and did not finish is gathered to its end and no further, so
// that it has the same rows again. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sources/kafka_consumer.hpp"

namespace endreason {

struct StreamBlock {
  struct Message {
    std::uint64_t offset{};
    std::int64_t time_micros{};
    std::size_t begin{}, bytes{};  // in text
  };
  std::string partition;
  std::uint64_t from{}, next{};  // offsets: of the first message, and behind the last
  std::optional<KafkaPlace::Begun> again;
  std::string text;  // each message with a newline behind it
  std::vector<Message> messages;
  std::chrono::steady_clock::time_point since{};
  bool begun_here = false;  // `again` says what this process itself began
  bool placed = false;      // the group has a place in the partition

  std::uint64_t end() const { return again ? again->end : next; }
};

// Whether a message may be read together with its neighbours: it is one line whose meaning no other
// line changes.
bool stands_alone(std::string_view message);

// Messages of the block up to its end as pieces of whole messages, neighbours together where they
// may be. `time_micros` is of the first of them. False from `take` ends it.
bool for_each_piece(const StreamBlock& block,
                    const std::function<bool(std::string_view text, std::uint32_t lines,
                                             std::int64_t time_micros)>& take);

class StreamBlocks final : public KafkaReader {
 public:
  // What is stored already of a partition, by what the store says; nothing: it does not know.
  using StoredUpTo = std::function<std::optional<std::uint64_t>(const std::string& partition)>;
  StreamBlocks(std::uint64_t bytes_at_once, StoredUpTo stored)
      : bytes_at_once_(bytes_at_once), stored_(std::move(stored)) {}

  std::optional<std::uint64_t> assigned(const std::string& partition,
                                        const std::optional<KafkaPlace>& place) override;
  void revoked(const std::string& partition) override;
  void message(const std::string& partition, std::uint64_t offset, std::int64_t time_micros,
               std::string_view bytes) override;
  void at_end(const std::string& partition, std::uint64_t next) override;

  // The block that has waited longest, if it is to be stored now: it is whole, large, or it has
  // waited for `patience`. Stays where it is until stored(), or until its partition is revoked.
  StreamBlock* due(std::chrono::steady_clock::time_point now, std::chrono::milliseconds patience);
  void stored(StreamBlock& block);
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::map<std::string, StreamBlock, std::less<>> blocks_;
  std::uint64_t bytes_at_once_;
  std::uint64_t bytes_ = 0;
  StoredUpTo stored_;
};

}  // namespace endreason
