// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "model/protocol.hpp"
#include "policy/policy_for_test.hpp"

namespace endreason {
namespace {

TEST(ZoneMap, TheSmallestNetworkTells) {
  Policy policy = zones_for_test();
  policy.zones.push_back({"lab", {"ethernet1/4"}, {"10.5.0.0/16"}, 4});
  policy.interfaces.push_back({"ethernet1/4", {"10.6.6.1/24"}, "", 5});
  const auto compiled = CompiledPolicy::create(policy);
  ASSERT_TRUE(compiled);
  const auto zone_of = [&](std::string_view address) {
    return std::string(compiled->zone_name(compiled->zone_of_address(ip(address))));
  };
  EXPECT_EQ(zone_of("10.4.255.255"), "trust");
  EXPECT_EQ(zone_of("10.5.0.0"), "lab");
  EXPECT_EQ(zone_of("10.5.255.255"), "lab");
  EXPECT_EQ(zone_of("10.6.0.0"), "trust");
  EXPECT_EQ(zone_of("10.6.6.77"), "lab");
  EXPECT_EQ(zone_of("10.6.7.0"), "trust");
  EXPECT_EQ(zone_of("8.8.8.8"), "untrust");
  EXPECT_EQ(zone_of("255.255.255.255"), "untrust");
  EXPECT_EQ(zone_of("2001:db8::1"), "trust");
  EXPECT_EQ(zone_of("2001:db9::1"), "untrust");
  EXPECT_EQ(compiled->zone_of_interface("ethernet1/4"), compiled->zone("lab"));
}

TEST(ZoneMap, WithoutANetworkTheZoneIsUnknown) {
  Policy policy;
  policy.zones.push_back({"only", {}, {"10.0.0.0/8"}, 1});
  const auto compiled = CompiledPolicy::create(policy);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->zone_of_address(ip("11.0.0.1")), ZoneId::Unknown);
  EXPECT_EQ(compiled->zone_of_address(ip("9.255.255.255")), ZoneId::Unknown);
  EXPECT_EQ(compiled->zone("nowhere"), ZoneId::Unknown);
}

TEST(HostAddresses, AnswerByTheProfileOfTheInterface) {
  Policy policy = zones_for_test();
  policy.management_profiles.push_back({"admin", {"ping", "https"}, {"10.0.9.0/24"}, 4});
  policy.interfaces.push_back({"ethernet1/1", {"10.0.0.1/24"}, "admin", 5});
  policy.interfaces.push_back({"ethernet1/2", {"198.51.100.1/24"}, "", 6});
  const auto compiled = CompiledPolicy::create(policy);
  ASSERT_TRUE(compiled);
  const auto answer = [&](std::string_view src, std::string_view dst, std::uint8_t protocol,
                          std::uint16_t port) {
    return compiled->host_answer(ip(src), ip(dst), protocol, port);
  };
  EXPECT_EQ(answer("10.0.9.9", "10.0.0.1", kProtoTcp, 443), HostAnswer::Enabled);
  EXPECT_EQ(answer("10.0.9.9", "10.0.0.1", kProtoIcmp, 3), HostAnswer::Enabled);
  EXPECT_EQ(answer("10.0.8.9", "10.0.0.1", kProtoTcp, 443), HostAnswer::NotPermitted);
  EXPECT_EQ(answer("10.0.9.9", "10.0.0.1", kProtoTcp, 22), HostAnswer::NotEnabled);
  EXPECT_EQ(answer("10.0.9.9", "198.51.100.1", kProtoTcp, 443), HostAnswer::NotEnabled);
  EXPECT_EQ(answer("10.0.9.9", "10.0.0.2", kProtoTcp, 443), HostAnswer::NotOurs);
}

}  // namespace
}  // namespace endreason
