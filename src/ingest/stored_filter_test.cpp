// SPDX-License-Identifier: Apache-2.0
// Filters mean the same to records and to the database: every filter here is run over the same rows
// in both ways, and the rows that it accepts have to be the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "ingest/explain_run.hpp"
#include "ingest/stored_rows_for_test.hpp"
#include "query/filter_sql.hpp"
#include "store/store.hpp"

namespace endreason {
namespace {

// Stores every record and keeps those that each filter accepts.
class StoringSink final : public RecordSink {
 public:
  StoringSink(Store& store, const std::vector<Filter>& filters,
              std::vector<std::set<std::uint64_t>>& accepted, const RecordClock& clock)
      : store_(store), filters_(filters), accepted_(accepted), clock_(clock) {}
  void add(const TrafficRecord& record, const Verdict& verdict, std::string&) override {
    const auto id = store_.add(record, verdict, {1'700'000'000'000'000, 0}, clock_);
    ASSERT_TRUE(id) << id.error().message;
    for (std::size_t i = 0; i < filters_.size(); ++i)
      if (filters_[i].matches(record, verdict, clock_)) accepted_[i].insert(*id);
  }

 private:
  Store& store_;
  const std::vector<Filter>& filters_;
  std::vector<std::set<std::uint64_t>>& accepted_;
  const RecordClock& clock_;
};

TEST(StoredFilter, MeansTheSameToTheDatabaseAsToRecords) {
  std::string folder = std::filesystem::temp_directory_path() / "endreason-filter-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/odd.log") << kOddLinesForTest;
  StoreOptions options;
  options.folder = folder + "/store";
  options.threads = 1;
  auto store = open_duckdb_store(options);
  ASSERT_TRUE(store) << store.error().message;

  std::vector<Filter> filters;
  for (const std::string_view text : kFiltersForTest) {
    auto filter = Filter::parse(text);
    ASSERT_TRUE(filter) << text << "\n" << filter.error().message;
    filters.push_back(*filter);
  }
  std::vector<std::set<std::uint64_t>> accepted(filters.size());
  ExplainPlan plan;
  plan.inputs = inputs_for_test(folder + "/odd.log");
  plan.clock.set_default_zone(*TimeZone::named("Europe/Berlin"));
  plan.make_sink = [&](unsigned) {
    return std::make_unique<StoringSink>(**store, filters, accepted, plan.clock);
  };
  plan.write_output = plan.write_rejects = [](std::string_view) { return true; };
  plan.message = [](std::string_view) {};
  const auto result = run_explain(plan);
  ASSERT_GT(result.accounting.traffic, 80u);
  ASSERT_TRUE((*store)->commit({}));

  std::size_t some = 0;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const std::string sql = filter_sql(filters[i].tree(), (*store)->dialect());
    QueryLimits limits;
    const auto rows =
        (*store)->query("SELECT id FROM traffic_rows r WHERE " + sql + " ORDER BY id", limits);
    ASSERT_TRUE(rows) << kFiltersForTest[i] << "\n" << sql << "\n" << rows.error().message;
    std::set<std::uint64_t> found;
    for (const auto& row : rows->rows)
      found.insert(static_cast<std::uint64_t>(std::get<std::int64_t>(row[0])));
    EXPECT_EQ(found, accepted[i]) << kFiltersForTest[i] << "\n" << sql;
    some += !found.empty() && found.size() < result.accounting.traffic;
  }
  EXPECT_GT(some, filters.size() / 2) << "most filters should tell rows apart";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace endreason
