// SPDX-License-Identifier: Apache-2.0
#include "model/traffic_record.hpp"

#include <gtest/gtest.h>

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
