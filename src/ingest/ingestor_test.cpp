// SPDX-License-Identifier: Apache-2.0
#include "ingest/ingestor.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/child_process_for_test.hpp"
#include "sources/kafka_mock_for_test.hpp"

namespace endreason {
namespace {

// What a process that takes rows writes when it has received a hundred of them.
constexpr char kReceived = '\x01';

std::string line_of(std::uint64_t seqno, std::string_view serial = "0123") {
  return fmt::format(
      "<14>Mar 10 10:00:05 fw 1,2026/03/10 10:00:05,{},TRAFFIC,end,2561,2026/03/10 "
      "10:00:04,10.1.1.1,"
      "203.0.113.9,0.0.0.0,0.0.0.0,out,,,ssl,vsys1,trust,untrust,ae1,ae2,fwd,2026/03/10 "
      "10:00:05,{},1,"
      "51515,443,0,0,0x19,tcp,allow,1532,812,720,11,2026/03/10 "
      "09:59:49,12,any,0,{},0x0,US,DE,0,6,5,"
      "tcp-fin\n",
      serial, seqno % 1000 + 1, seqno);
}

class IngestorTest : public testing::Test {
 protected:
  IngestorTest() {
    std::string name = std::filesystem::temp_directory_path() / "endreason-ingest-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~IngestorTest() override { std::filesystem::remove_all(folder_); }

  // In place of the test's own.
  void use_folder(const std::string& folder) {
    std::filesystem::remove_all(folder_);
    folder_ = folder;
  }

  struct Running {
    std::unique_ptr<Store> store;
    std::unique_ptr<Ingestor> ingestor;
  };
  Running start(std::uint64_t commit_rows = 1000, std::uint32_t keep_days = 0) const {
    StoreOptions store_options;
    store_options.folder = folder_ + "/store";
    store_options.threads = 1;
    Running running;
    auto store = open_duckdb_store(store_options);
    EXPECT_TRUE(store) << store.error().message;
    running.store = *std::move(store);
    IngestOptions options;
    options.spool = {folder_ + "/spool", std::uint64_t{1} << 30, 1 << 16, SpoolSync::Never};
    options.commit_rows = commit_rows;
    options.commit_after = std::chrono::milliseconds(40);
    options.keep_days = keep_days;
    options.now_micros = [this] { return now_micros_; };
    options.kafka = kafka_;
    running.ingestor = std::make_unique<Ingestor>(*running.store, options);
    const auto started = running.ingestor->start();
    EXPECT_TRUE(started) << started.error().message;
    return running;
  }
  static std::int64_t number(Store& store, const std::string& sql) {
    const auto table = store.query(sql, {});
    EXPECT_TRUE(table) << table.error().message;
    return std::get<std::int64_t>(table->rows.at(0).at(0));
  }
  std::string folder_;
  KafkaOptions kafka_;
  std::int64_t now_micros_ = 1'773'000'000'000'000;
};

TEST_F(IngestorTest, CountsEveryLineOnce) {
  const Running running = start();
  std::string text = line_of(1) + line_of(2) + line_of(2) + "\n" + "nonsense\n";
  text += "1,2026/03/10 10:00:05,0123,THREAT,url,2561,2026/03/10 10:00:04,10.1.1.1,203.0.113.9\n";
  ASSERT_EQ(running.ingestor->take("udp 192.0.2.1", text), SpoolAppend::Taken);
  ASSERT_EQ(running.ingestor->take("udp 192.0.2.2", line_of(2) + line_of(3)), SpoolAppend::Taken);
  EXPECT_EQ(running.ingestor->snapshot().received(), 8u);
  ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(10)));
  const IngestSnapshot s = running.ingestor->snapshot();
  EXPECT_EQ(s.received(), 8u);
  EXPECT_EQ(s.spooled, 0u);
  EXPECT_EQ(s.total.stored, 3u);
  EXPECT_EQ(s.total.duplicates, 2u);
  EXPECT_EQ(s.total.blank, 1u);
  EXPECT_EQ(s.total.rejected, 1u);
  EXPECT_EQ(s.total.other, 1u);
  EXPECT_EQ(s.other_types.at("THREAT"), 1u);
  ASSERT_EQ(s.rejects.size(), 1u);
  EXPECT_EQ(s.rejects[0].text, "nonsense");
  EXPECT_EQ(s.rejects[0].sender, "udp 192.0.2.1");
  ASSERT_EQ(s.senders.size(), 2u);
  EXPECT_EQ(s.senders[1].counts.duplicates, 1u);
  EXPECT_EQ(number(*running.store, "SELECT count(*) FROM traffic"), 3);
}

TEST_F(IngestorTest, MessagesOfKafkaAreStoredOnceAndCountedLikeOthers) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP()
      << "librdkafka makes its threads by thrd_create, of which the sanitizer knows nothing";
#endif
  KafkaMock kafka;
  kafka.add_topic("logs", 2);
  for (std::uint64_t i = 1; i <= 40; ++i) kafka.produce("logs", i % 2, line_of(i));
  kafka.produce("logs", 0, line_of(2));  // a producer that tried again
  kafka.produce("logs", 1, "nonsense");
  kafka.produce("logs", 1,
                "1,2026/03/10 10:00:05,0123,THREAT,url,2561,2026/03/10 10:00:04,1.1.1.1");
  kafka.produce("logs", 1, line_of(51) + line_of(52));
  ASSERT_TRUE(kafka.flush());
  kafka_.brokers = {kafka.brokers()};
  kafka_.topics = {"logs"};
  kafka_.session_time = std::chrono::seconds(6);
  const auto stored = [](const Ingestor& ingestor, std::uint64_t rows) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (ingestor.snapshot().total.stored < rows && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return ingestor.snapshot();
  };
  {
    const Running running = start();
    ASSERT_EQ(running.ingestor->take("a", line_of(100)), SpoolAppend::Taken);
    const IngestSnapshot s = stored(*running.ingestor, 43);
    EXPECT_EQ(s.total.stored, 43u);
    EXPECT_EQ(s.total.duplicates, 1u);
    EXPECT_EQ(s.total.rejected, 1u);
    EXPECT_EQ(s.total.other, 1u);
    EXPECT_EQ(s.received(), 46u);
    EXPECT_EQ(s.state, IngestState::Running);
    ASSERT_EQ(s.rejects.size(), 1u);
    EXPECT_EQ(s.rejects[0].sender, "kafka logs/1");
  }
  kafka.produce("logs", 0, line_of(101));
  ASSERT_TRUE(kafka.flush());
  const Running running = start();
  EXPECT_EQ(stored(*running.ingestor, 44).received(), 47u);  // and nothing a second time
  EXPECT_EQ(number(*running.store, "SELECT count(*) FROM traffic"), 44);
}

