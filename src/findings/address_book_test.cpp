// SPDX-License-Identifier: Apache-2.0
#include "findings/address_book.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include <fmt/format.h>

#include "findings/dotted_quad.hpp"
#include "model/ip_address.hpp"

namespace endreason {
namespace {

// What parse_ip says; the fast parser must agree.
void expect_as_parse_ip(const std::string& text) {
  const auto slow = parse_ip(text);
  const bool quad = slow && text.find(':') == std::string::npos;
  const std::string exact(text);  // no room behind it, for sanitizers
  std::uint32_t address = 0;
  ASSERT_EQ(parse_dotted_quad({exact.data(), exact.size()}, address), quad) << text;
  if (!quad) return;
  const auto& b = slow->bytes;
  EXPECT_EQ(address, std::uint32_t{b[12]} << 24 | b[13] << 16 | b[14] << 8 | b[15]) << text;
}

TEST(DottedQuad, TakesWhatParseIpTakes) {
  for (const char* text : {"",
                           "1.1.1.1",
                           "0.0.0.0",
                           "255.255.255.255",
                           "010.001.000.009",
                           "256.1.1.1",
                           "1.1.1.256",
                           "1.1.1",
                           "1.1.1.",
                           ".1.1.1",
                           "1..1.1",
                           "1.1.1.1.",
                           "1.1.1.1.1",
                           "1111.1.1.1",
                           "1.1.1.1111",
                           "0001.1.1.1",
                           "1.1.1.x",
                           "a.b.c.d",
                           "1.1.1.1 ",
                           " 1.1.1.1",
                           "10.0.x.x",
                           "1.1.1,1",
                           "12345678",
                           "1234567",
                           "123456789012345",
                           "...",
                           ".......",
                           "..............",
                           "1.1.1.-1",
                           "1.1.1.:",
                           "1.1.1./",
                           "999.999.999.999",
                           "::1",
                           "::ffff:1.2.3.4",
                           "1.2.3.4/32"})
    expect_as_parse_ip(text);
}

TEST(DottedQuad, TakesWhatParseIpTakesOfRandomTexts) {
  std::mt19937 random(4);
  constexpr std::string_view kBytes = "0123456789....\xb1\xae\x2f\x3a";
  for (int i = 0; i < 300'000; ++i) {
    std::string text;
    if (i % 2 == 0) {
      text = fmt::format("{}.{}.{}.{}", random() % 300, random() % 300, random() % 300,
                         random() % 300);
      if (i % 4 == 0) text[random() % text.size()] = kBytes[random() % kBytes.size()];
    } else {
      for (std::size_t n = random() % 18; n > 0; --n) text += kBytes[random() % kBytes.size()];
    }
    expect_as_parse_ip(text);
  }
}

std::string bytes_of(const AddressBook& book, std::uint32_t id) {
  KeyBuilder key;
  key.clear();
  book.append_to(id, key);
  return std::string(key.text());
}

std::string bytes_of(std::string_view text) {
  KeyBuilder key;
  key.clear();
  key.address(text);
  return std::string(key.text());
}

TEST(AddressBook, ANumberStandsForTheBytesThatKeysHold) {
  AddressBook book(1 << 20, KeyHash(3));
  std::set<std::uint32_t> ids;
  const auto texts = {"10.1.2.3", "255.0.0.254", "2001:db8::1", "", "10.0.x.x", "a host"};
  for (const char* text : texts) ids.insert(book.id_of(text));
  EXPECT_EQ(ids.size(), texts.size());
  for (const char* text : texts) {
    const std::uint32_t id = book.id_of(text);
    EXPECT_EQ(bytes_of(book, id), bytes_of(text)) << text;
    EXPECT_EQ(book.id_of_bytes(bytes_of(text)), id) << text;
  }
}

TEST(AddressBook, TwoSpellingsAreOneNumber) {
  AddressBook book(1 << 20, KeyHash(3));
  EXPECT_EQ(book.id_of("10.1.0.9"), book.id_of("010.001.000.009"));
  EXPECT_EQ(book.id_of("10.1.0.9"), book.id_of("::ffff:10.1.0.9"));
  EXPECT_EQ(book.id_of("2001:db8::1"), book.id_of("2001:0DB8:0:0:0:0:0:1"));
  EXPECT_NE(book.id_of("2001:db8::1"), book.id_of("2001:db8::2"));
}

TEST(AddressBook, ABookThatIsFullStillKnowsWhatItHasAndIsGoodAgainOnceCleared) {
  AddressBook book(200'000, KeyHash(8));
  std::vector<std::string> known;
  for (std::uint32_t i = 0;; ++i) {
    const std::string text = i % 3 == 0 ? fmt::format("2001:db8::{:x}", i + 1)
                                        : fmt::format("10.{}.{}.1", i >> 8 & 255, i & 255);
    if (book.id_of(text) == AddressBook::kNone) break;
    known.push_back(text);
  }
  EXPECT_GT(known.size(), 1000u);
  for (const std::string& text : known)
    EXPECT_EQ(bytes_of(book, book.id_of(text)), bytes_of(text)) << text;
  book.clear();
  EXPECT_EQ(book.id_of("10.9.9.9"), 0u);
  EXPECT_EQ(bytes_of(book, 0), bytes_of("10.9.9.9"));
}

}  // namespace
}  // namespace endreason
