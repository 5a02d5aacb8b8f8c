// SPDX-License-Identifier: Apache-2.0
#include "sources/kafka_consumer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/parse_number.hpp"
#include "sources/kafka_calls.hpp"

namespace endreason {
namespace {

constexpr std::string_view kMark = "endreason 1 ";
constexpr std::string_view kSecret = "kafka-password-file";
constexpr int kPlacesTime_ms = 10'000;
constexpr auto kSameTrouble = std::chrono::minutes(1);

std::string partition_name(const char* topic, std::int32_t partition) {
  return fmt::format("{}/{}", topic, partition);
}

using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                      decltype(rd_kafka_topic_partition_list_destroy)>;

PartitionList list_of(rd_kafka_topic_partition_list_t* list) {
  return {list, rd_kafka_topic_partition_list_destroy};
}

// "topic/3" -> a list of this partition.
rd_kafka_topic_partition_t* add_partition(rd_kafka_topic_partition_list_t* list,
                                          std::string_view name) {
  const std::size_t slash = name.rfind('/');
  std::uint64_t number = 0;
  static_cast<void>(parse_decimal(name.substr(slash + 1), number));
  return rd_kafka_topic_partition_list_add(list, std::string(name.substr(0, slash)).c_str(),
                                           static_cast<std::int32_t>(number));
}

struct Property {
  const char* name;
  std::string value;
  std::string_view setting;  // of ours, for messages
};

std::vector<Property> properties_of(const KafkaOptions& o) {
  const bool sasl = !o.mechanism.empty();
  std::vector<Property> all{
      {"bootstrap.servers", fmt::format("{}", fmt::join(o.brokers, ",")), "kafka-brokers"},
      {"group.id", o.group, "kafka-group"},
      {"client.id", "endreason", ""},
      {"enable.auto.commit", "false", ""},
      {"enable.auto.offset.store", "false", ""},
      {"auto.offset.reset", "earliest", ""},
      {"enable.partition.eof", "true", ""},
      {"session.timeout.ms", fmt::format("{}", o.session_time.count()), "kafka-session-seconds"},
      {"heartbeat.interval.ms", fmt::format("{}", o.session_time.count() / 10), ""},
      {"queued.max.messages.kbytes", "32768", ""},
      {"fetch.wait.max.ms", "100", ""},
      {"security.protocol", std::string(sasl ? "sasl_" : "") + (o.tls ? "ssl" : "plaintext"),
       "kafka-tls"}};
  const auto add = [&](const char* name, const std::string& value, std::string_view setting) {
    if (!value.empty()) all.push_back({name, value, setting});
  };
  add("ssl.ca.location", o.ca_file, "kafka-ca");
  add("ssl.certificate.location", o.certificate_file, "kafka-certificate");
  add("ssl.key.location", o.key_file, "kafka-key");
  add("sasl.mechanism", o.mechanism, "kafka-mechanism");
  add("sasl.username", o.user, "kafka-user");
  add("sasl.password", o.password, kSecret);
  return all;
}

// In our words where the library names one of its own settings.
tl::unexpected<Error> wrong_setting(const KafkaOptions& options, std::string_view why) {
  for (const Property& p : properties_of(options))
    if (!p.setting.empty() && p.setting != kSecret && why.find(p.name) != std::string_view::npos)
      return fail(Error::Code::Usage, fmt::format("{}: {}: {}", p.setting, p.value, why));
  return fail(Error::Code::Usage, fmt::format("kafka: {}", why));
}

}  // namespace

std::string begun_text(const std::optional<KafkaPlace::Begun>& begun) {
  return begun ? fmt::format("{}{} {}", kMark, begun->end, begun->first_id) : std::string();
}

std::optional<KafkaPlace::Begun> read_begun(std::string_view text) {
  if (!text.starts_with(kMark)) return std::nullopt;
  text.remove_prefix(kMark.size());
  const std::size_t space = text.find(' ');
  KafkaPlace::Begun begun;
  if (space == std::string_view::npos || !parse_decimal(text.substr(0, space), begun.end) ||
      !parse_decimal(text.substr(space + 1), begun.first_id))
    return std::nullopt;
  return begun;
}

struct KafkaConsumer::Handle {
  Handle(KafkaOptions o, KafkaReader& r) : options(std::move(o)), reader(r) {}

