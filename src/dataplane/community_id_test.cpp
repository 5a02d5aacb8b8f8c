// SPDX-License-Identifier: Apache-2.0
// Values: the specification's baseline (github.com/corelight/community-id-spec) as its ports repeat
// it in their tests, and tshark 4.0 where they have none; see tests/community_id_test.py for the
// captures of Arkime.
#include "dataplane/community_id.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

struct Case {
  std::string_view behaviour;
  std::string_view src, dst;
  std::uint16_t sport, dport;
  std::uint8_t protocol;
  std::string_view id;
};

std::string id_of(const Case& c, bool turned) {
  FlowTuple tuple{*parse_ip(c.src), *parse_ip(c.dst), c.sport, c.dport, c.protocol};
  if (turned) {
    std::swap(tuple.src, tuple.dst);
    std::swap(tuple.sport, tuple.dport);
  }
  CommunityId community;
  std::string id;
  community.append(id, tuple);
  return id;
}

TEST(CommunityId, IsTheSpecificationsValueFromBothEnds) {
  const Case cases[] = {
      {"TCP", "1.2.3.4", "5.6.7.8", 1122, 3344, 6, "1:wCb3OG7yAFWelaUydu0D+125CLM="},
      {"UDP", "1.2.3.4", "5.6.7.8", 1122, 3344, 17, "1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg="},
      {"a protocol without ports", "1.2.3.4", "5.6.7.8", 0, 0, 46,
       "1:ikv3kmf89luf73WPz1jOs49S768="},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(id_of(c, false), c.id) << c.behaviour;
    EXPECT_EQ(id_of(c, true), c.id) << c.behaviour << ", turned round";
  }
}

TEST(CommunityId, AnIcmpAnswerHashesAsItsQuestion) {
  const Case cases[] = {
      {"echo", "1.2.3.4", "5.6.7.8", 8, 0, 1, "1:crodRHL2FEsHjbv3UkRrfbs4bZ0="},
      {"echo reply", "5.6.7.8", "1.2.3.4", 0, 0, 1, "1:crodRHL2FEsHjbv3UkRrfbs4bZ0="},
      {"echo of IPv6", "fe80:1:203:405:607:809:a0b:c0d", "fe80:1011:1213:1415:1617:1819:1a1b:1c1d",
       128, 0, 58, "1:0bf7hyMJUwt3fMED7z8LIfRpBeo="},
  };
  for (const Case& c : cases) EXPECT_EQ(id_of(c, false), c.id) << c.behaviour;
}

TEST(CommunityId, AnIcmpMessageOfOneWayKeepsItsWay) {
  const Case out{"", "1.2.3.4", "5.6.7.8", 11, 0, 1, ""};
  EXPECT_NE(id_of(out, false), id_of({"", "5.6.7.8", "1.2.3.4", 11, 0, 1, ""}, false));
}

}  // namespace
}  // namespace endreason
