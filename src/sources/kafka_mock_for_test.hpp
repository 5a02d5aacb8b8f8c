// SPDX-License-Identifier: Apache-2.0
// A Kafka cluster within this process, as librdkafka has it for tests: brokers on loopback, which
// members of other processes can use, too. Tests only; one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace endreason {

class KafkaMock {
 public:
  KafkaMock();
  ~KafkaMock();
  KafkaMock(const KafkaMock&) = delete;
  KafkaMock& operator=(const KafkaMock&) = delete;

  std::string brokers() const;  // "127.0.0.1:1234"
  void add_topic(const std::string& topic, int partitions);
  // Sent by flush().
  void produce(const std::string& topic, int partition, std::string_view text);
  bool flush();

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace endreason
