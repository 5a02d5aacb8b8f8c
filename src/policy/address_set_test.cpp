// SPDX-License-Identifier: Apache-2.0
#include "policy/address_set.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

AddressSet set(std::string_view text) {
  return AddressSet::parse(text).value_or(AddressSet());
}
IpAddress ip(std::string_view text) {
  return parse_ip(text).value_or(IpAddress{});
}

TEST(AddressSet, NeighboursAndOverlapsBecomeOneRange) {
  AddressSet joined = set("10.0.0.0/25");
  joined.add(set("10.0.0.128/25"));
  joined.add(set("10.0.0.7"));
  ASSERT_EQ(joined.ranges().size(), 1u);
  EXPECT_EQ(to_string(joined.ranges()[0].last), "10.0.0.255");
}

TEST(AddressSet, AComplementHasExactlyTheOthersOfBothFamilies) {
  const AddressSet rest = set("10.0.0.0/8").complement();
  EXPECT_FALSE(rest.contains(ip("10.255.255.255")));
  EXPECT_TRUE(rest.contains(ip("11.0.0.0")));
  EXPECT_TRUE(rest.contains(ip("9.255.255.255")));
  EXPECT_TRUE(rest.contains(ip("2001:db8::1")));
  EXPECT_TRUE(rest.complement().covers(set("10.0.0.0/8")));
  EXPECT_TRUE(AddressSet::all().complement().empty());
  EXPECT_TRUE(AddressSet().complement().is_all());
}

TEST(AddressSet, AllOfIpv4IsNotAll) {
  EXPECT_FALSE(set("0.0.0.0/0").is_all());
  EXPECT_TRUE(set("0.0.0.0/0").contains(ip("255.255.255.255")));
  EXPECT_FALSE(set("0.0.0.0/0").contains(ip("::1")));
}

TEST(AddressSet, AWildcardMaskLeavesItsBitsFree) {
  const auto registers = AddressSet::parse_wildcard("10.132.1.2/0.0.2.255");
  ASSERT_TRUE(registers) << registers.error().message;
  EXPECT_TRUE(registers->contains(ip("10.132.1.200")));
  EXPECT_TRUE(registers->contains(ip("10.132.3.4")));
  EXPECT_FALSE(registers->contains(ip("10.132.2.4")));
  EXPECT_FALSE(registers->contains(ip("10.132.0.4")));
  EXPECT_TRUE(AddressSet::parse_wildcard("0.0.0.0/255.255.255.255")->covers(set("0.0.0.0/0")));
}

TEST(AddressSet, WhatIsNoAddressIsToldWithAnExample) {
  for (const char* text : {"", "10.0.0", "10.0.0.0/33", "10.0.0.9-10.0.0.1", "server"})
    EXPECT_NE(AddressSet::parse(text).error().message.find("10.0.0.0/8"), std::string::npos);
  EXPECT_FALSE(AddressSet::parse_wildcard("10.0.0.0"));
  EXPECT_FALSE(AddressSet::parse_wildcard("10.0.0.0/170.170.170.170"));
}

TEST(AddressSet, CoversIsForEveryRange) {
  AddressSet two = set("10.0.0.0/24");
  two.add(set("10.0.2.0/24"));
  EXPECT_TRUE(set("10.0.0.0/16").covers(two));
  EXPECT_FALSE(two.covers(set("10.0.0.0/16")));
  EXPECT_FALSE(two.covers(set("10.0.0.128-10.0.2.3")));
}

}  // namespace
}  // namespace endreason