TEST_F(IngestorTest, AClockThatJumpsAheadRemovesOnlyWhatIsOldBesideTheNewestRow) {
  std::string old = line_of(1);
  for (std::size_t at = 0; (at = old.find("2026/03/10", at)) != std::string::npos; at += 10)
    old.replace(at, 10, "2026/03/01");
  now_micros_ += std::int64_t{3650} * 24 * 3600 * 1'000'000;
  const Running running = start(1000, 5);
  ASSERT_EQ(running.ingestor->take("a", old + line_of(2)), SpoolAppend::Taken);
  ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(10)));
  const auto removed = running.ingestor->keep_limits();
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(number(*running.store, "SELECT count(*) FROM traffic"), 1);  // by this or by the keeper
}

TEST_F(IngestorTest, CountsAndCopiesAreKnownAfterARestart) {
  {
    const Running running = start();
    ASSERT_EQ(running.ingestor->take("a", line_of(1) + line_of(2)), SpoolAppend::Taken);
    ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(10)));
  }
  const Running running = start();
  ASSERT_EQ(running.ingestor->take("b", line_of(2) + line_of(7)), SpoolAppend::Taken);
  ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(10)));
  const IngestSnapshot s = running.ingestor->snapshot();
  EXPECT_EQ(s.total.stored, 3u);
  EXPECT_EQ(s.total.duplicates, 1u);
  ASSERT_EQ(s.senders.size(), 2u);
  EXPECT_EQ(s.senders[0].name, "a");
  const auto gaps = running.ingestor->gaps(10);
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps.begin()->second.missing, 4u);
  ASSERT_EQ(gaps.begin()->second.newest.size(), 1u);
  EXPECT_EQ(gaps.begin()->second.newest[0].after, 2u);
}

TEST_F(IngestorTest, OneDocumentMayBeReceivedAtOnce) {
  const Running running = start();
  ASSERT_EQ(running.ingestor->take("http",
                                   "<response><result><log><logs><entry><type>TRAFFIC</type>"
                                   "<serial>1</serial><seqno>5</seqno><src>10.0.0.1</src>"
                                   "<dst>10.0.0.2</dst></entry></logs></log></result>"
                                   "</response>"),
            SpoolAppend::Taken);
  ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(10)));
  EXPECT_EQ(running.ingestor->snapshot().total.stored, 1u);
}

TEST_F(IngestorTest, PlacesOfFilesAreThoseOfWhatIsStoredOrWaits) {
  {
    const Running running = start();
    ASSERT_EQ(running.ingestor->take_part("file a", line_of(1), "1:/a", {100, 7, 0}),
              SpoolAppend::Taken);
    ASSERT_EQ(running.ingestor->take_part("file b", line_of(2), "0:/b", {5, 6, 9}),
              SpoolAppend::Taken);
    ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(10)));
    ASSERT_EQ(running.ingestor->take_part("file a", line_of(3), "1:/a", {200, 8, 0}),
              SpoolAppend::Taken);
  }
  {
    const Running running = start();
    const FilePlaces places = running.ingestor->places();
    ASSERT_EQ(places.size(), 2u);
    EXPECT_EQ(places.at("1:/a"), (FilePlace{200, 8, 0}));
    EXPECT_EQ(places.at("0:/b"), (FilePlace{5, 6, 9}));
    running.ingestor->forget_place("0:/b");
    ASSERT_EQ(running.ingestor->take("udp", line_of(4)), SpoolAppend::Taken);
    ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(10)));
  }
  const Running running = start();
  EXPECT_EQ(running.ingestor->places().size(), 1u);
  EXPECT_EQ(number(*running.store, "SELECT count(*) FROM traffic"), 4);
}

