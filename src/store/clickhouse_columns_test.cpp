// SPDX-License-Identifier: Apache-2.0
// The statements that make the tables, for the oldest server and for those of today. Where the
// embedded engine is installed (ENDREASON_CHDB names its libchdb.so), it has to take them.
#include "store/clickhouse_columns.hpp"

#include <dlfcn.h>
#include <stdlib.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "store/clickhouse_rollups.hpp"

namespace endreason {
namespace {

const ClickhousePlace kAlone{"logs", "", 1, "ch1:8123"};
const ClickhousePlace kInCluster{"logs", "big", 2, "ch3:8123"};

std::string all_of(const ClickhousePlace& place, std::string_view version) {
  std::string all;
  for (const std::string& statement : clickhouse_schema(place, features_of(version)))
    all += statement + ";\n";
  for (const std::string& statement : clickhouse_sums_schema(place)) all += statement + ";\n";
  return all;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(ClickhouseSchema, OldServersGetPlainTypes) {
  const std::string plain = all_of(kAlone, "18.16.1");
  for (const char* newer : {"LowCardinality", "CODEC", "DateTime64", "IPv6 "})
    EXPECT_FALSE(has(plain, newer)) << newer;
  EXPECT_TRUE(has(plain, "\"rule\" String"));
  EXPECT_TRUE(has(plain, "\"src\" Nullable(FixedString(16))"));
  EXPECT_TRUE(has(plain, "\"time\" Int64"));
  EXPECT_TRUE(has(plain, "PARTITION BY intDiv(time, toInt64(86400000000)) ORDER BY (time, id)"));
}

TEST(ClickhouseSchema, NewServersGetWhatTakesLessRoom) {
  const std::string rich = all_of(kAlone, "24.8.4.13");
  EXPECT_TRUE(has(rich, "\"rule\" LowCardinality(String)"));
  EXPECT_TRUE(has(rich, "\"time\" Int64 CODEC(Delta, LZ4)"));
  // Each text of these is another.
  EXPECT_TRUE(has(rich, "\"odd\" String"));
  EXPECT_TRUE(has(rich, "\"raw\" String"));
}

TEST(ClickhouseSchema, AClusterHasReplicatedTablesBehindDistributedOnes) {
  for (const char* version : {"18.16.1", "24.8.4.13"}) {
    const std::string made = all_of(kInCluster, version);
    EXPECT_TRUE(
        has(made, "ReplicatedMergeTree('/clickhouse/tables/logs/2/traffic_rows', 'ch3:8123')"));
    EXPECT_TRUE(has(made, "Distributed(big, logs, traffic_rows_here, session_key)"));
    EXPECT_TRUE(
        has(made, "ReplicatedMergeTree('/clickhouse/tables/logs/2/traffic_sums', 'ch3:8123')"));
    EXPECT_TRUE(has(made, "Distributed(big, logs, traffic_sums_here, day)"));
  }
}

TEST(ClickhouseSchema, VersionsAreReadAsNumbers) {
  EXPECT_TRUE(features_of("19.11.3.11").low_cardinality());
  EXPECT_FALSE(features_of("19.5").low_cardinality());
  EXPECT_FALSE(features_of("18.16.1").codecs());
  EXPECT_TRUE(features_of("26.7.2.1").codecs());
}

// What a query of the embedded engine gives back; its C interface, of which it has no header.
struct ChdbResult {
  char* bytes;
  std::size_t size;
  void* internals;
  double seconds;
  std::uint64_t rows_read, bytes_read;
  char* error;
};

TEST(ClickhouseSchema, IsTakenByTheEngineOfToday) {
  const char* path = std::getenv("ENDREASON_CHDB");
  if (path == nullptr)
    GTEST_SKIP() << "ENDREASON_CHDB does not name libchdb.so (npm: @chdb/lib-linux-x64-gnu)";
  void* const library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << ::dlerror();
  const auto query =
      reinterpret_cast<ChdbResult* (*)(int, char**)>(::dlsym(library, "query_stable_v2"));
  ASSERT_NE(query, nullptr);
  std::string folder = std::filesystem::temp_directory_path() / "endreason-chdb-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::string all = all_of(kAlone, "26.7.2.1");
  all +=
      "INSERT INTO logs.traffic_rows (id, time, app, final_action, src) VALUES (7, 1000000, 'ssl', "
      "'blocked', toFixedString(unhex('00000000000000000000FFFF0A000001'), 16));"
      "SELECT id, app, final_action, src FROM logs.traffic;";
  std::string arguments[] = {"clickhouse", "--multiquery", "--output-format=CSV",
                             "--path=" + folder, "--query=" + all};
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  const ChdbResult* const result = query(static_cast<int>(pointers.size()), pointers.data());
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->error, nullptr) << result->error;
  EXPECT_EQ(std::string(result->bytes == nullptr ? "" : result->bytes, result->size),
            "7,\"ssl\",\"blocked\",\"10.0.0.1\"\n");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace endreason
