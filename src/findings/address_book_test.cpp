// SPDX-License-Identifier: Apache-2.0
#include "findings/address_book.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include <fmt/format.h>

#include "model/ip_address.hpp"

namespace endreason {
namespace {

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