  KafkaOptions options;
  KafkaReader& reader;
  rd_kafka_t* kafka = nullptr;
  bool left = false;    // of our own will; to come back
  std::string trouble;  // told last
  std::chrono::steady_clock::time_point told{};
  // The name of the partition whose message came last.
  const rd_kafka_topic_t* last_topic = nullptr;
  std::int32_t last_partition = -1;
  std::string last_name;

  void tell(const std::string& text) {
    const auto now = std::chrono::steady_clock::now();
    if (!options.message || (text == trouble && now - told < kSameTrouble)) return;
    trouble = text;
    told = now;
    options.message(text);
  }
  static void rebalance(rd_kafka_t* kafka, rd_kafka_resp_err_t code,
                        rd_kafka_topic_partition_list_t* partitions, void* context);
  Result<void> subscribe();
  void take_over(rd_kafka_topic_partition_list_t* partitions);
  bool learn_places(rd_kafka_topic_partition_list_t* partitions);
  bool deliver(const rd_kafka_message_t& message);
  const std::string& name_of(const rd_kafka_message_t& message);
};

// Where the group is. Reading from anywhere else would lose or double messages, so it is asked
// until there is an answer; heartbeats go on meanwhile.
bool KafkaConsumer::Handle::learn_places(rd_kafka_topic_partition_list_t* partitions) {
  constexpr int kTries = 12;
  for (int i = 0; i < kTries; ++i) {
    auto code = rd_kafka_committed(kafka, partitions, kPlacesTime_ms);
    for (int p = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && p < partitions->cnt; ++p)
      code = partitions->elems[p].err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    tell(fmt::format("Kafka does not tell where group {} is: {}", options.group,
                     rd_kafka_err2str(code)));
  }
  return false;
}

Result<void> KafkaConsumer::Handle::subscribe() {
  const auto topics = list_of(rd_kafka_topic_partition_list_new(1));
  for (const std::string& topic : options.topics)
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  const auto code = rd_kafka_subscribe(kafka, topics.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail(Error::Code::Usage, fmt::format("kafka-topics: {}", rd_kafka_err2str(code)));
}

void KafkaConsumer::Handle::take_over(rd_kafka_topic_partition_list_t* partitions) {
  if (!learn_places(partitions)) {
    // To be given partitions again by the next poll().
    rd_kafka_assign(kafka, nullptr);
    rd_kafka_unsubscribe(kafka);
    left = true;
    return;
  }
  for (int p = 0; p < partitions->cnt; ++p) {
    rd_kafka_topic_partition_t& part = partitions->elems[p];
    std::optional<KafkaPlace> place;
    if (part.offset >= 0) {
      const auto* text = static_cast<const char*>(part.metadata);
      place = KafkaPlace{static_cast<std::uint64_t>(part.offset),
                         text == nullptr ? std::nullopt : read_begun({text, part.metadata_size})};
    }
    const auto from = reader.assigned(partition_name(part.topic, part.partition), place);
    part.offset = from ? static_cast<std::int64_t>(*from) : RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(kafka, partitions);
}

void KafkaConsumer::Handle::rebalance(rd_kafka_t* kafka, rd_kafka_resp_err_t code,
                                      rd_kafka_topic_partition_list_t* partitions, void* context) {
  auto& self = *static_cast<Handle*>(context);
  self.last_topic = nullptr;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self.take_over(partitions);
    return;
  }
  for (int p = 0; p < partitions->cnt; ++p)
    self.reader.revoked(partition_name(partitions->elems[p].topic, partitions->elems[p].partition));
  rd_kafka_assign(kafka, nullptr);
}

const std::string& KafkaConsumer::Handle::name_of(const rd_kafka_message_t& message) {
  if (message.rkt != last_topic || message.partition != last_partition) {
    last_topic = message.rkt;
    last_partition = message.partition;
    last_name = partition_name(rd_kafka_topic_name(message.rkt), message.partition);
  }
  return last_name;
}

// False: this was no message.
bool KafkaConsumer::Handle::deliver(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    reader.at_end(name_of(message), static_cast<std::uint64_t>(message.offset));
    return false;
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    tell(fmt::format("Kafka: {}", rd_kafka_message_errstr(&message)));
    return false;
  }
  const std::int64_t time_ms = rd_kafka_message_timestamp(&message, nullptr);
  reader.message(name_of(message), static_cast<std::uint64_t>(message.offset),
                 time_ms > 0 ? time_ms * 1000 : 0,
                 {static_cast<const char*>(message.payload), message.len});
  return true;
}

KafkaConsumer::KafkaConsumer(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}

KafkaConsumer::~KafkaConsumer() {
  if (handle_->kafka == nullptr) return;
  rd_kafka_consumer_close(handle_->kafka);
  rd_kafka_destroy(handle_->kafka);
}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::open(KafkaOptions options,
                                                           KafkaReader& reader) {
  if (auto loaded = load_kafka(); !loaded) return tl::unexpected(loaded.error());
  auto handle = std::make_unique<Handle>(std::move(options), reader);
  const KafkaOptions& o = handle->options;
  std::unique_ptr<rd_kafka_conf_t, decltype(rd_kafka_conf_destroy)> conf(rd_kafka_conf_new(),
                                                                         rd_kafka_conf_destroy);
  std::array<char, 512> why{};
  for (const Property& p : properties_of(o))
    if (rd_kafka_conf_set(conf.get(), p.name, p.value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK)
      return fail(Error::Code::Usage,
                  fmt::format("{}: {}", p.setting,
                              p.setting == kSecret ? "this password cannot be used" : why.data()));
  rd_kafka_conf_set_opaque(conf.get(), handle.get());
  rd_kafka_conf_set_rebalance_cb(conf.get(), &Handle::rebalance);
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int code, const char* reason, void* self) {
    static_cast<Handle*>(self)->tell(fmt::format(
        "Kafka: {} ({})", reason, rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(code))));
  });
  // What it has to say besides, it would write to standard error by itself.
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  handle->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size());
  if (handle->kafka == nullptr) return wrong_setting(o, why.data());
  static_cast<void>(conf.release());  // it belongs to the consumer
  rd_kafka_poll_set_consumer(handle->kafka);
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(std::move(handle)));
  if (auto subscribed = consumer->handle_->subscribe(); !subscribed)
    return tl::unexpected(subscribed.error());
  return consumer;
}

