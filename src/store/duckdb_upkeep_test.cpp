// SPDX-License-Identifier: Apache-2.0
// Roll-ups say what the rows say, whatever was rolled up already and whatever was removed.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <span>

#include <fmt/format.h>

#include "store/rollups.hpp"
#include "store/store.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kSecond = 1'000'000, kMinute = 60 * kSecond, kHour = 60 * kMinute;
constexpr std::int64_t kBegin = 1'773'136'805 * kSecond;  // 2026-03-10T10:00:05Z

class UpkeepTest : public testing::Test {
 protected:
  UpkeepTest() {
    std::string name = std::filesystem::temp_directory_path() / "endreason-upkeep-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    open();
  }
  ~UpkeepTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open() {
    store_.reset();
    StoreOptions options;
    options.folder = folder_;
    options.threads = 1;
    options.window_rows = 50;
    options.rollup_rows = rollup_rows_;
    auto store = open_duckdb_store(options);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }

  // Rows a few seconds apart, of all kinds that an overview looks at.
  void add_rows(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const unsigned dice = (made_ * 2654435761U) >> 8;
      TrafficRecord record;
      record.reset("");
      record.set_copy(Field::Src, fmt::format("10.0.0.{}", dice % 7));
      const unsigned host = dice / 7 % 200;
      record.set_copy(Field::Dst,
                      fmt::format("192.0.2.{}", skewed_ ? host * host * host / 40'000 : host));
      record.set_copy(Field::Dport, dice % 3 == 0 ? "443" : "80");
      record.set_copy(Field::Proto, "tcp");
      record.set_copy(Field::Rule, fmt::format("rule {}", dice % 5));
      record.set_copy(Field::App, dice % 2 == 0 ? "ssl" : "dns");
      record.set_copy(Field::Action, dice % 11 == 0 ? "deny" : "allow");
      record.set_copy(Field::Subtype, dice % 13 == 0 ? "start" : "end");
      record.set_copy(Field::Bytes, std::to_string(dice % 100'000));
      Misfit misfit{};
      ASSERT_TRUE(decode_key_columns(record, misfit));
      Verdict verdict;
      verdict.final_action = dice % 11 == 0   ? FinalAction::Blocked
                             : dice % 17 == 0 ? FinalAction::Undetermined
                                              : FinalAction::Allowed;
      verdict.outcome = dice % 4 == 0 ? Outcome::Failed : Outcome::Succeeded;
      verdict.reason_code = static_cast<ReasonCode>(dice % 6);
      if (dice % 19 == 0) verdict.add(Contradiction::AllowWithThreat);
      // Rows without a time of their own have the one when they were received.
      const std::int64_t received = kBegin + made_ * spacing_ + dice % 1000;
      ASSERT_TRUE(store_->add(record, verdict, {received, 0}, {}));
      ++made_;
    }
    ASSERT_TRUE(store_->commit({}));
  }

  static std::string told(const OverviewAnswer& a) {
    std::string out =
        fmt::format("{} {} {} {}\n", a.from, a.to, a.step_seconds, a.first_step_seconds);
    const auto sums = [&](const RowSums& s) {
      out += fmt::format(" {}/{}/{}", s.rows, s.sessions, s.bytes);
    };
    for (const auto& s : a.steps)
      out += fmt::format("{} {} {} {} {}\n", s.allowed, s.allowed_failed, s.blocked, s.undetermined,
                         s.bytes);
    const auto totals = [&](const OverviewTotals& t) {
      sums(t.all);
      sums(t.blocked_though_allowed);
      sums(t.contradictions);
      for (const auto& [key, s] : t.by_decision) {
        out += key.first + key.second;
        sums(s);
      }
      for (const auto& [key, s] : t.by_outcome) {
        out += key.first + key.second;
        sums(s);
      }
    };
    const auto ranked = [&](const std::vector<RankedValue>& values) {
      for (const auto& v : values)
        out += fmt::format("\n{} {} {} {} {}", v.name, v.sums.sessions, v.sums.bytes,
                           v.final_action, v.outcome);
      out += "\n--";
    };
    totals(a.now);
    if (a.before) totals(*a.before);
    ranked(a.reasons);
    ranked(a.reasons_before);
    for (const auto& values : a.blocked) ranked(values);
    for (const auto& values : a.allowed_but_failed) ranked(values);
    for (const auto& values : a.compared) ranked(values);
    for (const auto& values : a.compared_before) ranked(values);
    for (const auto& s : a.failing_servers) {
      out += fmt::format("\n{} {} {} {} from {}", s.dst, s.proto, s.dport.value_or(0),
                         s.reason_code, s.sources);
      sums(s.sums);
    }
    for (const auto& r : a.blocking_rules) {
      out += "\n" + r.rule + r.reason_code;
      sums(r.sums);
    }
    for (const auto& h : a.scanning_hosts) {
      out += fmt::format("\n{} {}", h.src, h.targets);
      sums(h.sums);
    }
    return out;
  }

  // A condition that is always true keeps roll-ups from being used.
  void expect_rollups_say_what_rows_say(const char* when, std::size_t periods_looked_at = 3) {
    using Time = std::optional<std::int64_t>;
    const std::pair<Time, Time> periods[] = {
        {{}, {}},
        {kBegin + 47 * kMinute + 3, {}},
        {kBegin + kHour - kMinute, kBegin + kHour + 12 * kMinute},
        {{}, kBegin + 2 * kHour + 17},
        {kBegin + 25 * kMinute, kBegin + 95 * kMinute + 1},
        {kBegin + kHour, kBegin + kHour + 3 * kMinute},  // within one unit
        {kBegin - kHour, kBegin + 100 * kHour}};
    for (const auto& [from, to] : std::span(periods).first(periods_looked_at)) {
      const auto rolled = store_->overview({{{}, from, to}, kBegin}, {});
      const auto rows = store_->overview({{"TRUE", from, to}, kBegin}, {});
      ASSERT_TRUE(rolled && rows) << when << (rolled ? rows : rolled).error().message;
      EXPECT_EQ(told(*rolled), told(*rows)) << when;
    }
  }

  std::int64_t number(const std::string& sql) {
    const auto table = store_->query(sql, {});
    EXPECT_TRUE(table) << table.error().message;
    if (!table || table->rows.empty()) return -1;
    const Cell& cell = table->rows[0][0];
    if (const auto* u = std::get_if<std::uint64_t>(&cell)) return static_cast<std::int64_t>(*u);
    return std::holds_alternative<std::int64_t>(cell) ? std::get<std::int64_t>(cell) : -1;
  }
  void roll_up_all() {
    while (true) {
      const auto more = store_->maintain(true);
      ASSERT_TRUE(more) << more.error().message;
      if (!*more) break;
    }
    EXPECT_EQ(store_->rows_behind(), 0u);
  }

  std::string folder_;
  std::unique_ptr<Store> store_;
  unsigned made_ = 0;
  std::uint64_t rollup_rows_ = 983'040;
  std::int64_t spacing_ = 7 * kSecond;
  bool skewed_ = false;  // few destinations have most rows
};

TEST_F(UpkeepTest, RollUpsAndTheRowsBehindThemAreEverything) {
  expect_rollups_say_what_rows_say("nothing stored");
  add_rows(900);
  expect_rollups_say_what_rows_say("nothing rolled up");
  roll_up_all();
  expect_rollups_say_what_rows_say("all rolled up");
  add_rows(600);
  EXPECT_EQ(store_->rows_behind(), 600u);
  expect_rollups_say_what_rows_say("some rolled up", 7);
  open();
  EXPECT_EQ(store_->rows_behind(), 600u);
  roll_up_all();
  expect_rollups_say_what_rows_say("in two parts");
  EXPECT_EQ(number("SELECT sum(n)::BIGINT FROM verdict_sums"), 1500);
}

// Hours and days of rows, in many small batches.
TEST_F(UpkeepTest, LevelsOfRollUpsSayTheSame) {
  rollup_rows_ = 64;
  spacing_ = 61 * kSecond;
  open();
  for (unsigned part = 0; part < 12; ++part) {
    add_rows(230);
    while (true) {
      const auto more = store_->maintain(false);
      ASSERT_TRUE(more) << more.error().message;
      if (!*more) break;
    }
  }
  EXPECT_EQ(number("SELECT count(DISTINCT batch) FROM rule_sums"), 43);
  EXPECT_EQ(number("SELECT count(DISTINCT batch) FROM rule_sums_by_hour"), 5);
  EXPECT_EQ(number("SELECT count(DISTINCT batch) FROM rule_sums_by_day"), 1);
  EXPECT_LT(number("SELECT count(*) FROM rule_sums_by_day"),
            number("SELECT count(*) FROM rule_sums") / 4);
  expect_rollups_say_what_rows_say("in levels", 5);
  ASSERT_TRUE(store_->remove_before(kBegin + 27 * kHour + 7 * kMinute + 3));
  expect_rollups_say_what_rows_say("in levels, old rows removed", 3);
  add_rows(100);
  roll_up_all();
  expect_rollups_say_what_rows_say("in levels, all rolled up", 3);
  for (const char* table : {"verdict_sums", "rule_sums"})
    EXPECT_EQ(number(fmt::format("SELECT sum(n)::BIGINT FROM {}", table)),
              number("SELECT count(*) FROM traffic_rows"));
}

// Only destinations that can be among the first are added up then.
TEST_F(UpkeepTest, WhatLeadsIsFoundAmongMany) {
  skewed_ = true;
  spacing_ = kSecond / 100;
  add_rows(5000);
  roll_up_all();
  expect_rollups_say_what_rows_say("all rolled up", 1);
  add_rows(700);
  expect_rollups_say_what_rows_say("some rolled up", 1);
  spacing_ = kMinute / 10;
  add_rows(300);
  roll_up_all();
  expect_rollups_say_what_rows_say("many units", 7);
}

TEST_F(UpkeepTest, FewRowsAreRolledUpWhenNobodyElseWorks) {
  add_rows(10);
  const auto busy = store_->maintain(false);
  ASSERT_TRUE(busy);
  EXPECT_FALSE(*busy);
  const auto idle = store_->maintain(true);
  ASSERT_TRUE(idle);
  EXPECT_TRUE(*idle);
}

// Page by page in windows of few rows, rolled up or not, against one query.
TEST_F(UpkeepTest, PagesGiveEveryRowOnceInOrder) {
  add_rows(700);
  roll_up_all();
  add_rows(300);
  using Order = RowsQuestion::Order;
  for (const auto order : {Order::NewestFirst, Order::OldestFirst}) {
    for (const std::string condition : {"", "r.dport = 443", "r.bytes % 97 = 5", "FALSE"}) {
      const char* const by = order == Order::NewestFirst ? "time DESC, id DESC" : "time, id";
      const std::int64_t from = kBegin + 9 * kMinute;
      const auto expected = store_->query(
          fmt::format("SELECT id FROM traffic_rows r WHERE {} AND time >= make_timestamp({}) ORDER "
                      "BY {}",
                      condition.empty() ? "TRUE" : condition, from, by),
          {});
      ASSERT_TRUE(expected) << expected.error().message;
      std::vector<std::int64_t> ids, seen;
      for (const auto& row : expected->rows) ids.push_back(std::get<std::int64_t>(row[0]));
      RowsQuestion question{{condition, from, {}}, {}, {}, order, {}, 37};
      for (std::size_t before = 1; before != seen.size();) {
        before = seen.size();
        const auto read = store_->read_rows(question, {}, [&](StoredRow& row) {
          seen.push_back(static_cast<std::int64_t>(row.id));
          question.behind = RowsQuestion::Place{row.time_micros, row.id};
          return true;
        });
        ASSERT_TRUE(read) << read.error().message;
      }
      EXPECT_EQ(seen, ids) << condition;
    }
  }
  const auto counted = store_->count({{}, kBegin + kHour + 5, kBegin + 90 * kMinute}, {});
  const auto rows = store_->count({"TRUE", kBegin + kHour + 5, kBegin + 90 * kMinute}, {});
  ASSERT_TRUE(counted && rows);
  EXPECT_EQ(*counted, *rows);
}

TEST_F(UpkeepTest, OldRowsGoFromTheRollUpsToo) {
  add_rows(1000);
  roll_up_all();
  add_rows(500);
  for (const std::int64_t cut :
       {kBegin + 33 * kMinute + 7, kBegin - kBegin % (10 * kMinute) + kHour,
        kBegin + 2 * kHour + kSecond}) {
    const std::int64_t rows = number(
        fmt::format("SELECT count(*) FROM traffic_rows WHERE time < make_timestamp({})", cut));
    EXPECT_GT(rows, 0);
    const auto removed = store_->remove_before(cut);
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(static_cast<std::int64_t>(*removed), rows);
    expect_rollups_say_what_rows_say("old rows removed");
  }
  roll_up_all();
  expect_rollups_say_what_rows_say("the rest rolled up");
  EXPECT_EQ(number("SELECT sum(n)::BIGINT FROM verdict_sums"),
            number("SELECT count(*) FROM traffic_rows"));
}

// The database gives back whole groups of 122,880 rows, so there have to be some.
TEST_F(UpkeepTest, WhatIsTooMuchIsRemovedOldestFirstAndItsSpaceGivenBack) {
  constexpr unsigned kRows = 400'000;
  spacing_ = kSecond / 100;
  add_rows(kRows);
  roll_up_all();
  ASSERT_TRUE(store_->query("CHECKPOINT", {}));
  const char* const used =
      "SELECT sum(block_size * used_blocks)::BIGINT FROM pragma_database_size() WHERE "
      "database_name = current_database()";
  const std::int64_t before = number(used);
  const auto removed = store_->remove_beyond(static_cast<std::uint64_t>(before) / 2);
  ASSERT_TRUE(removed) << removed.error().message;
  const std::int64_t left = number("SELECT count(*) FROM traffic_rows");
  EXPECT_EQ(left + static_cast<std::int64_t>(*removed), kRows);
  EXPECT_NEAR(static_cast<double>(left), kRows * 0.45, kRows * 0.05);
  EXPECT_EQ(number("SELECT min(id) FROM traffic_rows"), kRows + 1 - left);
  EXPECT_EQ(number("SELECT sum(n)::BIGINT FROM verdict_sums"), left);
  ASSERT_TRUE(store_->maintain(true));
  EXPECT_LT(number(used), before);
  const auto enough = store_->remove_beyond(static_cast<std::uint64_t>(before));
  ASSERT_TRUE(enough);
  EXPECT_EQ(*enough, 0u);
}

TEST_F(UpkeepTest, AFolderOfTheVersionBeforeGetsItsRollUps) {
  add_rows(300);
  for (const std::string& statement : drop_rollups()) ASSERT_TRUE(store_->query(statement, {}));
  ASSERT_TRUE(store_->query("UPDATE store_state SET value = 1 WHERE name = 'schema_version'", {}));
  open();
  EXPECT_EQ(store_->rows_behind(), 300u);
  expect_rollups_say_what_rows_say("opened");
  roll_up_all();
  expect_rollups_say_what_rows_say("rolled up");
  EXPECT_EQ(number("SELECT value FROM store_state WHERE name = 'schema_version'"), 3);
}

}  // namespace
}  // namespace endreason
