// SPDX-License-Identifier: Apache-2.0
#include "inspect/pattern_sieve.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string_view>

namespace endreason::inspect {
namespace {

std::string word(std::mt19937& random, std::size_t length) {
  static constexpr std::string_view kLetters = "etaoinsrhldcumfpgwybvkxjqz0123456789_-/.";
  std::string out;
  while (out.size() < length) out += kLetters[random() % kLetters.size()];
  return out;
}

PatternSieve::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool lets_through(const PatternSieve& sieve, const std::string& text) {
  const bool scalar = sieve.lets_through_scalar(bytes_of(text));
  if (PatternSieve::runs_fast()) {
    EXPECT_EQ(sieve.lets_through(bytes_of(text)), scalar) << text;
  }
  return scalar;
}

TEST(PatternSieve, LetsThroughEveryPlaceOfEveryString) {
  std::mt19937 random(7);
  for (const std::size_t count : {1u, 20u, 134u, 220u}) {
    std::vector<PatternSieve::Pattern> patterns;
    for (std::size_t i = 0; i < count; ++i)
      patterns.push_back({word(random, 5 + random() % 14), i % 3 == 0});
    const auto sieve = PatternSieve::make(patterns);
    ASSERT_NE(sieve, nullptr) << count;
    for (int i = 0; i < 2000; ++i) {
      const PatternSieve::Pattern& pattern = patterns[random() % count];
      std::string text(random() % 200, '\0');
      for (char& c : text) c = static_cast<char>(random());
      std::string inside = pattern.bytes;
      if (pattern.nocase)
        for (char& c : inside)
          if (random() % 2 == 0) c = static_cast<char>(std::toupper(c));
      text.insert(random() % (text.size() + 1), inside);
      EXPECT_TRUE(lets_through(*sieve, text)) << pattern.bytes;
    }
  }
}

TEST(PatternSieve, HoldsBackNearlyAllOtherText) {
  std::mt19937 random(8);
  std::vector<PatternSieve::Pattern> patterns;
  for (int i = 0; i < 150; ++i) patterns.push_back({word(random, 6 + random() % 10), false});
  const auto sieve = PatternSieve::make(patterns);
  ASSERT_NE(sieve, nullptr);
  int through = 0;
  for (int i = 0; i < 2000; ++i) through += lets_through(*sieve, word(random, random() % 700));
  EXPECT_LT(through, 100);
}

TEST(PatternSieve, IsNoneForStringsThatAreTooShortOrTooMany) {
  EXPECT_EQ(PatternSieve::make({}), nullptr);
  const std::vector<PatternSieve::Pattern> one{{"ab", false}};
  EXPECT_EQ(PatternSieve::make(one), nullptr);
  std::mt19937 random(9);
  std::vector<PatternSieve::Pattern> many;
  for (int i = 0; i < 1500; ++i) many.push_back({word(random, 4), false});
  EXPECT_EQ(PatternSieve::make(many), nullptr);
}

TEST(PatternSieve, FindsNothingInWhatIsShorterThanAnyString) {
  const std::vector<PatternSieve::Pattern> one{{"abcd", false}};
  const auto sieve = PatternSieve::make(one);
  ASSERT_NE(sieve, nullptr);
  EXPECT_FALSE(lets_through(*sieve, "abc"));
  EXPECT_FALSE(lets_through(*sieve, ""));
  EXPECT_TRUE(lets_through(*sieve, "abcd"));
  EXPECT_TRUE(lets_through(*sieve, std::string(60, 'x') + "abcd"));
}

}  // namespace
}  // namespace endreason::inspect