std::size_t KafkaConsumer::poll(std::chrono::milliseconds wait, std::size_t messages_max) {
  if (handle_->left && handle_->subscribe()) handle_->left = false;
  std::size_t messages = 0;
  while (messages < messages_max) {
    rd_kafka_message_t* const message =
        rd_kafka_consumer_poll(handle_->kafka, messages == 0 ? static_cast<int>(wait.count()) : 0);
    if (message == nullptr) break;
    messages += handle_->deliver(*message) ? 1 : 0;
    rd_kafka_message_destroy(message);
  }
  return messages;
}

Result<void> KafkaConsumer::commit(const std::string& partition, const KafkaPlace& place) {
  const auto list = list_of(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t* const part = add_partition(list.get(), partition);
  part->offset = static_cast<std::int64_t>(place.offset);
  const std::string text = begun_text(place.begun);
  if (!text.empty()) {
    // The list frees it with free().
    part->metadata = ::strdup(text.c_str());
    part->metadata_size = part->metadata == nullptr ? 0 : text.size();
  }
  auto code = rd_kafka_commit(handle_->kafka, list.get(), 0);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = list->elems[0].err;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail(Error::Code::Io,
              fmt::format("Kafka takes no place of {}: {}", partition, rd_kafka_err2str(code)));
}

std::uint64_t KafkaConsumer::behind(const std::string& partition, std::uint64_t committed) const {
  const auto list = list_of(rd_kafka_topic_partition_list_new(1));
  const rd_kafka_topic_partition_t* const part = add_partition(list.get(), partition);
  std::int64_t low = 0;
  std::int64_t high = 0;
  if (rd_kafka_get_watermark_offsets(handle_->kafka, part->topic, part->partition, &low, &high) !=
          RD_KAFKA_RESP_ERR_NO_ERROR ||
      high < 0)
    return 0;
  const auto end = static_cast<std::uint64_t>(high);
  return end > committed ? end - committed : 0;
}

}  // namespace endreason
