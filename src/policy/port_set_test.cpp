// SPDX-License-Identifier: Apache-2.0
#include "policy/port_set.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(PortSet, RangesAreSortedAndJoined) {
  const auto ports = PortSet::parse("443, 80-90,91,85-88,0,65535");
  ASSERT_TRUE(ports) << ports.error().message;
  const std::vector<PortRange> expected{{0, 0}, {80, 91}, {443, 443}, {65'535, 65'535}};
  EXPECT_EQ(ports->ranges(), expected);
  EXPECT_TRUE(ports->contains(91));
  EXPECT_FALSE(ports->contains(92));
  EXPECT_TRUE(ports->contains(65'535));
}

TEST(PortSet, AnyAndTheWholeRangeAreAll) {
  EXPECT_TRUE(PortSet::parse("any")->is_all());
  EXPECT_TRUE(PortSet::parse("0-65535")->is_all());
  EXPECT_FALSE(PortSet::parse("1-65535")->is_all());
}

TEST(PortSet, WhatIsNoPortIsRefused) {
  for (const char* text : {"", "80,", "65536", "90-80", "http", "-", "80 90", "1-2-3"})
    EXPECT_FALSE(PortSet::parse(text)) << text;
}

TEST(PortSet, CoversIsForEveryRange) {
  EXPECT_TRUE(PortSet::parse("1-100")->covers(*PortSet::parse("80,90")));
  EXPECT_FALSE(PortSet::parse("1-50,80-100")->covers(*PortSet::parse("40-90")));
}

}  // namespace
}  // namespace endreason
