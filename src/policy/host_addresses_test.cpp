// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "model/protocol.hpp"
#include "policy/policy_for_test.hpp"

namespace endreason {
namespace {

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
