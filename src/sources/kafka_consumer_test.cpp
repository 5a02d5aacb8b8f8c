// SPDX-License-Identifier: Apache-2.0
#include "sources/kafka_consumer.hpp"

#include <gtest/gtest.h>

#include <map>

#include <fmt/format.h>

#include "sources/kafka_mock_for_test.hpp"

namespace endreason {
namespace {

class Notes final : public KafkaReader {
 public:
  std::optional<std::uint64_t> assigned(const std::string& partition,
                                        const std::optional<KafkaPlace>& place) override {
    places[partition] = place;
    if (!place) return std::nullopt;
    return place->offset;
  }
  void revoked(const std::string& partition) override { places.erase(partition); }
  void message(const std::string& partition, std::uint64_t offset, std::int64_t time_micros,
               std::string_view bytes) override {
    EXPECT_EQ(offset, first + texts[partition].size());
    EXPECT_GT(time_micros, 1'500'000'000'000'000);
    texts[partition].emplace_back(bytes);
  }
  void at_end(const std::string& partition, std::uint64_t next) override { ends[partition] = next; }

  std::uint64_t first = 0;
  std::map<std::string, std::optional<KafkaPlace>> places;
  std::map<std::string, std::vector<std::string>> texts;
  std::map<std::string, std::uint64_t> ends;
};

KafkaOptions options_for(const KafkaMock& kafka) {
  KafkaOptions options;
  options.brokers = {kafka.brokers()};
  options.topics = {"logs"};
  options.session_time = std::chrono::seconds(6);
  return options;
}

template <class Holds>
void poll_until(KafkaConsumer& consumer, const Holds& holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!holds() && std::chrono::steady_clock::now() < until)
    consumer.poll(std::chrono::milliseconds(50), 100);
  EXPECT_TRUE(holds());
}

TEST(KafkaConsumer, WhatIsBegunStandsBesideThePlace) {
  EXPECT_EQ(begun_text(std::nullopt), "");
  const KafkaPlace::Begun begun{120, 281'474'976'710'657};
  EXPECT_EQ(begun_text(begun), "endreason 1 120 281474976710657");
  EXPECT_EQ(read_begun(begun_text(begun)), begun);
  for (const std::string_view wrong : {"", "endreason 1 ", "endreason 1 12", "endreason 1 12 ",
                                       "endreason 1 x 4", "another's words"})
    EXPECT_FALSE(read_begun(wrong)) << wrong;
}

TEST(KafkaConsumer, APlaceAndWhatWasBegunBehindItComeBackToTheNextMember) {
  KafkaMock kafka;
  kafka.add_topic("logs", 1);
  for (int i = 0; i < 5; ++i) kafka.produce("logs", 0, fmt::format("message {}", i));
  ASSERT_TRUE(kafka.flush());
  const KafkaPlace place{2, KafkaPlace::Begun{4, 77}};
  {
    Notes notes;
    auto consumer = KafkaConsumer::open(options_for(kafka), notes);
    ASSERT_TRUE(consumer) << consumer.error().message;
    poll_until(**consumer, [&] { return notes.ends["logs/0"] == 5; });
    EXPECT_EQ(notes.places["logs/0"], std::nullopt);
    EXPECT_EQ(notes.texts["logs/0"].at(4), "message 4");
    EXPECT_EQ((*consumer)->behind("logs/0", 2), 3u);
    const auto committed = (*consumer)->commit("logs/0", place);
    ASSERT_TRUE(committed) << committed.error().message;
  }
  Notes notes;
  notes.first = 2;
  auto consumer = KafkaConsumer::open(options_for(kafka), notes);
  ASSERT_TRUE(consumer) << consumer.error().message;
  poll_until(**consumer, [&] { return notes.ends["logs/0"] == 5; });
  EXPECT_EQ(notes.places["logs/0"], place);
  EXPECT_EQ(notes.texts["logs/0"],
            (std::vector<std::string>{"message 2", "message 3", "message 4"}));
}

TEST(KafkaConsumer, AWrongSettingIsNamed) {
  KafkaMock kafka;
  Notes notes;
  KafkaOptions options = options_for(kafka);
  options.ca_file = "/nowhere/ca.pem";
  options.tls = true;
  options.password = "not to be told";
  const auto consumer = KafkaConsumer::open(options, notes);
  ASSERT_FALSE(consumer);
  EXPECT_NE(consumer.error().message.find("/nowhere/ca.pem"), std::string::npos)
      << consumer.error().message;
  EXPECT_EQ(consumer.error().message.find("not to be told"), std::string::npos);
}

}  // namespace
}  // namespace endreason
