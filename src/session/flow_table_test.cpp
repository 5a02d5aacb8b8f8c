// SPDX-License-Identifier: Apache-2.0
#include "session/flow_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "session/packet_script_for_test.hpp"

namespace endreason {
namespace {

struct Tuple {
  std::uint32_t src, dst;
  std::uint16_t sport, dport;
  std::uint16_t zone = 0;
};

FlowKey key_of(const Tuple& t) {
  FlowKey key;
  make_flow_key(test_address(t.src), test_address(t.dst), t.sport, t.dport, 6, t.zone, key);
  return key;
}

class FlowTableTest : public ::testing::Test {
 protected:
  SessionIndex add(const FlowKey& key) {
    const SessionIndex i = pool.allocate();
    pool[i].key = key;
    EXPECT_TRUE(table.insert(table.hash(key), i));
    return i;
  }
  SessionIndex find(const FlowKey& key) const { return table.find(key, table.hash(key)); }
  void erase(SessionIndex i) { table.erase(table.hash(pool[i].key), i); }

  SessionPool pool{200'000};
  FlowTable table{pool, FlowHash{}};
};

TEST_F(FlowTableTest, ReverseFlowFindsTheSameSession) {
  const SessionIndex i = add(key_of({1, 2, 1000, 80}));
  EXPECT_EQ(find(key_of({2, 1, 80, 1000})), i);
  EXPECT_EQ(find(key_of({1, 2, 80, 1000})), kNoSession) << "ports belong to their addresses";
}

TEST_F(FlowTableTest, TheZoneIsPartOfTheKey) {
  const SessionIndex i = add(key_of({1, 2, 1000, 80, 1}));
  EXPECT_EQ(find(key_of({1, 2, 1000, 80, 1})), i);
  EXPECT_EQ(find(key_of({1, 2, 1000, 80, 2})), kNoSession);
}

TEST_F(FlowTableTest, AddressesOfBothFamiliesAndEqualAddressesKeepTheirOrder) {
  IpAddress low, high;
  low.bytes[0] = 0x20;
  high.bytes[0] = 0xfe;
  low.bytes[15] = 9;
  FlowKey there, back;
  EXPECT_EQ(make_flow_key(high, low, 1, 2, 17, 0, there), KeyDirection::HighToLow);
  EXPECT_EQ(make_flow_key(low, high, 2, 1, 17, 0, back), KeyDirection::LowToHigh);
  EXPECT_EQ(there, back);
  make_flow_key(low, low, 1, 2, 17, 0, there);
  make_flow_key(low, low, 2, 1, 17, 0, back);
  EXPECT_EQ(there, back) << "a host that talks to itself";
}

TEST_F(FlowTableTest, GrowsAndLosesNothing) {
  std::vector<SessionIndex> places;
  const std::size_t buckets = table.bucket_count();
  for (std::uint32_t n = 0; n < 150'000; ++n) places.push_back(add(key_of({n, 7, 1000, 80})));
  EXPECT_GT(table.bucket_count(), buckets);
  EXPECT_EQ(table.size(), 150'000u);
  for (std::uint32_t n = 0; n < 150'000; ++n)
    ASSERT_EQ(find(key_of({7, n, 80, 1000})), places[n]) << n;
}

TEST_F(FlowTableTest, FillsToTheLastPlaceOfTheLastBucket) {
  SessionPool small(12);
  FlowTable tight(small, FlowHash{});
  std::vector<SessionIndex> places;
  for (std::uint32_t n = 0; n < 12; ++n) {
    const SessionIndex i = small.allocate();
    small[i].key = key_of({n, 7, 1000, 80});
    ASSERT_TRUE(tight.insert(tight.hash(small[i].key), i));
    places.push_back(i);
  }
  for (const SessionIndex i : places)
    EXPECT_EQ(tight.find(small[i].key, tight.hash(small[i].key)), i);
  for (const SessionIndex i : places) tight.erase(tight.hash(small[i].key), i);
  EXPECT_EQ(tight.size(), 0u);
}

TEST_F(FlowTableTest, BatchesFindWhatSingleLookupsFind) {
  std::vector<FlowKey> keys;
  for (std::uint32_t n = 0; n < 1000; ++n) {
    keys.push_back(key_of({n, 7, 1000, 80}));
    if (n % 3 != 0) add(keys.back());
  }
  std::vector<std::uint64_t> hashes;
  for (const FlowKey& key : keys) hashes.push_back(table.hash(key));
  std::vector<SessionIndex> found(keys.size());
  table.find_batch(keys, hashes, found);
  for (std::size_t n = 0; n < keys.size(); ++n) {
    EXPECT_EQ(found[n], find(keys[n]));
    EXPECT_EQ(found[n] == kNoSession, n % 3 == 0);
  }
}

// Random insertions and erasures beside a map that cannot be wrong.
TEST_F(FlowTableTest, AgreesWithAMapUnderChange) {
  std::mt19937 random(1);
  std::map<std::uint32_t, SessionIndex> expected;
  for (int step = 0; step < 200'000; ++step) {
    const auto n = static_cast<std::uint32_t>(random() % 20'000);
    const FlowKey key = key_of({n, 7, 1000, 80});
    const auto there = expected.find(n);
    ASSERT_EQ(find(key), there == expected.end() ? kNoSession : there->second);
    if (there == expected.end()) {
      expected[n] = add(key);
    } else {
      erase(there->second);
      pool.release(there->second);
      expected.erase(there);
    }
    ASSERT_EQ(table.size(), expected.size());
  }
}

TEST(FlowHash, SpreadsNeighboursAndDependsOnTheSeed) {
  std::vector<std::uint32_t> buckets(256);
  const FlowHash hash;
  for (std::uint32_t n = 0; n < 25'600; ++n) {
    const FlowKey key = key_of({0x0a000000 + n / 64, 7, static_cast<std::uint16_t>(n % 64), 80});
    ++buckets[hash(key) & 255];
    ++buckets[hash(key) >> 56];
  }
  const auto [least, most] = std::minmax_element(buckets.begin(), buckets.end());
  EXPECT_GT(*least, 130u);
  EXPECT_LT(*most, 280u);
  const FlowKey key = key_of({1, 2, 3, 4});
  EXPECT_NE(FlowHash(1)(key), FlowHash(2)(key));
}

}  // namespace
}  // namespace endreason
