// SPDX-License-Identifier: Apache-2.0
// Both stores with the same rows, asked the same questions, give equal answers. A real ClickHouse,
// which the test starts; skipped, saying so, where there is none.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "ingest/clickhouse_for_test.hpp"
#include "ingest/explain_run.hpp"
#include "ingest/stored_rows_for_test.hpp"
#include "model/engine_facts_text.hpp"
#include "query/filter_sql.hpp"
#include "store/store.hpp"

namespace endreason {
namespace {

// What the session engine would know of a row.
std::string engine_facts_for_test() {
  EngineFacts facts;
  facts.ended = facts.staged = facts.established = true;
  facts.conn_state = ConnState::SF;
  facts.flow_end_reason = FlowEndReason::EndDetected;
  facts.texts[static_cast<std::size_t>(EngineColumn::CommunityId)] =
      "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
  facts.texts[static_cast<std::size_t>(EngineColumn::History)] = "ShADadFf";
  std::string word;
  append_engine_facts(word, facts);
  return word;
}

// Rows go to several stores at once, some of them as if the session engine had made them.
class ManyStoresSink final : public RecordSink {
 public:
  ManyStoresSink(std::vector<Store*> stores, const RecordClock& clock, std::uint64_t& rows)
      : stores_(std::move(stores)), clock_(clock), rows_(rows) {
    EXPECT_TRUE(facts_.read(engine_facts_for_test()));
  }
  void add(const TrafficRecord& as_read, const Verdict& verdict, std::string&) override {
    ++rows_;
    TrafficRecord record = as_read;
    if (rows_ % 9 == 0) record.engine = &facts_.facts();
    for (Store* store : stores_) {
      const RowOrigin origin{1'700'000'000'000'000 + static_cast<std::int64_t>(rows_) * 1000, 0,
                             "tcp 10.0.0.9"};
      const auto id = store->add(record, verdict, origin, clock_);
      ASSERT_TRUE(id) << id.error().message;
      ASSERT_EQ(*id, store->next_id() - 1);
    }
  }

