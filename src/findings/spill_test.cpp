// SPDX-License-Identifier: Apache-2.0
#include "findings/spill.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include <fmt/format.h>

namespace endreason {
namespace {

// Runs of random keys, sorted as a table sorts them, and what they add up to.
struct Runs {
  std::vector<SpillRun> runs;
  std::map<std::string, std::uint64_t> sums;
};

Runs write_runs(std::size_t count, std::size_t keys_each) {
  Runs result;
  auto file = SpillFile::create("");
  EXPECT_TRUE(file.has_value());
  std::mt19937 random(3);
  KeyTable table(1 << 20, KeyHash(11));
  KeyBuilder key;
  for (std::size_t run = 0; run < count; ++run) {
    for (std::size_t i = 0; i < keys_each; ++i) {
      key.clear();
      key.name(fmt::format("prefix {}", random() % 5));
      key.end_prefix();
      // Long members make entries cross the edges of the read buffer.
      key.name(std::string(random() % 200, 'x') + fmt::format("{}", random() % 50));
      key.seal();
      EXPECT_TRUE(table.add(key, table.hash(key), 1, 2));
      result.sums[std::string(key.text())] += 1;
    }
    table.sort();
    RunWriter writer(*file);
    for (std::size_t i = 0; i < table.entries(); ++i)
      EXPECT_TRUE(writer.write(table.sorted(i)).has_value());
    result.runs.push_back(*writer.finish());
    table.clear();
  }
  return result;
}

std::map<std::string, std::uint64_t> merged_sums(std::vector<SpillRun> runs) {
  std::vector<std::unique_ptr<SortedSource>> sources;
  for (SpillRun& run : runs) sources.push_back(source_of(std::move(run)));
  MergedSource merged(std::move(sources));
  std::map<std::string, std::uint64_t> sums;
  while (true) {
    auto entry = merged.next();
    EXPECT_TRUE(entry.has_value());
    if (!entry || !*entry) return sums;
    EXPECT_EQ((*entry)->bytes, 2 * (*entry)->sessions);
    const bool first_time = sums.emplace((*entry)->key, (*entry)->sessions).second;
    EXPECT_TRUE(first_time) << "a key came out twice";
  }
}

TEST(Spill, MergedRunsAddEqualKeysUp) {
  Runs written = write_runs(5, 2000);
  EXPECT_EQ(merged_sums(std::move(written.runs)), written.sums);
}

TEST(Spill, MoreRunsThanCanBeReadAtATimeAreMergedInPasses) {
  Runs written = write_runs(3 * kMergeRunsMax + 1, 20);
  ASSERT_TRUE(reduce_runs(written.runs, "").has_value());
  EXPECT_LE(written.runs.size(), kMergeRunsMax);
  EXPECT_EQ(merged_sums(std::move(written.runs)), written.sums);
}

TEST(Spill, NoSourcesGiveNothing) {
  EXPECT_TRUE(merged_sums({}).empty());
}

TEST(Spill, ARunThatEndsEarlyIsAnError) {
  Runs written = write_runs(1, 100);
  written.runs[0].size -= 3;
  auto source = source_of(written.runs[0]);
  bool failed = false;
  for (int i = 0; i < 101 && !failed; ++i) failed = !source->next().has_value();
  EXPECT_TRUE(failed);
}

}  // namespace
}  // namespace endreason
