// SPDX-License-Identifier: Apache-2.0
#include "appid/app_catalogue.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "appid/dpi_engine.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

class AppCatalogueTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = AppCatalogue::make();
    ASSERT_TRUE(made.has_value()) << made.error().message;
    catalogue = std::move(*made);
    names = (*DpiEngine::make())->protocol_names();
  }
  std::uint16_t library(std::string_view name) const {
    return static_cast<std::uint16_t>(std::ranges::find(names, name) - names.begin());
  }
  std::string_view app(std::string_view outside, std::string_view inside, std::uint16_t port = 0) {
    const std::uint16_t carrier = outside.empty() ? 0 : library(outside);
    return catalogue.name(catalogue.of_library(carrier, library(inside), 50000, port).app);
  }
  AppCatalogue catalogue;
  std::vector<std::string> names;
};

TEST_F(AppCatalogueTest, PlaceholdersHaveTheirFixedNumbersAndWords) {
  EXPECT_EQ(catalogue.name(AppId::None), "");
  EXPECT_EQ(catalogue.name(AppId::Incomplete), "incomplete");
  EXPECT_EQ(catalogue.name(AppId::NonSynTcp), "non-syn-tcp");
  for (auto id = AppId::Incomplete; id < AppId::NonSynTcp;
       id = static_cast<AppId>(static_cast<int>(id) + 1))
    EXPECT_EQ(catalogue.name(id), info(status_of(id)).log_name);
}

TEST_F(AppCatalogueTest, ASiteTakesThePlaceOfItsCarrier) {
  EXPECT_EQ(app("TLS", "Facebook"), "facebook-base");
  EXPECT_EQ(app("QUIC", "YouTube"), "youtube-base");
  EXPECT_EQ(app("HTTP", "OCSP"), "ocsp");
}

TEST_F(AppCatalogueTest, AQuestionAboutASiteStaysAQuestion) {
  EXPECT_EQ(app("DNS", "Facebook"), "dns-base");
  EXPECT_EQ(app("MDNS", "Spotify"), "mdns");
}

TEST_F(AppCatalogueTest, AnOwnerOfAddressesIsNoApplication) {
  EXPECT_EQ(app("TLS", "Cloudflare"), "ssl");
  EXPECT_EQ(app("HTTP", "AmazonAWS"), "web-browsing");
  EXPECT_EQ(app("", "Cloudflare"), "");
}

TEST_F(AppCatalogueTest, PortsTellTwinsApart) {
  EXPECT_EQ(app("", "NetBIOS", 137), "netbios-ns");
  EXPECT_EQ(app("", "NetBIOS", 138), "netbios-dg");
  EXPECT_EQ(app("", "NetBIOS", 139), "netbios-ss");
  EXPECT_EQ(app("TLS", "DoH_DoT", 853), "dns-over-tls");
  EXPECT_EQ(app("TLS", "DoH_DoT", 443), "dns-over-https");
}

TEST_F(AppCatalogueTest, OnlyACarrierWithoutAnInsideMayChange) {
  EXPECT_TRUE(catalogue.of_library(0, library("TLS"), 1, 443).may_change);
  EXPECT_FALSE(catalogue.of_library(library("TLS"), library("Facebook"), 1, 443).may_change);
  EXPECT_FALSE(catalogue.of_library(0, library("SSH"), 1, 22).may_change);
}

TEST_F(AppCatalogueTest, NumbersOutsideTheLibraryNameNothing) {
  EXPECT_EQ(catalogue.of_library(0, 0xffff, 1, 2).app, AppId::None);
  EXPECT_EQ(catalogue.of_library(0xffff, 1, 1, 2).app, AppId::None);
}

struct ProtocolCase {
  std::string_view behaviour;
  std::uint8_t protocol, icmp_type;
  std::string_view app;
};
constexpr auto kProtocolCases = std::to_array<ProtocolCase>({
    {"an echo request is ping", kProtoIcmp, 8, "ping"},
    {"so is an answer that comes first", kProtoIcmp, 0, "ping"},
    {"any other ICMP is icmp", kProtoIcmp, 3, "icmp"},
    {"an IPv6 echo is ping6", kProtoIcmp6, 128, "ping6"},
    {"neighbour discovery is ipv6-icmp", kProtoIcmp6, 135, "ipv6-icmp"},
    {"ESP", 50, 0, "ipsec-esp"},
    {"OSPF", 89, 0, "ospf"},
    {"a protocol without a name is told by its number", 253, 0, "ip-protocol-253"},
});

TEST_F(AppCatalogueTest, IpProtocolsNeedNoPayload) {
  for (const ProtocolCase& c : kProtocolCases)
    EXPECT_EQ(catalogue.name(catalogue.of_ip_protocol(c.protocol, c.icmp_type)), c.app)
        << c.behaviour;
}

TEST_F(AppCatalogueTest, EveryApplicationHasANameAndNoNameStandsTwice) {
  std::vector<std::string_view> all;
  for (std::size_t i = 1; i < catalogue.size(); ++i) all.push_back(catalogue.name(AppId(i)));
  EXPECT_TRUE(std::ranges::none_of(all, &std::string_view::empty));
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST_F(AppCatalogueTest, TheSameInputsGiveTheSameNumbers) {
  const auto again = AppCatalogue::make();
  ASSERT_EQ(again->size(), catalogue.size());
  for (std::size_t i = 0; i < catalogue.size(); ++i)
    EXPECT_EQ(again->name(AppId(i)), catalogue.name(AppId(i)));
}

TEST_F(AppCatalogueTest, AUsersSignatureMayNameAKnownApplicationOrANewOne) {
  const std::vector<UserSignature> signatures = {{.app = "ssh", .port = 2222},
                                                 {.app = "our-erp", .port = 4711}};
  const auto made = AppCatalogue::make(signatures);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->find("ssh"), catalogue.find("ssh"));
  EXPECT_NE(made->find("our-erp"), AppId::None);
  EXPECT_EQ(catalogue.find("our-erp"), AppId::None);
}

}  // namespace
}  // namespace endreason
