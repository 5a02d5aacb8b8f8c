// SPDX-License-Identifier: Apache-2.0
#include "model/zone_table.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

IpRange block(std::string_view text) {
  return parse_ip_range(text).value();
}
IpAddress ip(std::string_view text) {
  return parse_ip(text).value();
}

ZoneTable table(const std::vector<ZoneDefinition>& zones) {
  auto made = ZoneTable::make(zones);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

TEST(ZoneTable, WithoutDefinitionsAllIsAny) {
  const ZoneTable none;
  EXPECT_TRUE(none.empty());
  const PacketZones zones = none.of_packet(kNoZone, 7, ip("10.0.0.1"), ip("8.8.8.8"));
  EXPECT_EQ(none.name(zones.from), "any");
  EXPECT_EQ(none.name(zones.to), "any");
}

TEST(ZoneTable, TheNarrowestBlockOfAddressesDecides) {
  const ZoneTable zones = table({
      {.name = "trust", .subnets = {block("10.0.0.0/8"), block("2001:db8::/32")}},
      {.name = "dmz", .subnets = {block("10.1.0.0/16"), block("10.1.2.3")}},
      {.name = "guest", .subnets = {block("10.1.2.0/24")}},
      {.name = "rest", .subnets = {block("0.0.0.0/0")}},
  });
  EXPECT_EQ(zones.name(zones.of_address(ip("10.0.0.0"))), "trust");
  EXPECT_EQ(zones.name(zones.of_address(ip("10.1.1.255"))), "dmz");
  EXPECT_EQ(zones.name(zones.of_address(ip("10.1.2.2"))), "guest");
  EXPECT_EQ(zones.name(zones.of_address(ip("10.1.2.3"))), "dmz");
  EXPECT_EQ(zones.name(zones.of_address(ip("10.1.3.0"))), "dmz");
  EXPECT_EQ(zones.name(zones.of_address(ip("10.2.0.0"))), "trust");
  EXPECT_EQ(zones.name(zones.of_address(ip("255.255.255.255"))), "rest");
  EXPECT_EQ(zones.name(zones.of_address(ip("2001:db8:ffff::1"))), "trust");
  EXPECT_EQ(zones.of_address(ip("2001:db9::1")), kNoZone);
}

TEST(ZoneTable, AnInterfaceWinsOverAVlanAndThatOverTheSource) {
  const ZoneTable zones = table({
      {.name = "trust", .interfaces = {"eth0"}, .subnets = {block("10.0.0.0/8")}},
      {.name = "dmz", .vlans = {20}},
      {.name = "untrust", .interfaces = {"eth1"}},
  });
  const IpAddress inside = ip("10.0.0.1"), outside = ip("8.8.8.8");
  const auto from = [&](std::string_view interface, std::uint16_t vlan, const IpAddress& src) {
    return zones.name(zones.of_packet(zones.of_interface(interface), vlan, src, outside).from);
  };
  EXPECT_EQ(from("eth1", 20, inside), "untrust");
  EXPECT_EQ(from("eth9", 20, inside), "dmz");
  EXPECT_EQ(from("eth9", 21, inside), "trust");
  EXPECT_EQ(from("eth9", 0, outside), "any");
  EXPECT_EQ(zones.of_packet(kNoZone, 20, outside, inside).to, zones.find("trust"));
  EXPECT_EQ(zones.of_packet(kNoZone, 20, inside, outside).to, kNoZone)
      << "the interface that it leaves by is not known";
}

TEST(ZoneTable, AMemberOfTwoZonesIsRefused) {
  const auto refused = [](const std::vector<ZoneDefinition>& zones) {
    const auto made = ZoneTable::make(zones);
    return made ? std::string() : made.error().message;
  };
  EXPECT_EQ(refused({{.name = "a", .vlans = {5}}, {.name = "b", .vlans = {5}}}),
            "zones.b: VLAN 5 belongs to zone a already; leave it out of one");
  EXPECT_EQ(refused({{.name = "a", .interfaces = {"e"}}, {.name = "b", .interfaces = {"e"}}}),
            "zones.b: interface e belongs to zone a already; leave it out of one");
  EXPECT_EQ(refused({{.name = "a", .subnets = {block("10.0.0.0/8")}},
                     {.name = "b", .subnets = {block("10.9.9.9/8")}}}),
            "zones.b: the subnet of 10.0.0.0 belongs to zone a already; leave it out of one");
  EXPECT_NE(refused({{.name = "any"}}).find("the name is taken"), std::string::npos);
  EXPECT_FALSE(refused(std::vector<ZoneDefinition>(255, {.name = "x"})).empty());
}

}  // namespace
}  // namespace endreason
