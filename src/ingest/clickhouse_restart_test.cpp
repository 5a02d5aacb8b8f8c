// SPDX-License-Identifier: Apache-2.0
// A ClickHouse whose writer died keeps each row once, and its sums are those of its rows. A real
// server, which the test starts; skipped, saying so, where there is none.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "ingest/clickhouse_for_test.hpp"
#include "store/clickhouse_server.hpp"
#include "store/store.hpp"

namespace endreason {
namespace {

// One row of its own kind, told by its sequence number.
void add_row(Store& store, std::uint64_t seqno, std::string_view sender = "tcp") {
  TrafficRecord record;
  record.reset("");
  record.set_copy(Field::Serial, "0099");
  record.set_copy(Field::Vsys, "vsys1");
  record.set_copy(Field::Seqno, std::to_string(seqno));
  record.set_copy(Field::Src, "10.9.0." + std::to_string(seqno % 250));
  record.set_copy(Field::TimeGenerated, "2026/03/" + std::to_string(10 + seqno % 3) + " 10:00:00");
  const auto id = store.add(record, {}, {5, 0, sender}, {});
  ASSERT_TRUE(id) << id.error().message;
}

class ClickhouseRestart : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new ClickhouseForTest;
    folder_ = std::filesystem::temp_directory_path() / "endreason-restart-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    options_.keep_raw = true;
    options_.clickhouse = server_->address();
    options_.rollup_quiet_seconds = 0;
  }
  static void TearDownTestSuite() {
    delete server_;
    std::filesystem::remove_all(folder_);
  }
  void SetUp() override { server_->skip_without(); }

  static std::unique_ptr<Store> open(const std::string& name, std::uint16_t node = 0) {
    StoreOptions options = options_;
    options.folder = folder_ + "/" + name + (node == 0 ? "" : "-" + std::to_string(node));
    options.node = node;
    options.clickhouse.replace(options.clickhouse.rfind('/') + 1, std::string::npos, name);
    auto store = open_clickhouse_store(options);
    EXPECT_TRUE(store) << store.error().message;
    return store ? *std::move(store) : nullptr;
  }

  // Makes of its copy from before the state as it was on disk after the rows had been sent, and
  // before their commit was written down.
  static void put_back(const std::string& state, std::uint64_t next_id) {
    std::ifstream from(state + ".before");
    std::string text((std::istreambuf_iterator<char>(from)), std::istreambuf_iterator<char>());
    text.replace(
        text.rfind("\nend\n"), 5,
        "\nbegun_next_id\t" + std::to_string(next_id) + "\t\nbegun_state\t2\tspool_offset\nend\n");
    std::ofstream(state) << text;
  }

  static inline ClickhouseForTest* server_ = nullptr;
  static inline std::string folder_;
  static inline StoreOptions options_;
};

