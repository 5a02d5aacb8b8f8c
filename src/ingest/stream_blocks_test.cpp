// SPDX-License-Identifier: Apache-2.0
#include "ingest/stream_blocks.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

using Place = KafkaPlace;
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::chrono::milliseconds kAtOnce{0}, kLong{1'000'000};

class StreamBlocksTest : public testing::Test {
 protected:
  StreamBlock* due(std::chrono::milliseconds patience) {
    return blocks_.due(std::chrono::steady_clock::now(), patience);
  }
  static std::vector<std::string> pieces(const StreamBlock& block) {
    std::vector<std::string> all;
    for_each_piece(block, [&](std::string_view text, std::uint32_t, std::int64_t) {
      all.emplace_back(text);
      return true;
    });
    return all;
  }
  std::optional<std::uint64_t> stored_;
  StreamBlocks blocks_{100, [this](const std::string&) { return stored_; }};
};

TEST_F(StreamBlocksTest, APartitionWithoutAPlaceBeginsAtItsFirstMessage) {
  stored_ = 900;  // of another cluster
  EXPECT_EQ(blocks_.assigned("t/0", std::nullopt), std::nullopt);
  blocks_.message("t/0", 7, kSecond, "1,a");
  const StreamBlock* block = due(kAtOnce);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->from, 7u);
  EXPECT_EQ(block->end(), 8u);
  EXPECT_FALSE(block->placed);
}

TEST_F(StreamBlocksTest, ABlockIsDueWhenItIsLargeOrHasWaited) {
  EXPECT_EQ(blocks_.assigned("t/0", Place{5, {}}), 5u);
  EXPECT_EQ(due(kAtOnce), nullptr);
  blocks_.message("t/0", 5, kSecond, "1,a");
  EXPECT_EQ(due(kLong), nullptr);
  EXPECT_NE(due(kAtOnce), nullptr);
  blocks_.message("t/0", 6, kSecond, std::string(100, 'x'));
  StreamBlock* block = due(kLong);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(blocks_.bytes(), 105u);
  blocks_.stored(*block);
  EXPECT_EQ(blocks_.bytes(), 0u);
  EXPECT_EQ(block->from, 7u);
  EXPECT_EQ(due(kAtOnce), nullptr);
}

TEST_F(StreamBlocksTest, WhatAnotherBeganIsGatheredToItsEndAndNoFurther) {
  EXPECT_EQ(blocks_.assigned("t/0", Place{5, Place::Begun{7, 99}}), 5u);
  blocks_.message("t/0", 5, kSecond, "1,a");
  EXPECT_EQ(due(kAtOnce), nullptr);  // although it has waited
  blocks_.message("t/0", 6, kSecond, "1,b");
  blocks_.message("t/0", 7, kSecond, "1,c");
  StreamBlock* block = due(kLong);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->again->first_id, 99u);
  EXPECT_EQ(pieces(*block), std::vector<std::string>{"1,a\n1,b\n"});
  blocks_.stored(*block);
  block = due(kAtOnce);
  ASSERT_NE(block, nullptr);
  EXPECT_FALSE(block->again);
  EXPECT_EQ(block->from, 7u);
  EXPECT_EQ(pieces(*block), std::vector<std::string>{"1,c\n"});
}

TEST_F(StreamBlocksTest, ABegunBlockWhoseLastMessagesAreGoneEndsWithThePartition) {
  blocks_.assigned("t/0", Place{5, Place::Begun{9, 99}});
  blocks_.message("t/0", 5, kSecond, "1,a");
  blocks_.at_end("t/0", 9);
  const StreamBlock* block = due(kLong);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->end(), 9u);
}

TEST_F(StreamBlocksTest, WhatTheStoreHasIsNotReadAgain) {
  stored_ = 9;
  EXPECT_EQ(blocks_.assigned("t/0", Place{5, Place::Begun{9, 99}}), 9u);
  blocks_.message("t/0", 9, kSecond, "1,a");
  const StreamBlock* block = due(kAtOnce);
  ASSERT_NE(block, nullptr);
  EXPECT_FALSE(block->again);
  EXPECT_EQ(block->from, 9u);
}

TEST_F(StreamBlocksTest, APartitionThatIsLostTakesItsMessagesAlong) {
  blocks_.assigned("t/0", Place{5, {}});
  blocks_.message("t/0", 5, kSecond, "1,a");
  blocks_.revoked("t/0");
  EXPECT_EQ(due(kAtOnce), nullptr);
  EXPECT_EQ(blocks_.bytes(), 0u);
}

TEST_F(StreamBlocksTest, APartitionThatWasMadeAnewBeginsAgain) {
  blocks_.assigned("t/0", Place{50, {}});
  blocks_.message("t/0", 0, kSecond, "1,a");
  const StreamBlock* block = due(kAtOnce);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->from, 0u);
  EXPECT_EQ(block->end(), 1u);
}

TEST_F(StreamBlocksTest, LinesAreReadTogetherAndDocumentsAlone) {
  blocks_.assigned("t/0", Place{0, {}});
  std::uint64_t offset = 0;
  for (const char* text :
       {"1,a", "<14>Mar 1 1,b\r\n", "{\"open", "1,c", "CEF:0|x", "1,d\n1,e", "", "1,f"})
    blocks_.message("t/0", offset++, kSecond, text);
  blocks_.message("t/0", offset++, 2 * kSecond, "1,g");
  const StreamBlock* block = due(kAtOnce);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(pieces(*block),
            (std::vector<std::string>{"1,a\n<14>Mar 1 1,b\n", "{\"open\n", "1,c\nCEF:0|x\n",
                                      "1,d\n1,e\n", "\n", "1,f\n", "1,g\n"}));
}

}  // namespace
}  // namespace endreason
