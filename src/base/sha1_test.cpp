// SPDX-License-Identifier: Apache-2.0
#include "base/sha1.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace endreason {
namespace {

std::string base64_of(std::string_view text) {
  std::string out = ">";
  append_base64(out, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return out;
}

std::string digest_of(Sha1& sha1, std::string_view text) {
  std::string hex;
  for (const std::uint8_t byte :
       sha1.of({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

TEST(Sha1, GivesThePublishedDigestsAgainAndAgain) {
  // RFC 3174 section 7.3, and the digest of nothing.
  Sha1 sha1;
  EXPECT_EQ(digest_of(sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(digest_of(sha1, ""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(digest_of(sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Base64, PadsAsTheStandardDoes) {
  // RFC 4648 section 10.
  EXPECT_EQ(base64_of(""), ">");
  EXPECT_EQ(base64_of("f"), ">Zg==");
  EXPECT_EQ(base64_of("fo"), ">Zm8=");
  EXPECT_EQ(base64_of("foobar"), ">Zm9vYmFy");
}

}  // namespace
}  // namespace endreason