 private:
  std::vector<Store*> stores_;
  const RecordClock& clock_;
  std::uint64_t& rows_;
  ReadEngineFacts facts_;
};

template <class T>
std::string text_of_all(const T& values, std::string (*text)(const typename T::value_type&)) {
  std::string all;
  for (const auto& value : values) all += text(value) + "\n";
  return all;
}

std::string sums_text(const RowSums& s, bool rows = true) {
  return (rows ? std::to_string(s.rows) + " rows " : std::string()) + std::to_string(s.sessions) +
         " sessions " + std::to_string(s.bytes) + " bytes";
}
std::string ranked_text(const RankedValue& v) {
  return v.name + " " + v.final_action + " " + v.outcome + ": " + sums_text(v.sums, false);
}
std::string server_text(const OverviewAnswer::FailingServer& s) {
  return s.dst + " " + s.proto + " " + (s.dport ? std::to_string(*s.dport) : "-") + " " +
         s.reason_code + " " + std::to_string(s.sources) + " " + sums_text(s.sums);
}
std::string rule_text(const OverviewAnswer::BlockingRule& r) {
  return r.rule + " " + r.reason_code + " " + sums_text(r.sums);
}
std::string host_text(const OverviewAnswer::ScanningHost& h) {
  return h.src + " " + std::to_string(h.targets) + " " + sums_text(h.sums);
}
std::string totals_text(const OverviewTotals& t) {
  std::string all = sums_text(t.all) + " though " + sums_text(t.blocked_though_allowed) +
                    " contradict " + sums_text(t.contradictions) + "\n";
  for (const auto* part : {&t.by_decision, &t.by_outcome})
    for (const auto& [key, sums] : *part)
      all += key.first + " " + key.second + ": " + sums_text(sums) + "\n";
  return all;
}
std::string overview_text(const OverviewAnswer& a) {
  std::string all = std::to_string(a.from) + " to " + std::to_string(a.to) + " by " +
                    std::to_string(a.step_seconds) + " from " +
                    std::to_string(a.first_step_seconds) + "\n" + totals_text(a.now);
  for (const auto& s : a.steps)
    all += std::to_string(s.allowed) + " " + std::to_string(s.allowed_failed) + " " +
           std::to_string(s.blocked) + " " + std::to_string(s.undetermined) + " " +
           std::to_string(s.bytes) + "\n";
  if (a.before) all += "before " + totals_text(*a.before);
  all += "reasons\n" + text_of_all(a.reasons, ranked_text);
  for (const auto* side : {&a.blocked, &a.allowed_but_failed})
    for (const auto& ranked : *side) all += "ranked\n" + text_of_all(ranked, ranked_text);
  all += "reasons before\n" + text_of_all(a.reasons_before, ranked_text);
  for (std::size_t i = 0; i < a.compared.size(); ++i)
    all += "compared\n" + text_of_all(a.compared[i], ranked_text) + "with\n" +
           text_of_all(a.compared_before[i], ranked_text);
  return all + "servers\n" + text_of_all(a.failing_servers, server_text) + "rules\n" +
         text_of_all(a.blocking_rules, rule_text) + "hosts\n" +
         text_of_all(a.scanning_hosts, host_text);
}

// A row as whoever reads it sees it.
std::string row_text(const StoredRow& row) {
  std::string all = std::to_string(row.id) + " " + std::to_string(row.time_micros) + " " +
                    std::to_string(row.received_micros) + " " + std::to_string(row.time_known) +
                    " " + row.raw;
  for (const FieldInfo& f : kFields) all += "|" + std::string(row.record.text(f.value));
  for (const auto& extra : row.record.extras)
    all += "|" + std::string(extra.name) + "=" + std::string(extra.value);
  if (row.record.engine != nullptr) append_engine_facts(all, *row.record.engine);
  const Verdict& v = row.verdict;
  all += "|" + std::string(log_name(v.final_action)) + "|" + std::string(log_name(v.reason_code)) +
         "|" + std::string(log_name(v.outcome)) + "|" + std::to_string(v.contradictions) + "|" +
         std::to_string(v.provisional) + "|" + std::to_string(row.record.partial);
  for (std::size_t i = 0; i < v.evidence_count; ++i)
    all += "|" + std::to_string(index_of(v.evidence[i]));
  return all;
}

// Hosts that try many targets in several days, each some of them twice; two have equally many.
std::string sweeps_for_test() {
  constexpr unsigned kTargets[] = {99, 130, 170, 150, 170};
  std::string lines;
  for (unsigned host = 0; host < std::size(kTargets); ++host)
    for (unsigned i = 0; i < kTargets[host] * 3 / 2; ++i) {
      const unsigned target = i % kTargets[host];
      lines += fmt::format(
          "1,2026/03/{0} 10:{1:02}:00,0123456789,TRAFFIC,deny,2561,2026/03/{0} 10:{1:02}:00,"
          "10.77.0.{2},10.78.{3}.{4},0.0.0.0,0.0.0.0,rule {5},,,not-applicable,vsys1,trust,dmz,"
          "ethernet1/1,ethernet1/2,log,2026/03/{0} 10:{1:02}:00,{6},1,{7},{8},0,0,0,0x0,tcp,deny,"
          "100,100,0,1,2026/03/{0} 10:{1:02}:00,0,any,0,{6},0x0,10.0.0.0-10.255.255.255,"
          "10.0.0.0-10.255.255.255,0,1,0,policy-deny\n",
          10 + i % 3, i % 60, host, target / 200, target % 200, host % 2, 900'000 + host * 1000 + i,
          1024 + i, target % 2 == 0 ? 22 : 23);
    }
  return lines;
}

class StoreSuite : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new ClickhouseForTest;
    folder_ = std::filesystem::temp_directory_path() / "endreason-suite-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    if (server_->address().empty()) return;
    std::ofstream(folder_ + "/odd.log") << kOddLinesForTest << sweeps_for_test();
    options_.export_folder = folder_ + "/export";
    std::filesystem::create_directories(options_.export_folder);
    options_.folder = folder_ + "/duckdb";
    options_.keep_raw = true;
    auto duckdb = open_duckdb_store(options_);
    ASSERT_TRUE(duckdb) << duckdb.error().message;
    duckdb_ = std::move(*duckdb).release();
    options_.folder = folder_ + "/clickhouse";
    options_.clickhouse = server_->address();
    options_.rollup_quiet_seconds = 0;
    auto clickhouse = open_clickhouse_store(options_);
    ASSERT_TRUE(clickhouse) << clickhouse.error().message;
    clickhouse_ = std::move(*clickhouse).release();
    fill();
  }

