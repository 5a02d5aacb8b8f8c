// SPDX-License-Identifier: Apache-2.0
#include "model/traffic_record.hpp"

#include <string>

#include <gtest/gtest.h>

#include "model/ip_address.hpp"

namespace endreason {
namespace {

struct MisfitCase {
  std::string_view behaviour;
  Field field;
  std::string_view text;
  bool fits;
};

TEST(DecodeKeyColumns, TypesOfKeyColumnsMustAgree) {
  const MisfitCase cases[] = {
      {"an address of the wrong family of text", Field::Src, "ethernet1/1", false},
      {"an IPv6 address", Field::Dst, "2001:db8::1", true},
      {"a port above 65535", Field::Sport, "130000", false},
      {"a port that is a word", Field::Dport, "https", false},
      {"a protocol by number", Field::Proto, "6", true},
      {"a protocol that is a time", Field::Proto, "2026/01/01 00:00:00", false},
      {"an action that is a number", Field::Action, "443", false},
      {"an unknown action word is kept", Field::Action, "quarantine", true},
      {"an end reason that is a number", Field::SessionEndReason, "15", false},
      {"flags in hexadecimal", Field::Flags, "0x400053", true},
      {"flags as a decimal number", Field::Flags, "15", true},
      {"flags that are a protocol", Field::Flags, "tcp", false},
      {"bytes below zero", Field::Bytes, "-1", false},
  };
  for (const auto& c : cases) {
    TrafficRecord record;
    const std::string address = "10.0.0.1";
    record.reset(address.data());
    record.set_copy(Field::Src, address);
    record.set_copy(Field::Dst, address);
    record.set_copy(c.field, c.text);
    Misfit misfit{};
    EXPECT_EQ(decode_key_columns(record, misfit), c.fits) << c.behaviour;
    if (!c.fits) EXPECT_EQ(misfit.field, c.field) << c.behaviour;
  }
}

TEST(DecodeKeyColumns, AddressesFitExactlyWhenTheyCanBeRead) {
  // Against parse_ip, which asks the C library: every text of a few bytes that matter.
  constexpr std::string_view kBytes = "019af:.::5";
  std::uint64_t state = 88172645463325252ull;
  for (int i = 0; i < 200000; ++i) {
    std::string text;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    for (std::uint64_t bits = state, n = 2 + state % 14; n > 0; --n, bits /= 10)
      text += kBytes[bits % kBytes.size()];
    if (i % 3 == 0) text = "10." + text;
    if (i % 3 == 1) text = "2001:db8:" + text;
    TrafficRecord record;
    record.reset(text.data());
    record.set(Field::Src, text);
    record.set(Field::Dst, text);
    Misfit misfit{};
    ASSERT_EQ(decode_key_columns(record, misfit), parse_ip(text).has_value()) << text;
  }
}

TEST(DecodeKeyColumns, RepeatCountIsOneWhereTheColumnIsNotThere) {
  TrafficRecord record;
  record.reset("");
  record.set_copy(Field::Src, "10.0.0.1");
  record.set_copy(Field::Dst, "10.0.0.2");
  Misfit misfit{};
  ASSERT_TRUE(decode_key_columns(record, misfit));
  EXPECT_EQ(record.repeatcnt, 1u);
  EXPECT_FALSE(record.knows(Known::Repeatcnt));
}

}  // namespace
}  // namespace endreason