TEST_F(ClickhouseRestart, RowsOfAWriterThatDiedBeforeItKnewThemStoredAreKeptOnce) {
  const std::string state = folder_ + "/dying/clickhouse.state";
  {
    const auto store = open("dying");
    for (std::uint64_t i = 1; i <= 100; ++i) add_row(*store, i);
    ASSERT_TRUE(store->commit({{"spool_offset", 1}}));
    for (std::uint64_t i = 101; i <= 200; ++i) add_row(*store, i);
    std::filesystem::copy_file(state, state + ".before");
    ASSERT_TRUE(store->commit({{"spool_offset", 2}}));
  }
  put_back(state, 201);
  const auto store = open("dying");
  ASSERT_TRUE(store->begun().has_value());
  EXPECT_EQ(store->begun()->at(0).second, 2u);
  EXPECT_EQ(store->next_id(), 101u);
  std::uint64_t known = 0;
  ASSERT_TRUE(store->read_seqnos([&](std::string_view, std::string_view, std::uint64_t seqno) {
    ++known;
    EXPECT_LE(seqno, 100u);
  }));
  EXPECT_EQ(known, 100u);
  for (std::uint64_t i = 101; i <= 200; ++i) add_row(*store, i);
  const auto done = store->commit({{"spool_offset", 2}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(store->begun().has_value());
  EXPECT_EQ(*store->count({}, {}), 200u);

  // Killed in the middle: two of the block's three days had arrived.
  add_row(*store, 201);
  ASSERT_TRUE(store->commit({{"spool_offset", 3}}));
  EXPECT_EQ(*store->count({}, {}), 201u);
  const auto removed = store->remove_before(1'773'187'200'000'000);  // 2026-03-11
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_GT(*removed, 60u);
  EXPECT_EQ(*store->count({}, {}) + *removed, 201u);
}

// As the ingestor does it, by way of the interface.
TEST_F(ClickhouseRestart, RowsAreThereWhenTheirCommitHasFinished) {
  const std::unique_ptr<Store> store = open("two_steps");
  for (std::uint64_t i = 1; i <= 30; ++i) add_row(*store, i);
  ASSERT_TRUE(store->begin_commit({{"spool_offset", 1}}));
  ASSERT_TRUE(store->finish_commit());
  EXPECT_EQ(*store->count({}, {}), 30u);
  const auto state = store->state();
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(*state, (StoreState{{"spool_offset", 1}}));
  EXPECT_FALSE(store->begun().has_value());
}

TEST_F(ClickhouseRestart, OfABlockThatArrivedInPartTheRestIsSent) {
  const std::string state = folder_ + "/partly/clickhouse.state";
  {
    const auto store = open("partly");
    ASSERT_TRUE(store->commit({}));
    std::filesystem::copy_file(state, state + ".before");
    for (std::uint64_t i = 1; i <= 90; ++i) add_row(*store, i);
    ASSERT_TRUE(store->commit({{"spool_offset", 2}}));
    ASSERT_TRUE(store->remove_before(1'773'187'200'000'000));
    ASSERT_EQ(*store->count({}, {}), 60u);
  }
  put_back(state, 91);
  const auto store = open("partly");
  for (std::uint64_t i = 1; i <= 90; ++i) add_row(*store, i);
  const auto done = store->commit({{"spool_offset", 2}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*store->count({}, {}), 90u);
}

TEST_F(ClickhouseRestart, SumsOfADayAreLeftAsideOnceARowOfItComesLate) {
  const auto store = open("late");
  const auto overview_rows = [&] {
    const auto answer = store->overview({{}, 1'800'000'000'000'000}, {});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->now.all.rows : 0;
  };
  const auto rows_in = [&](const std::string& what) {
    const auto table = store->query("SELECT count() FROM " + what, {});
    EXPECT_TRUE(table) << table.error().message;
    return table ? std::get<std::uint64_t>(table->rows.at(0).at(0)) : 0;
  };
  for (std::uint64_t i = 1; i <= 90; ++i) add_row(*store, i);
  ASSERT_TRUE(store->commit({}));
  const auto made = store->maintain(true);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(*made);
  EXPECT_GT(rows_in("late.traffic_sums WHERE rollup = 1"), 0u);
  EXPECT_EQ(overview_rows(), 90u);
  for (std::uint64_t i = 91; i <= 95; ++i) add_row(*store, i);
  ASSERT_TRUE(store->commit({}));
  EXPECT_EQ(overview_rows(), 95u);
  ASSERT_TRUE(store->maintain(true));
  EXPECT_EQ(rows_in("late.traffic_sums WHERE rollup = 0"),
            2u);  // the first generation is still there
  EXPECT_EQ(overview_rows(), 95u);
}

// An older endreason added up no hours of addresses.
TEST_F(ClickhouseRestart, SumsThatLackALevelAreMadeAnew) {
  const auto store = open("older");
  for (std::uint64_t i = 1; i <= 90; ++i) add_row(*store, i);
  ASSERT_TRUE(store->commit({}));
  const auto address = parse_clickhouse_address(server_->address());
  ClickhouseServer server(*address, address->servers.at(0), "", "");
  const auto marked = server.run(
      "INSERT INTO older.traffic_sums (day, generation, rollup, since, rows_n, sessions_n) SELECT "
      "intDiv(time, 86400000000) AS d, toUInt64(7), toUInt8(0), d, count(), toUInt64(0) FROM "
      "older.traffic_rows GROUP BY d");
  ASSERT_TRUE(marked) << marked.error().message;
  const auto rows = [&] { return store->overview({{}, 1'800'000'000'000'000}, {})->now.all.rows; };
  EXPECT_EQ(rows(), 90u);
  for (int day = 0; day < 3; ++day) EXPECT_TRUE(*store->maintain(true));
  EXPECT_FALSE(*store->maintain(true));
  EXPECT_EQ(rows(), 90u);
}

TEST_F(ClickhouseRestart, AFolderThatIsNewDoesNotUseNumbersAgain) {
  {
    const auto store = open("renewed");
    for (std::uint64_t i = 1; i <= 5; ++i) add_row(*store, i);
    ASSERT_TRUE(store->commit({}));
  }
  std::filesystem::remove_all(folder_ + "/renewed");
  // Nor those of a block that another node may have to send again.
  EXPECT_EQ(open("renewed")->next_id(), 6u + (1u << 24));
}

TEST_F(ClickhouseRestart, EveryNodeKnowsWhoSentARow) {
  const auto first = open("shared");
  const auto second = open("shared", 1);
  add_row(*first, 1, "tcp 10.0.0.1");
  ASSERT_TRUE(first->add_sender(0, "tcp 10.0.0.1"));
  ASSERT_TRUE(first->commit({}));
  add_row(*second, 2, "udp caf\xe9");  // a name is any bytes
  ASSERT_TRUE(second->add_sender(0, "udp caf\xe9"));
  ASSERT_TRUE(second->commit({}));
  for (const auto* store : {&first, &second}) {
    std::vector<std::string> senders;
    RowsQuestion question;
    question.order = RowsQuestion::Order::AsStored;
    const auto read = (*store)->read_rows(question, {}, [&](StoredRow& row) {
      senders.push_back(row.sender);
      return true;
    });
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(senders, (std::vector<std::string>{"tcp 10.0.0.1", "udp caf\xe9"}));
  }
  EXPECT_EQ(*first->senders(), std::vector<std::string>{"tcp 10.0.0.1"}) << "its own, by number";
}

TEST_F(ClickhouseRestart, MessagesSayWhatToSetAndNoPassword) {
  if (std::getenv("ENDREASON_CHDB") != nullptr)
    GTEST_SKIP() << "the embedded engine lets everybody in";
  StoreOptions options = options_;
  options.folder = folder_ + "/wrong";
  options.password = "hidden";
  for (const std::string& address :
       {std::string("clickhouse://default@127.0.0.1:1/x"), server_->address("guarded"),
        std::string("clickhouse://u:hidden@h/x"), std::string("postgres://h/x"),
        std::string("clickhouse://h/x-y"), std::string("clickhouse://a:1,b:2/x")}) {
    options.clickhouse = address;
    const auto store = open_clickhouse_store(options);
    ASSERT_FALSE(store) << address;
    EXPECT_EQ(store.error().message.find("hidden"), std::string::npos) << store.error().message;
  }
  options.clickhouse = server_->address("guarded");
  options.password = "secret word";
  EXPECT_TRUE(open_clickhouse_store(options));
}

}  // namespace
}  // namespace endreason
