// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/child_process_for_test.hpp"
#include "base/timestamp.hpp"
#include "model/odd_texts.hpp"
#include "store/store.hpp"

namespace endreason {
namespace {

struct Text {
  Field field;
  std::string_view text;
};

// A folder of its own, gone with the test.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "endreason-store-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::unique_ptr<Store> open_in(const Folder& folder, bool keep_raw = false) {
  StoreOptions options;
  options.folder = folder.path();
  options.keep_raw = keep_raw;
  options.threads = 1;
  auto store = open_duckdb_store(options);
  EXPECT_TRUE(store) << store.error().message;
  return store ? *std::move(store) : nullptr;
}

void fill(TrafficRecord& record, const std::vector<Text>& texts) {
  record.reset("");
  for (const Text& t : texts) record.set_copy(t.field, t.text);
  Misfit misfit{};
  EXPECT_TRUE(decode_key_columns(record, misfit)) << info(misfit.field).log_name;
}

const std::vector<Text> kPlain = {{Field::ReceiveTime, "2026/03/10 10:00:05"},
                                  {Field::Serial, "013201030824"},
                                  {Field::Subtype, "end"},
                                  {Field::Src, "10.1.1.1"},
                                  {Field::Dst, "2001:db8::1"},
                                  {Field::Natsrc, "0.0.0.0"},
                                  {Field::Rule, "Web, out"},
                                  {Field::App, "ssl"},
                                  {Field::Sport, "51515"},
                                  {Field::Dport, "443"},
                                  {Field::Flags, "0x400000"},
                                  {Field::Proto, "tcp"},
                                  {Field::Action, "allow"},
                                  {Field::Bytes, "1532"},
                                  {Field::Seqno, "18446744073709551615"},
                                  {Field::SessionEndReason, "tcp-fin"},
                                  {Field::HighResTimestamp, "2026-03-10T10:00:05.128+01:00"}};

std::vector<std::string> texts_of(const TrafficRecord& record) {
  std::vector<std::string> texts;
  for (const FieldInfo& f : kFields)
    if (record.has(f.value))
      texts.push_back(std::string(f.log_name) + "=" + std::string(record.text(f.value)));
  for (const auto& extra : record.extras)
    texts.push_back(std::string(extra.name) + "=" + std::string(extra.value));
  return texts;
}

TEST(DuckdbStore, GivesARowBackAsItWas) {
  const Folder folder;
  const auto store = open_in(folder, true);
  TrafficRecord record;
  fill(record, kPlain);
  record.raw = "the line";
  Verdict verdict;
  verdict.final_action = FinalAction::Blocked;
  verdict.reason_code = ReasonCode::BlockedByThreat;
  verdict.add_evidence(Field::DstAdvDevId);
  verdict.add_evidence(Field::Domain);
  verdict.add(Contradiction::AllowWithThreat);
  ASSERT_EQ(store->add(record, verdict, {77, 3}, {}), 1u);
  ASSERT_TRUE(store->commit({}));
  std::size_t seen = 0;
  ASSERT_TRUE(store->read_rows({}, {}, [&](StoredRow& row) {
    ++seen;
    EXPECT_EQ(texts_of(row.record), texts_of(record));
    EXPECT_EQ(row.id, 1u);
    EXPECT_EQ(row.received_micros, 77);
    EXPECT_EQ(row.raw, "the line");
    EXPECT_EQ(row.verdict.final_action, FinalAction::Blocked);
    EXPECT_EQ(row.verdict.reason_code, ReasonCode::BlockedByThreat);
    EXPECT_EQ(row.verdict.evidence, verdict.evidence);
    EXPECT_EQ(row.verdict.contradictions, verdict.contradictions);
    EXPECT_EQ(row.time_micros, parse_time("2026-03-10T09:00:05.128Z")->civil.micros);
    return true;
  }));
  EXPECT_EQ(seen, 1u);
}

TEST(DuckdbStore, TextsThatAColumnCannotHoldComeBackAsTheyWere) {
  const Folder folder;
  const auto store = open_in(folder);
  TrafficRecord record;
  std::vector<Text> odd = kPlain;
  odd.push_back({Field::Action, "drop ICMP"});
  odd.push_back({Field::Src, "010.001.001.001"});
  odd.push_back({Field::Bytes, "0001532"});
  odd.push_back({Field::Start, "9/16/19 10:00"});
  odd.push_back({Field::SessionEndReason, "from-the-future"});
  odd.push_back({Field::Rule, "quote \" back\\slash \x01 bad\xff\xc3(utf"});
  odd.push_back({Field::Repeatcnt, "0"});
  odd.push_back({Field::Natdport, "70000"});
  fill(record, odd);
  record.extras.push_back({"column_131", "x\xff\"y"});
  ASSERT_TRUE(store->add(record, {}, {}, {}));
  ASSERT_TRUE(store->commit({}));
  ASSERT_TRUE(store->read_rows({}, {}, [&](StoredRow& row) {
    EXPECT_EQ(texts_of(row.record), texts_of(record));
    EXPECT_EQ(row.record.action, Action::DropIcmp);
    return true;
  }));
}

TEST(DuckdbStore, RowsAndStateAreKeptTogetherOrNotAtAll) {
  const Folder folder;
  TrafficRecord record;
  fill(record, kPlain);
  {
    const auto store = open_in(folder);
    ASSERT_TRUE(store->add(record, {}, {}, {}));
    ASSERT_TRUE(store->commit({{"position", 41}}));
    ASSERT_TRUE(store->add(record, {}, {}, {}));  // never committed
  }
  const auto store = open_in(folder);
  const auto count = store->query("SELECT count(*) FROM traffic", {});
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(std::get<std::int64_t>(count->rows[0][0]), 1);
  const auto state = store->state();
  ASSERT_TRUE(state);
  EXPECT_EQ((*state)[1], (std::pair<std::string, std::uint64_t>("position", 41)));
  EXPECT_EQ(store->next_id(), 2u);
}

TEST(DuckdbStore, WhatIsRolledBackIsNotThereAndItsNumbersComeAgain) {
  const Folder folder;
  const auto store = open_in(folder);
  TrafficRecord record;
  fill(record, kPlain);
  ASSERT_EQ(store->add(record, {}, {}, {}), 1u);
  store->roll_back();
  EXPECT_EQ(store->add(record, {}, {}, {}), 1u);
  ASSERT_TRUE(store->commit({}));
  const auto rules = store->query("SELECT rule, app FROM traffic", {});
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->rows.size(), 1u);
  EXPECT_EQ(std::get<std::string>(rules->rows[0][0]), "Web, out");
}

