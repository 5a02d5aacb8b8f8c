// SPDX-License-Identifier: Apache-2.0
#include "base/parse_number.hpp"

#include <string>

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(ParseDecimal, TakesTheWholeTextOrNothing) {
  std::uint64_t v = 7;
  EXPECT_TRUE(parse_decimal("0", v));
  EXPECT_EQ(v, 0u);
  EXPECT_TRUE(parse_decimal("18446744073709551615", v));
  EXPECT_EQ(v, UINT64_MAX);
  for (const char* bad :
       {"", "-1", "+1", "1 ", "1.5", "0x1", "18446744073709551616", "99999999999999999999"})
    EXPECT_FALSE(parse_decimal(bad, v)) << bad;
}

TEST(ParseDecimal, AgreesWithThePlainWayForEveryLength) {
  std::uint64_t state = 88172645463325252ull;
  for (int i = 0; i < 200000; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::uint64_t expected = state >> (state % 61);
    const std::string text = std::to_string(expected);
    std::uint64_t v = 0;
    ASSERT_TRUE(parse_decimal(text, v)) << text;
    ASSERT_EQ(v, expected);
    std::string broken = text;
    broken[state % broken.size()] = static_cast<char>(state >> 32);
    bool digits = true;
    for (const char c : broken) digits = digits && c >= '0' && c <= '9';
    if (!digits) ASSERT_FALSE(parse_decimal(broken, v)) << broken;
  }
}

TEST(ParseHexOrDecimal, ReadsFlagsAsEveryExportWritesThem) {
  std::uint64_t v = 0;
  EXPECT_TRUE(parse_hex_or_decimal("0x8000000000000000", v));
  EXPECT_EQ(v, 0x8000000000000000u);
  EXPECT_TRUE(parse_hex_or_decimal("0X1b", v));
  EXPECT_EQ(v, 0x1bu);
  EXPECT_TRUE(parse_hex_or_decimal("15", v));
  EXPECT_EQ(v, 15u);
  for (const char* bad : {"0x", "0xg", "1b", "0x11112222333344445"})
    EXPECT_FALSE(parse_hex_or_decimal(bad, v)) << bad;
}

}  // namespace
}  // namespace endreason
