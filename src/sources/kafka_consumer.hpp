// SPDX-License-Identifier: Apache-2.0
// KafkaConsumer: a member of a consumer group. Its partitions' messages go to a KafkaReader, and
// the place of the group in each is committed when whoever stores them says so, never by itself.
// What is begun and not yet done stands beside the place, so that the next reader of the partition
// knows it. A commit is refused once the partition belongs to another member. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

struct KafkaOptions {
  std::vector<std::string> brokers;  // "host:9092"; none: there is no Kafka
  std::vector<std::string> topics;
  std::string group = "endreason";
  bool tls = false;
  std::string ca_file, certificate_file, key_file;  // PEM
  std::string mechanism;                            // of SASL: PLAIN, SCRAM-SHA-256, ...
  std::string user, password;
  std::chrono::milliseconds session_time{45'000};  // a member that is silent so long has left
  std::function<void(std::string_view)> message;   // troubles, in sentences
};

struct KafkaPlace {
  std::uint64_t offset{};  // of the next message
  // The messages up to `end`, without it, are being stored as rows with numbers from `first_id` on.
  struct Begun {
    std::uint64_t end{}, first_id{};
    friend bool operator==(const Begun&, const Begun&) = default;
  };
  std::optional<Begun> begun;
  friend bool operator==(const KafkaPlace&, const KafkaPlace&) = default;
};
// What stands beside an offset in Kafka: "endreason 1 END FIRST", or nothing. Others' words are
// none.
std::string begun_text(const std::optional<KafkaPlace::Begun>& begun);
std::optional<KafkaPlace::Begun> read_begun(std::string_view text);

// A partition is called "topic/3".
class KafkaReader {
 public:
  KafkaReader() = default;
  KafkaReader(const KafkaReader&) = delete;
  KafkaReader& operator=(const KafkaReader&) = delete;
  virtual ~KafkaReader() = default;
  // A partition is ours from now on; gives the offset from which to read. Nothing: there is no
  // place yet, and it is read from its beginning.
  virtual std::optional<std::uint64_t> assigned(const std::string& partition,
                                                const std::optional<KafkaPlace>& place) = 0;
  // It is not any more.
  virtual void revoked(const std::string& partition) = 0;
  // `time_micros` 0: the message has none.
  virtual void message(const std::string& partition, std::uint64_t offset, std::int64_t time_micros,
                       std::string_view bytes) = 0;
  // There is nothing behind it now; `next` is the offset of what comes.
  virtual void at_end(const std::string& partition, std::uint64_t next) = 0;
};

class KafkaConsumer {
 public:
  // The reader lives longer. An error names the setting.
  static Result<std::unique_ptr<KafkaConsumer>> open(KafkaOptions options, KafkaReader& reader);
  ~KafkaConsumer();  // leaves the group
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  // Gives what has come to the reader, at most `messages_max` messages; waits for the first of
  // them. How many there were.
  std::size_t poll(std::chrono::milliseconds wait, std::size_t messages_max);
  // Returns when the group's coordinator has it.
  Result<void> commit(const std::string& partition, const KafkaPlace& place);
  // Messages of the partition that are not committed yet, as far as is known.
  std::uint64_t behind(const std::string& partition, std::uint64_t committed) const;

 private:
  struct Handle;
  explicit KafkaConsumer(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace endreason
