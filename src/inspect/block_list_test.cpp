// SPDX-License-Identifier: Apache-2.0
#include "inspect/block_list.hpp"

#include <gtest/gtest.h>

namespace endreason::inspect {
namespace {

std::string found(const std::optional<BlockListHit>& hit) {
  return hit ? std::string(hit->list) + ":" + std::string(hit->entry) : "";
}

TEST(BlockLists, AHitNamesTheListAndTheNarrowestEntry) {
  BlockLists lists;
  BlockListCounts counts;
  lists.add_text("# networks\n10.0.0.0/8\n10.1.0.0/16 lab\n192.0.2.1-192.0.2.9\n2001:db8::/32\n",
                 "nets", counts);
  lists.add_text("10.1.2.3\n10.0.0.0/8\n", "hosts", counts);
  lists.finish();
  EXPECT_EQ(found(lists.find(*parse_ip("10.9.9.9"))), "nets:10.0.0.0/8");
  EXPECT_EQ(found(lists.find(*parse_ip("10.1.9.9"))), "nets:10.1.0.0/16");
  EXPECT_EQ(found(lists.find(*parse_ip("10.1.2.3"))), "hosts:10.1.2.3");
  EXPECT_EQ(found(lists.find(*parse_ip("10.1.2.4"))), "nets:10.1.0.0/16");
  EXPECT_EQ(found(lists.find(*parse_ip("192.0.2.9"))), "nets:192.0.2.1-192.0.2.9");
  EXPECT_EQ(found(lists.find(*parse_ip("192.0.2.10"))), "");
  EXPECT_EQ(found(lists.find(*parse_ip("2001:db8:ffff::1"))), "nets:2001:db8::/32");
  EXPECT_EQ(found(lists.find(*parse_ip("2001:db9::"))), "");
  EXPECT_EQ(counts.lines, counts.addresses + counts.domains + counts.unreadable);
}

TEST(BlockLists, DomainsMatchThemselvesOrWhatIsBelow) {
  BlockLists lists;
  BlockListCounts counts;
  lists.add_text(
      "evil.example\n*.bad.example ; all of it\n.worse.example\n"
      "http://host.example:8080/path?x\n!!!\n",
      "names", counts);
  lists.finish();
  EXPECT_EQ(found(lists.find("EVIL.example.")), "names:evil.example");
  EXPECT_EQ(found(lists.find("www.evil.example")), "");
  EXPECT_EQ(found(lists.find("a.b.bad.example")), "names:*.bad.example");
  EXPECT_EQ(found(lists.find("bad.example")), "names:*.bad.example");
  EXPECT_EQ(found(lists.find("notbad.example")), "");
  EXPECT_EQ(found(lists.find("x.worse.example")), "names:.worse.example");
  EXPECT_EQ(found(lists.find("host.example")), "names:http://host.example:8080/path?x");
  EXPECT_EQ(counts.domains, 4U);
  EXPECT_EQ(counts.unreadable, 1U);
  EXPECT_EQ(counts.problems[0].find("names:5:"), 0U);
}

TEST(BlockLists, TheEndsOfTheAddressSpaceCountToo) {
  BlockLists lists;
  BlockListCounts counts;
  lists.add_text("0.0.0.0/0\nffff::/16\n255.255.255.255\n", "all", counts);
  lists.finish();
  EXPECT_EQ(found(lists.find(*parse_ip("0.0.0.0"))), "all:0.0.0.0/0");
  EXPECT_EQ(found(lists.find(*parse_ip("255.255.255.255"))), "all:255.255.255.255");
  EXPECT_EQ(found(lists.find(*parse_ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))),
            "all:ffff::/16");
}

}  // namespace
}  // namespace endreason::inspect