  static void fill() {
    ExplainPlan plan;
    plan.inputs = inputs_for_test(folder_ + "/odd.log");
    plan.clock.set_default_zone(*TimeZone::named("Europe/Berlin"));
    plan.make_sink = [&](unsigned) {
      return std::make_unique<ManyStoresSink>(std::vector<Store*>{duckdb_, clickhouse_}, plan.clock,
                                              rows_);
    };
    plan.write_output = plan.write_rejects = [](std::string_view) { return true; };
    plan.message = [](std::string_view) {};
    run_explain(plan);
    for (Store* store : {duckdb_, clickhouse_}) {
      ASSERT_TRUE(store->add_sender(0, "tcp 10.0.0.9"));
      const auto done = store->commit({{"spool_offset", 7}});
      ASSERT_TRUE(done) << done.error().message;
    }
  }

  static void TearDownTestSuite() {
    delete duckdb_;
    delete clickhouse_;
    delete server_;
    std::filesystem::remove_all(folder_);
  }

  void SetUp() override { server_->skip_without(); }

  static RowScope scope(Store* store, std::string_view filter) {
    RowScope scope;
    if (!filter.empty())
      scope.condition = filter_sql(Filter::parse(filter)->tree(), store->dialect());
    return scope;
  }

  // The same of both stores, as text.
  static void expect_equal(const std::string& what,
                           const std::function<Result<std::string>(Store&)>& question) {
    const auto duckdb = question(*duckdb_);
    const auto clickhouse = question(*clickhouse_);
    ASSERT_TRUE(duckdb) << what << "\n" << duckdb.error().message;
    ASSERT_TRUE(clickhouse) << what << "\n" << clickhouse.error().message;
    EXPECT_EQ(*duckdb, *clickhouse) << what;
  }

