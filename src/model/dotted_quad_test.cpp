// SPDX-License-Identifier: Apache-2.0
#include "model/dotted_quad.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

#include <fmt/format.h>

#include "model/ip_address.hpp"

namespace endreason {
namespace {

// The plain way, a byte after the other.
std::optional<std::uint32_t> octet_by_octet(const std::string& text) {
  std::uint32_t address = 0;
  unsigned octets = 0, value = 0, digits = 0;
  for (const char c : text + ".") {
    if (c >= '0' && c <= '9') {
      value = value * 10 + static_cast<unsigned>(c - '0');
      if (++digits > 3) return std::nullopt;
      continue;
    }
    if (c != '.' || digits == 0 || value > 255 || ++octets > 4) return std::nullopt;
    address = address << 8 | value;
    value = digits = 0;
  }
  return octets == 4 ? std::optional(address) : std::nullopt;
}

void expect_as_octet_by_octet(const std::string& text) {
  const auto slow = octet_by_octet(text);
  const std::string exact(text);  // no room behind it, for sanitizers
  std::uint32_t address = 0;
  ASSERT_EQ(parse_dotted_quad({exact.data(), exact.size()}, address), slow.has_value()) << text;
  if (slow) EXPECT_EQ(address, *slow) << text;
  const auto parsed = parse_ip(text);
  if (text.find(':') == std::string::npos) ASSERT_EQ(parsed.has_value(), slow.has_value()) << text;
  if (!slow) return;
  const auto& b = parsed->bytes;
  EXPECT_EQ(address, std::uint32_t{b[12]} << 24 | b[13] << 16 | b[14] << 8 | b[15]) << text;
}

TEST(DottedQuad, IsFourOctetsOfOneToThreeDigits) {
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
    expect_as_octet_by_octet(text);
}

TEST(DottedQuad, IsTakenAsOctetByOctetInRandomTexts) {
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
    expect_as_octet_by_octet(text);
  }
}

}  // namespace
}  // namespace endreason