TEST(DuckdbStore, TheViewShowsWhatTheLogShows) {
  const Folder folder;
  const auto store = open_in(folder);
  TrafficRecord record;
  fill(record, kPlain);
  Verdict verdict;
  verdict.add(Contradiction::AllowWithThreat);
  ASSERT_TRUE(store->add(record, verdict, {}, {}));
  ASSERT_TRUE(store->commit({}));
  const auto row = store->query(
      "SELECT src, dst, proto, action, session_end_reason, contradictions::VARCHAR, time FROM "
      "traffic",
      {});
  ASSERT_TRUE(row) << row.error().message;
  const auto text = [&](std::size_t i) { return std::get<std::string>(row->rows[0][i]); };
  EXPECT_EQ(text(0), "10.1.1.1");
  EXPECT_EQ(text(1), "2001:db8:0:0:0:0:0:1");
  EXPECT_EQ(text(2), "tcp");
  EXPECT_EQ(text(3), "allow");
  EXPECT_EQ(text(4), "tcp-fin");
  EXPECT_EQ(text(5), "[allow-with-threat]");
  EXPECT_EQ(text(6), "2026-03-10T09:00:05.128000Z");
}

TEST(DuckdbStore, AStatementOfAUserOnlyReads) {
  const Folder folder;
  const auto store = open_in(folder);
  QueryLimits limits;
  limits.one_select = true;
  for (const char* sql :
       {"DELETE FROM traffic_rows", "SELECT 1; SELECT 2", "COPY traffic TO '/tmp/x'",
        "EXPLAIN ANALYZE DELETE FROM traffic_rows", "ATTACH '/tmp/y'", "SET threads = 1", ""})
    EXPECT_FALSE(store->query(sql, limits)) << sql;
  EXPECT_TRUE(store->query("WITH a AS (SELECT 1 AS x) SELECT x FROM a", limits));
  EXPECT_TRUE(store->query("FROM traffic SELECT src", limits));
}

TEST(DuckdbStore, AQueryThatTakesTooLongIsStopped) {
  const Folder folder;
  const auto store = open_in(folder);
  QueryLimits limits;
  limits.time = std::chrono::milliseconds(100);
  const auto answer = store->query(
      "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range * b.range = 7",
      limits);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("was stopped"), std::string::npos)
      << answer.error().message;
}

TEST(DuckdbStore, ASecondOneOnTheSameFolderIsRefusedWithTheRemedy) {
  const Folder folder;
  const auto store = open_in(folder);
  ChildProcess second(this_program_with_test("DuckdbStore.DISABLED_TheSecondOne"),
                      {"ER_FOLDER=" + folder.path()});
  EXPECT_EQ(second.wait(), 0);
}

// Runs in the process that the test above starts.
TEST(DuckdbStore, DISABLED_TheSecondOne) {
  const char* folder = std::getenv("ER_FOLDER");
  ASSERT_NE(folder, nullptr);
  StoreOptions options;
  options.folder = folder;
  const auto second = open_duckdb_store(options);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another process"), std::string::npos)
      << second.error().message;
}

TEST(OddTexts, AnyBytesComeBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  all += "\xe2\x82\xac";
  EXPECT_EQ(as_bytes(as_utf8_text(all)), all);
  EXPECT_TRUE(is_utf8_text(as_utf8_text(all)));
  std::string object;
  append_odd(object, "a\"b", all.substr(0, 128));
  append_odd(object, "c", "");
  object += '}';
  std::vector<std::pair<std::string, std::string>> seen;
  EXPECT_TRUE(read_odd(object, [&](auto name, auto text) { seen.emplace_back(name, text); }));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].first, "a\"b");
  EXPECT_EQ(seen[0].second, all.substr(0, 128));
}

}  // namespace
}  // namespace endreason