  static void expect_equal_overviews() {
    for (const std::string_view filter : {"", "app neq ssl", "final_action eq blocked"}) {
      expect_equal("overview of " + std::string(filter), [&](Store& s) -> Result<std::string> {
        const auto answer = s.overview({scope(&s, filter), 1'800'000'000'000'000}, {});
        if (!answer) return tl::unexpected(answer.error());
        return overview_text(*answer);
      });
    }
    const auto span = duckdb_->span({});
    ASSERT_TRUE(span && span->first);
    const std::int64_t middle = *span->first + (*span->last - *span->first) / 2;
    constexpr std::int64_t kMinute = 60'000'000, kSweeps = 1'773'100'800'000'000;  // 2026-03-10
    const std::pair<std::int64_t, std::int64_t> parts[] = {
        {middle, *span->last},
        {*span->last - 60 * kMinute, *span->last},
        // Whole days and whole hours, and ends that cut both.
        {kSweeps, kSweeps + 2 * 1440 * kMinute},
        {kSweeps + 540 * kMinute, kSweeps + (1440 + 600) * kMinute},
        {kSweeps + 570 * kMinute, kSweeps + (2880 + 590) * kMinute},
        {kSweeps + 555 * kMinute + 1, kSweeps + 580 * kMinute}};
    for (const auto& span_of_part : parts) {
      expect_equal("overview of a part", [&](Store& s) -> Result<std::string> {
        RowScope part = scope(&s, "");
        std::tie(part.from, part.to) = span_of_part;
        const auto answer = s.overview({part, 1'800'000'000'000'000}, {});
        if (!answer) return tl::unexpected(answer.error());
        return overview_text(*answer);
      });
    }
  }

  static Result<std::string> rows_text(Store& store, const RowsQuestion& question) {
    std::string all;
    const auto read = store.read_rows(question, {}, [&](StoredRow& row) {
      all += row_text(row) + "\n";
      return true;
    });
    if (!read) return tl::unexpected(read.error());
    return all;
  }

  static inline ClickhouseForTest* server_ = nullptr;
  static inline Store* duckdb_ = nullptr;
  static inline Store* clickhouse_ = nullptr;
  static inline std::string folder_;
  static inline StoreOptions options_;
  static inline std::uint64_t rows_ = 0;
};

TEST_F(StoreSuite, RowsComeBackAsTheyWereInEveryOrderAndFromEveryPlace) {
  ASSERT_GT(rows_, 80u);
  using Order = RowsQuestion::Order;
  for (const Order order : {Order::NewestFirst, Order::OldestFirst, Order::AsStored}) {
    RowsQuestion question;
    question.order = order;
    expect_equal("all rows", [&](Store& s) { return rows_text(s, question); });
    question.most = 10;
    RowsQuestion::Place place;
    ASSERT_TRUE(duckdb_->read_rows(question, {}, [&](StoredRow& row) {
      place = {row.time_micros, row.id};
      return true;
    }));
    question.behind = place;
    expect_equal("the second page", [&](Store& s) { return rows_text(s, question); });
  }
  RowsQuestion one;
  one.id = 17;
  expect_equal("one row", [&](Store& s) { return rows_text(s, one); });
}

TEST_F(StoreSuite, RowsOfTheSessionEngineKeepWhatItKnew) {
  for (Store* store : {duckdb_, clickhouse_}) {
    std::uint64_t rows = 0;
    const auto read = store->read_rows({}, {}, [&](StoredRow& row) {
      if (row.record.engine == nullptr) return true;
      EXPECT_TRUE(row.record.engine->established);
      EXPECT_EQ(row.record.engine->text(EngineColumn::History), "ShADadFf");
      ++rows;
      return true;
    });
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(rows, rows_ / 9);
  }
}

TEST_F(StoreSuite, EveryFilterTakesTheSameRows) {
  std::size_t some = 0;
  for (const std::string_view filter : kFiltersForTest) {
    expect_equal(std::string(filter), [&](Store& s) -> Result<std::string> {
      RowsQuestion question;
      question.scope = scope(&s, filter);
      std::string ids;
      const auto read = s.read_rows(question, {}, [&](StoredRow& row) {
        ids += std::to_string(row.id) + " ";
        return true;
      });
      if (!read) return tl::unexpected(read.error());
      const auto count = s.count(question.scope, {});
      if (!count) return tl::unexpected(count.error());
      some += *count > 0 && *count < rows_;
      return ids + std::to_string(*count);
    });
  }
  EXPECT_GT(some, std::size(kFiltersForTest)) << "most filters should tell rows apart";
}

TEST_F(StoreSuite, TheOverviewIsTheSameOfRowsAndOfSums) {
  expect_equal_overviews();
  std::uint64_t days = 0;
  while (true) {
    const auto done = clickhouse_->maintain(true);
    ASSERT_TRUE(done) << done.error().message;
    if (!*done) break;
    ++days;
  }
  EXPECT_GT(days, 5u);
  expect_equal_overviews();
}

TEST_F(StoreSuite, GroupsAndCompletionsAreTheSame) {
  const std::vector<std::vector<GroupColumn>> by = {
      {{Field::App, {}}},
      {{Field::Rule, {}}, {std::nullopt, "final_action"}},
      {{Field::Src, {}}},
      {{Field::Action, {}}, {Field::SessionEndReason, {}}},
      {{Field::Proto, {}}, {Field::Dport, {}}},
      {{Field::Serial, {}}, {std::nullopt, "reason_code"}}};
  for (const auto& columns : by)
    expect_equal("groups", [&](Store& s) -> Result<std::string> {
      const auto groups = s.groups(scope(&s, "bytes geq 0"), columns, 1000, {});
      if (!groups) return tl::unexpected(groups.error());
      return text_of_all(
          *groups, +[](const GroupedRows& g) {
            std::string text;
            for (const auto& key : g.key) text += key.value_or("(none)") + " ";
            return text + sums_text(g.sums) + " " + std::to_string(g.blocked) + " " +
                   std::to_string(g.failed);
          });
    });
  for (const auto& asked : {std::pair{Field::App, "s"},
                            {Field::App, "S"},
                            {Field::Src, "10."},
                            {Field::Rule, ""},
                            {Field::Proto, "t"},
                            {Field::Dport, "4"},
                            {Field::Action, ""},
                            {Field::Src, ""}})
    expect_equal("completion", [&](Store& s) -> Result<std::string> {
      const auto texts = s.complete(scope(&s, ""), asked.first, asked.second, {});
      if (!texts) return tl::unexpected(texts.error());
      return text_of_all(
          *texts, +[](const std::string& t) { return t; });
    });
}

TEST_F(StoreSuite, WhatIsKnownOfFirewallsAndSendersIsTheSame) {
  expect_equal("devices", [](Store& s) -> Result<std::string> {
    const auto devices = s.devices({});
    if (!devices) return tl::unexpected(devices.error());
    std::vector<std::string> lines;
    for (const DeviceRows& d : *devices)
      lines.push_back(d.serial + " " + d.device_name + " " + d.format + " " +
                      std::to_string(d.version) + " " + std::to_string(d.rows) + " " +
                      std::to_string(d.sessions) + " " + std::to_string(d.first) + " " +
                      std::to_string(d.last) + " " + std::to_string(d.received));
    std::sort(lines.begin(), lines.end());
    return text_of_all(
        lines, +[](const std::string& t) { return t; });
  });
  expect_equal("lags", [](Store& s) -> Result<std::string> {
    const auto lags = s.device_lags(0, {});
    if (!lags) return tl::unexpected(lags.error());
    return text_of_all(
        *lags, +[](const DeviceLag& l) {
          return l.serial + " " + std::to_string(l.rows) + " " + std::to_string(l.lag_micros);
        });
  });
  expect_equal("span", [](Store& s) -> Result<std::string> {
    const auto span = s.span({});
    if (!span) return tl::unexpected(span.error());
    return std::to_string(span->rows) + " " + std::to_string(span->first.value_or(0)) + " " +
           std::to_string(span->last.value_or(0));
  });
  expect_equal("senders", [](Store& s) -> Result<std::string> {
    const auto senders = s.senders();
    if (!senders) return tl::unexpected(senders.error());
    return text_of_all(
        *senders, +[](const std::string& t) { return t; });
  });
  expect_equal("sequence numbers", [](Store& s) -> Result<std::string> {
    std::vector<std::string> all;
    const auto read = s.read_seqnos([&](std::string_view serial, std::string_view vsys,
                                        std::uint64_t seqno) {
      all.push_back(std::string(serial) + " " + std::string(vsys) + " " + std::to_string(seqno));
    });
    if (!read) return tl::unexpected(read.error());
    std::sort(all.begin(), all.end());
    return text_of_all(
        all, +[](const std::string& t) { return t; });
  });
}

TEST_F(StoreSuite, ParquetFilesHoldTheSame) {
  for (const auto& [store, name] : {std::pair{duckdb_, "duckdb"}, {clickhouse_, "clickhouse"}})
    for (const std::string_view filter : {"", "action eq deny"}) {
      const auto written = store->export_parquet(
          scope(store, filter),
          fmt::format("{}/{}{}.parquet", options_.export_folder, name, filter.size()), {});
      ASSERT_TRUE(written) << written.error().message;
    }
  for (const auto& [a, b, rows] : {std::tuple{"duckdb0", "clickhouse0", 0u},
                                   {"clickhouse0", "duckdb0", 0u},
                                   {"duckdb14", "clickhouse14", 0u},
                                   {"clickhouse0", "clickhouse14", 1u}}) {
    const auto others = duckdb_->query(
        fmt::format("SELECT * FROM '{0}/{1}.parquet' EXCEPT ALL SELECT * FROM '{0}/{2}.parquet'",
                    options_.export_folder, a, b),
        {});
    ASSERT_TRUE(others) << others.error().message;
    EXPECT_EQ(others->rows.empty(), rows == 0) << a << " without " << b;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(options_.export_folder), {}), 4)
      << "what the files were made of is gone";
}

TEST_F(StoreSuite, SqlOfUsersReadsTheViewAndNothingElse) {
  QueryLimits limits;
  limits.one_select = true;
  const auto answer = clickhouse_->query(
      "SELECT app, sum(sessions) AS s FROM traffic WHERE final_action = 'allowed' GROUP BY app "
      "ORDER BY s DESC, app;\n",
      limits);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_GT(answer->rows.size(), 3u);
  EXPECT_EQ(answer->columns.at(0).name, "app");
  EXPECT_TRUE(clickhouse_->query("SELECT src, dst, start FROM traffic LIMIT 1", limits));
  for (const char* sql :
       {"DROP TABLE traffic_rows", "INSERT INTO traffic_rows (id) VALUES (1)", "SELECT 1; SELECT 2",
        "SELECT * FROM url('http://127.0.0.1/', TSV, 'a String')",
        "SELECT * FROM `file` /**/ ('x')", "SELECT nonsense FROM traffic",
        "SELECT count() FROM traffic SETTINGS max_execution_time = 3600"}) {
    const auto refused = clickhouse_->query(sql, limits);
    EXPECT_FALSE(refused) << sql;
    if (!refused) EXPECT_EQ(refused.error().code, Error::Code::Input) << refused.error().message;
  }
}

}  // namespace
}  // namespace endreason