TEST_F(IngestorTest, RowsOfTheSessionEngineKeepWhatItKnowsOfThem) {
  const Running running = start();
  EngineFacts facts;
  facts.ended = facts.staged = true;
  facts.handshake.add(HandshakeWord::Syn, Flow::C2s);
  facts.handshake.add(HandshakeWord::Ack, Flow::S2c);
  std::string word;
  append_engine_facts(word, facts);
  std::string line = line_of(1);
  line = word + " " + line.substr(line.find("1,2026"));
  ASSERT_EQ(running.ingestor->take("capture /a.pcap", line), SpoolAppend::Taken);
  // Nobody but the server itself sends such words.
  ASSERT_EQ(running.ingestor->take("tcp 192.0.2.1", line), SpoolAppend::Taken);
  ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(10)));
  std::vector<std::string> seen;
  const auto read = running.store->read_rows(RowsQuestion{}, {}, [&](StoredRow& row) {
    const EngineFacts* engine = row.record.engine;
    seen.push_back(engine == nullptr ? "none" : to_string(engine->handshake));
    EXPECT_EQ(row.record.format, InputFormat::Engine);
    return true;
  });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(seen, std::vector<std::string>{"SYN, ACK"});
  EXPECT_EQ(number(*running.store, "SELECT count(*) FROM traffic WHERE odd LIKE '%Aged out%'"), 1);
}

// The child takes rows, tells each batch when it was received, and is killed somewhere. As often as
// ER_KILLS says.
TEST_F(IngestorTest, WhatWasReceivedIsStoredOnceHoweverOftenTheProcessIsKilled) {
  std::uint64_t told = 0;   // rows that were received for certain
  std::uint64_t begun = 0;  // rows that may have been
  const char* kills = std::getenv("ER_KILLS");
  const int rounds = kills != nullptr ? std::atoi(kills) : 12;
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t first = begun + 1;
    ChildProcess child(this_program_with_test("IngestorTest.DISABLED_TakesRowsUntilItIsKilled"),
                       {"ER_FOLDER=" + folder_, "ER_FIRST=" + std::to_string(first)});
    std::uint64_t batches = 0;
    std::string told_now;
    const auto count_batches = [&] {
      told_now = child.read_some();
      batches += static_cast<std::uint64_t>(std::ranges::count(told_now, kReceived));
      return !told_now.empty();
    };
    const std::uint64_t wanted = 5 + static_cast<std::uint64_t>(round % 12) * 7;
    while (batches < wanted && count_batches()) continue;
    child.kill();
    while (count_batches()) continue;
    const auto status = child.wait();
    ASSERT_GE(batches, wanted) << "round " << round << ", status " << status.value_or(-1);
    told += batches * 100;
    begun = first - 1 + (batches + 1) * 100;  // one more may be there whose mark was not written
  }
  const Running running = start();
  ASSERT_TRUE(running.ingestor->drain(std::chrono::seconds(30)));
  const IngestSnapshot s = running.ingestor->snapshot();
  const auto rows =
      static_cast<std::uint64_t>(number(*running.store, "SELECT count(*) FROM traffic"));
  EXPECT_GE(rows, told);
  EXPECT_LE(rows, begun);
  EXPECT_EQ(s.total.stored, rows);
  EXPECT_EQ(s.total.duplicates, 0u);
  EXPECT_EQ(s.received(), rows);
  EXPECT_EQ(number(*running.store, "SELECT count(DISTINCT seqno) FROM traffic"),
            static_cast<std::int64_t>(rows));
}

// Runs in the processes that the test above kills.
TEST_F(IngestorTest, DISABLED_TakesRowsUntilItIsKilled) {
  const char* folder = std::getenv("ER_FOLDER");
  const char* first = std::getenv("ER_FIRST");
  ASSERT_TRUE(folder != nullptr && first != nullptr);
  use_folder(folder);
  const Running running = start(500);
  for (std::uint64_t next = std::stoull(first);; next += 100) {
    std::string text;
    for (std::uint64_t i = 0; i < 100; ++i) text += line_of(next + i);
    ASSERT_EQ(running.ingestor->take("tcp", text), SpoolAppend::Taken);
    ASSERT_EQ(::write(STDOUT_FILENO, &kReceived, 1), 1);
  }
}

}  // namespace
}  // namespace endreason
