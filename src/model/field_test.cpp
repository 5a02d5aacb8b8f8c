// SPDX-License-Identifier: Apache-2.0
#include "model/field.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

TEST(Field, ColumnNumbersAreThoseOfTheVendorsTable) {
  EXPECT_EQ(index_of(Field::Src), 7u);
  EXPECT_EQ(index_of(Field::Action), 30u);
  EXPECT_EQ(index_of(Field::SessionEndReason), 46u);
  EXPECT_EQ(index_of(Field::ActionSource), 53u);
  EXPECT_EQ(index_of(Field::LinkSwitches), 69u);
  EXPECT_EQ(index_of(Field::HighResTimestamp), 102u);
  EXPECT_EQ(index_of(Field::DstAdvDevId), 129u);
  EXPECT_EQ(kFieldCount, 130u);
}

TEST(Field, IsFoundByEveryNameTheVendorUses) {
  EXPECT_EQ(find_field("session_end_reason"), Field::SessionEndReason);
  EXPECT_EQ(find_field("addr.src"), Field::Src);
  EXPECT_EQ(find_field("imsi"), Field::Tunnelid);
  EXPECT_EQ(find_field("nope"), std::nullopt);
  EXPECT_EQ(find_field_by_title("Serial #"), Field::Serial);
  EXPECT_EQ(find_field_by_title("Destination address"), Field::Dst);
  EXPECT_EQ(find_field_by_title("SESSION END REASON"), Field::SessionEndReason);
  EXPECT_EQ(find_field_by_title("pkts_sent"), Field::PktsSent);
  EXPECT_EQ(find_field_by_title("Serial Number"), Field::Serial);
}

}  // namespace
}  // namespace endreason
