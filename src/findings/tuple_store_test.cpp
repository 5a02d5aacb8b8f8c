// SPDX-License-Identifier: Apache-2.0
#include "findings/tuple_store.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include <fmt/format.h>

#include "model/traffic_record.hpp"

namespace endreason {
namespace {

TrafficRecord record_of(std::string_view src, std::string_view dst, std::string_view rule,
                        std::uint16_t dport) {
  TrafficRecord record;
  record.reset("");
  record.set_copy(Field::Src, src);
  record.set_copy(Field::Dst, dst);
  record.set_copy(Field::App, "incomplete");
  record.set_copy(Field::Rule, rule);
  record.proto = 6;
  record.set_known(Known::Proto);
  record.dport = dport;
  record.set_known(Known::Dport);
  return record;
}

using Sums = std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>;

void add_keys(TupleStore& store, Sums& sums) {
  store.visit_keys([&](const KeyBuilder& key, std::uint64_t sessions, std::uint64_t bytes) {
    auto& [all_sessions, all_bytes] = sums[std::string(key.text())];
    all_sessions = saturating_sum(all_sessions, sessions);
    all_bytes = saturating_sum(all_bytes, bytes);
  });
}

// The sessions and bytes of every group, by its prefix: where keys share a
// total among members, it is the sum that counts.
Sums group_sums(const Sums& keys) {
  Sums groups;
  for (const auto& [key, counts] : keys) {
    const GroupName name = decode_group(key);
    auto& [sessions, bytes] =
        groups[fmt::format("{} {}", static_cast<int>(name.kind), name.subject)];
    sessions = saturating_sum(sessions, counts.first);
    bytes = saturating_sum(bytes, counts.second);
  }
  return groups;
}

bool add(TupleStore& store, const TrafficRecord& record, Concern concern, const Count& count) {
  return store.add(record, concern,
                   concern == Concern::Blocked ? ReasonCode::DeniedByRule : ReasonCode::NoReply,
                   count);
}

TEST(TupleStore, LargeCountersAreExactAmongSmallOnes) {
  TupleStore store(1 << 20, KeyHash(2));
  const TrafficRecord record = record_of("10.0.0.1", "10.0.0.2", "r", 1);
  constexpr std::uint64_t kLarge = std::uint64_t{1} << 43;
  std::uint64_t sessions = 0, bytes = 0;
  for (const Count& count : {Count{1, 1, kLarge}, Count{1, 5, 7}, Count{1, UINT32_MAX, 0},
                             Count{1, 3, kLarge - 1}, Count{1, 0, 0}, Count{1, 1, kLarge - 1}}) {
    ASSERT_TRUE(add(store, record, Concern::Failed, count));
    sessions += count.sessions;
    bytes += count.bytes;
    // Others in between drive the row out of the cache, so that there are
    // several of it.
    for (std::uint16_t port = 2; port < 4000; ++port)
      add(store, record_of("10.0.0.1", "10.0.0.9", "r", port), Concern::Failed, {1, 0, 0});
  }
  ASSERT_TRUE(store.settle());
  Sums keys;
  add_keys(store, keys);
  const auto expected = std::pair(sessions, bytes);
  EXPECT_EQ(group_sums(keys).at(
                fmt::format("{} 10.0.0.2", static_cast<int>(GroupKind::FailedDestination))),
            expected);
  Leaders leaders(1);
  WorkerTeam alone(1);
  store.rank(leaders, alone);
  const auto rankings = leaders.finish();
  const Ranking& causes = rankings[static_cast<std::size_t>(GroupKind::CauseFailedDestination)];
  ASSERT_EQ(causes.leading.size(), 1u);
  EXPECT_EQ(causes.leading[0].name.subject, "10.0.0.2");
  EXPECT_EQ(causes.leading[0].sessions, sessions);
  EXPECT_EQ(causes.leading[0].bytes, bytes);
  EXPECT_EQ(causes.leading[0].members, 1u) << "rows that stay apart are one source";
  EXPECT_EQ(causes.groups, 3999u);
}

TEST(TupleStore, AStoreThatIsFullCountedNothingOfTheRowThatItRefused) {
  for (const std::size_t memory : {std::size_t{1}, std::size_t{100'000}}) {
    TupleStore store(memory, KeyHash(2));
    std::mt19937 random(5);
    Sums keys;
    std::uint64_t rows = 0, poured = 0;
    for (int i = 0; i < 40'000; ++i) {
      const auto concern = random() % 2 == 0 ? Concern::Blocked : Concern::Failed;
      const TrafficRecord record = record_of(
          fmt::format("10.0.{}.{}", random() % 256, random() % 256),
          random() % 4 == 0 ? fmt::format("2001:db8::{:x}", random() % 3000 + 1) : "192.0.2.1",
          fmt::format("rule {}", random() % 300), static_cast<std::uint16_t>(random() % 3));
      ++rows;
      if (add(store, record, concern, {1, 1, 2})) continue;
      ++poured;
      add_keys(store, keys);
      store.clear();
      ASSERT_TRUE(add(store, record, concern, {1, 1, 2})) << "an empty store takes any row";
    }
    if (!store.settle()) {
      add_keys(store, keys);
      store.clear();
      ASSERT_TRUE(store.settle());
    }
    add_keys(store, keys);
    EXPECT_GT(poured, 2u);
    std::array<std::pair<std::uint64_t, std::uint64_t>, 4> sums{};
    for (const auto& [key, counts] : keys) {
      auto& sum = sums[static_cast<std::size_t>(kind_of(key)) % 4];
      sum.first += counts.first;
      sum.second += counts.second;
    }
    for (const auto& sum : sums) EXPECT_EQ(sum, std::pair(rows, 2 * rows)) << memory;
  }
}

TEST(TupleStore, HotRowsCostNoRoom) {
  TupleStore store(1, KeyHash(2));
  for (int i = 0; i < 100'000; ++i)
    ASSERT_TRUE(add(store,
                    record_of("10.0.0.1", "10.0.0.2", "r", static_cast<std::uint16_t>(i % 5)),
                    Concern::Blocked, {1, 1, 1}));
  ASSERT_TRUE(store.settle());
  Sums keys;
  add_keys(store, keys);
  EXPECT_EQ(keys.size(), 5u + 5u + 1u + 1u);
}

// By way of whole keys, sorted as they are when the memory does not suffice.
std::array<Ranking, kGroupKindCount> ranked_by_keys(TupleStore& store, std::size_t top) {
  KeyTable keys(64 << 20, KeyHash(3));
  store.visit_keys([&](const KeyBuilder& key, std::uint64_t sessions, std::uint64_t bytes) {
    ASSERT_TRUE(keys.add(key, keys.hash(key), sessions, bytes));
  });
  keys.sort();
  Leaders leaders(top);
  GroupRanker ranker(leaders);
  for (std::size_t i = 0; i < keys.entries(); ++i) ranker.add(keys.sorted(i));
  ranker.finish();
  return leaders.finish();
}

// Few rows of many addresses, many of a few, and thousands of one pair, in no order.
void fill(TupleStore& store, unsigned seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const unsigned spread = 1u << random() % 12;
    const std::string source = random() % 16 == 0
                                   ? fmt::format("2001:db8::{:x}", random() % spread + 1)
                                   : fmt::format("10.0.0.{}", random() % spread % 256);
    const TrafficRecord record =
        record_of(source, fmt::format("192.0.{}.{}", random() % spread % 256, random() % 4),
                  fmt::format("rule {}", random() % spread),
                  static_cast<std::uint16_t>(random() % (random() % 2 == 0 ? 3 : 60'000)));
    const auto concern = random() % 2 == 0 ? Concern::Blocked : Concern::Failed;
    ASSERT_TRUE(store.add(record, concern,
                          random() % 2 == 0 ? ReasonCode::DeniedByRule : ReasonCode::NoReply,
                          {1, random() % 3, random() % 1000}));
  }
  ASSERT_TRUE(store.settle());
}

TEST(TupleStore, RankingsAreThoseOfTheWholeKeysWithOneThreadAndWithTwo) {
  for (const std::size_t top : {std::size_t{1}, std::size_t{10}, std::size_t{100'000}}) {
    TupleStore visited(64 << 20, KeyHash(2));
    fill(visited, 7);
    const auto expected = ranked_by_keys(visited, top);
    for (const unsigned threads : {1u, 2u}) {
      TupleStore store(64 << 20, KeyHash(2));
      fill(store, 7);
      Leaders leaders(top);
      WorkerTeam team(threads);
      store.rank(leaders, team);
      const auto rankings = leaders.finish();
      for (std::size_t kind = 0; kind < kGroupKindCount; ++kind) {
        const auto& [groups, leading] = expected[kind];
        EXPECT_EQ(rankings[kind].groups, groups) << kind;
        ASSERT_EQ(rankings[kind].leading.size(), leading.size()) << kind;
        for (std::size_t i = 0; i < leading.size(); ++i) {
          const RankedGroup& group = rankings[kind].leading[i];
          EXPECT_EQ(group.filter, leading[i].filter) << kind << ' ' << i;
          EXPECT_EQ(group.name.subject, leading[i].name.subject) << kind << ' ' << i;
          EXPECT_EQ(group.sessions, leading[i].sessions) << kind << ' ' << i;
          EXPECT_EQ(group.bytes, leading[i].bytes) << kind << ' ' << i;
          EXPECT_EQ(group.destinations, leading[i].destinations) << kind << ' ' << i;
          if (!is_cause(static_cast<GroupKind>(kind))) continue;
          EXPECT_EQ(group.members, leading[i].members) << kind << ' ' << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace endreason
