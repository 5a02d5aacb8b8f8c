// SPDX-License-Identifier: Apache-2.0
#include "model/ip_address.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(to_string(*parse_ip("10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(to_string(*parse_ip("2001:DB8::0001")), "2001:db8::1");
  EXPECT_TRUE(parse_ip("192.168.00.1").has_value()) << "some exports pad octets";
  for (const char* bad : {"", "10.0.0", "10.0.0.256", "10.0.0.1.2", "1.2.3.4/8", "xxx.xxx.xxx.xxx",
                          "2001:db8", "10.0.0.1 ", "10..0.1", "0010.0.0.1"})
    EXPECT_FALSE(parse_ip(bad).has_value()) << bad;
}

TEST(IpRange, ABlockHoldsItsAddressesAndNoOthers) {
  const auto ten = parse_ip_range("10.0.0.0/8");
  ASSERT_TRUE(ten);
  EXPECT_TRUE(ten->contains(*parse_ip("10.255.255.255")));
  EXPECT_FALSE(ten->contains(*parse_ip("11.0.0.0")));
  EXPECT_FALSE(ten->contains(*parse_ip("::1")));
  const auto host = parse_ip_range("10.1.1.1/20");
  ASSERT_TRUE(host) << "host bits may be set, as on the firewall";
  EXPECT_TRUE(host->contains(*parse_ip("10.1.0.1")));
  EXPECT_FALSE(host->contains(*parse_ip("10.1.16.0")));
  const auto six = parse_ip_range("2001:db8::/33");
  ASSERT_TRUE(six);
  EXPECT_TRUE(six->contains(*parse_ip("2001:db8:7fff::1")));
  EXPECT_FALSE(six->contains(*parse_ip("2001:db8:8000::1")));
  EXPECT_TRUE(parse_ip_range("0.0.0.0/0")->contains(*parse_ip("8.8.8.8")));
  EXPECT_FALSE(parse_ip_range("10.0.0.0/33").has_value());
  EXPECT_FALSE(parse_ip_range("10.0.0.9-10.0.0.1").has_value());
}

}  // namespace
}  // namespace endreason
