// SPDX-License-Identifier: Apache-2.0
// The functions of librdkafka that this room calls, looked up in the library when a consumer is
// opened: commands that have nothing to do with Kafka do not load it. As pcap_calls.hpp does it.
// Room sources only.
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/loaded_library.hpp"
#include "base/result.hpp"

#define ENDREASON_KAFKA_CALLS(CALL)           \
  CALL(rd_kafka_assign)                       \
  CALL(rd_kafka_commit)                       \
  CALL(rd_kafka_committed)                    \
  CALL(rd_kafka_conf_destroy)                 \
  CALL(rd_kafka_conf_new)                     \
  CALL(rd_kafka_conf_set)                     \
  CALL(rd_kafka_conf_set_error_cb)            \
  CALL(rd_kafka_conf_set_log_cb)              \
  CALL(rd_kafka_conf_set_opaque)              \
  CALL(rd_kafka_conf_set_rebalance_cb)        \
  CALL(rd_kafka_consumer_close)               \
  CALL(rd_kafka_consumer_poll)                \
  CALL(rd_kafka_destroy)                      \
  CALL(rd_kafka_err2name)                     \
  CALL(rd_kafka_err2str)                      \
  CALL(rd_kafka_get_watermark_offsets)        \
  CALL(rd_kafka_message_destroy)              \
  CALL(rd_kafka_message_errstr)               \
  CALL(rd_kafka_message_timestamp)            \
  CALL(rd_kafka_new)                          \
  CALL(rd_kafka_poll_set_consumer)            \
  CALL(rd_kafka_subscribe)                    \
  CALL(rd_kafka_topic_name)                   \
  CALL(rd_kafka_topic_partition_list_add)     \
  CALL(rd_kafka_topic_partition_list_destroy) \
  CALL(rd_kafka_topic_partition_list_new)     \
  CALL(rd_kafka_unsubscribe)

namespace endreason {

ENDREASON_KAFKA_CALLS(ENDREASON_DECLARE_CALL)

// Before the first call of any of them. Thread-safe; the library stays loaded.
Result<void> load_kafka();

}  // namespace endreason
