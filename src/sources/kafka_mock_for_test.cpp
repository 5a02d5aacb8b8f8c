// SPDX-License-Identifier: Apache-2.0
#include "sources/kafka_mock_for_test.hpp"

#include <array>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace endreason {

struct KafkaMock::Handle {
  rd_kafka_t* host = nullptr;  // owns the cluster's threads
  rd_kafka_mock_cluster_t* cluster = nullptr;
  rd_kafka_t* producer = nullptr;
};

namespace {

rd_kafka_t* make(rd_kafka_type_t type, const char* brokers) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  std::array<char, 256> why{};
  rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
  if (brokers != nullptr) {
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why.data(), why.size());
    // Larger batches than about a megabyte the cluster does not give out again.
    rd_kafka_conf_set(conf, "batch.num.messages", "500", why.data(), why.size());
    rd_kafka_conf_set(conf, "linger.ms", "5", why.data(), why.size());
  }
  return rd_kafka_new(type, conf, why.data(), why.size());
}

}  // namespace

KafkaMock::KafkaMock() : handle_(std::make_unique<Handle>()) {
  handle_->host = make(RD_KAFKA_PRODUCER, nullptr);
  handle_->cluster = rd_kafka_mock_cluster_new(handle_->host, 1);
  handle_->producer = make(RD_KAFKA_PRODUCER, brokers().c_str());
}

KafkaMock::~KafkaMock() {
  rd_kafka_destroy(handle_->producer);
  rd_kafka_mock_cluster_destroy(handle_->cluster);
  rd_kafka_destroy(handle_->host);
}

std::string KafkaMock::brokers() const {
  return rd_kafka_mock_cluster_bootstraps(handle_->cluster);
}

void KafkaMock::add_topic(const std::string& topic, int partitions) {
  rd_kafka_mock_topic_create(handle_->cluster, topic.c_str(), partitions, 1);
}

void KafkaMock::produce(const std::string& topic, int partition, std::string_view text) {
  rd_kafka_topic_t* const to = rd_kafka_topic_new(handle_->producer, topic.c_str(), nullptr);
  while (rd_kafka_produce(to, partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(text.data()),
                          text.size(), nullptr, 0, nullptr) != 0 &&
         rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL)
    rd_kafka_poll(handle_->producer, 10);
  rd_kafka_topic_destroy(to);
}

bool KafkaMock::flush() {
  return rd_kafka_flush(handle_->producer, 30'000) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace endreason
