// SPDX-License-Identifier: Apache-2.0
// Filters mean the same to records and to the database: every filter here is run over the same rows
// in both ways, and the rows that it accepts have to be the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/source_folder_for_test.hpp"
#include "ingest/explain_run.hpp"
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

constexpr std::string_view kFilters[] = {
    "addr.src in 10.0.0.0/8",
    "addr.src notin 10.0.0.0/8",
    "addr in ( 192.168.0.0/16 10.0.0.102 8.8.8.8 2001:db8::/32 )",
    "not ( addr.dst in 10.0.0.0-10.255.255.255 )",
    "natsrc eq 0.0.0.0",
    "natsrc neq 0.0.0.0",
    "xff_ip eq ''",
    "app eq ssl",
    "app neq ssl",
    "app eq incomplete",
    "app in ( incomplete not-applicable dns )",
    "app contains 'WEB'",
    "rule eq 'Permit All'",
    "rule neq ''",
    "rule contains 'ALLOW'",
    "srcuser eq ''",
    "srcuser contains user",
    "user.src neq ''",
    "from eq trust",
    "zone eq trust",
    "action eq allow",
    "action neq allow",
    "action in ( deny drop drop-icmp )",
    "action contains 'e'",
    "action eq ''",
    "session_end_reason eq aged-out",
    "session_end_reason neq aged-out",
    "session_end_reason eq ''",
    "session_end_reason contains 'tcp'",
    "subtype eq start",
    "subtype neq end",
    "action_source eq from-policy",
    "action_source eq ''",
    "type eq traffic",
    "proto eq tcp",
    "proto eq 17",
    "proto neq tcp",
    "port.dst eq 53",
    "port.dst leq 443",
    "port in 1-1024",
    "natdport geq 1",
    "natdport eq ''",
    "bytes geq 1000",
    "bytes lt 100",
    "bytes gt 18446744073709551614",
    "bytes eq ''",
    "pkts_received eq 0",
    "not ( pkts_received eq 0 )",
    "repeatcnt gt 1",
    "repeatcnt eq 1",
    "elapsed leq 10",
    "sessionid eq 0",
    "dg_hier_level_1 geq 10",
    "dg_hier_level_1 eq ''",
    "flags has nat",
    "not ( flags has nat )",
    "receive_time geq '2016/02/24 22:00:00'",
    "receive_time lt '2016/02/24'",
    "time_generated geq '2018-02-22T21:00:00Z'",
    "receive_time in '2016/02/24'",
    "start leq '2015/01/05 05:38:59'",
    "high_res_timestamp eq ''",
    "time geq '2018/01/01'",
    "time lt '2016-02-24T22:00:00Z'",
    "not ( time geq 2018/01/01 )",
    "final_action eq blocked",
    "final_action neq blocked",
    "decided_by eq none",
    "decided_by in ( action app )",
    "outcome eq failed",
    "ended_by eq policy",
    "reason_code in ( closed-normally idle-timeout )",
    "confidence neq high",
    "provisional eq yes",
    "contradictions eq none",
    "contradictions neq none",
    "contradictions eq allow-with-threat",
    "tracker_stage eq ''",
    "tracker_stage neq ''",
    "( app eq ssl ) or ( ( bytes gt 1000 ) and not ( action eq deny ) )",
    "not ( ( natsrc eq 0.0.0.0 ) or ( session_end_reason eq aged-out ) )",
    "not ( not ( xff_ip eq 10.0.0.1 ) )",
};

// Real lines, and some that have what those lack.
std::vector<Input> inputs_with(const std::string& extra_file) {
  std::vector<Input> inputs;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_folder() + "/data/samples/logs"))
    inputs.push_back({entry.path(), std::nullopt});
  inputs.push_back({extra_file, std::nullopt});
  std::sort(inputs.begin(), inputs.end(),
            [](const Input& a, const Input& b) { return a.path < b.path; });
  return inputs;
}

constexpr std::string_view kOddLines =
    "1,2024/03/31 02:30:00,0123,TRAFFIC,end,2561,2024/03/31 02:30:01,2001:db8::5,2001:db8::6,,,"
    "Caf\xe9 r\xc3\xbcle,,,SSL,vsys1,trust,untrust,,,,,77,0,1000,443,0,70000,0x0,TCP,drop "
    "ICMP,0010,5,5,3,2024/03/31 02:29:00,3,any,0,99,0x0,,,0,1,2,never-heard-of\n"
    "1,9/16/19 10:00,0123,TRAFFIC,end,2561,9/16/19 10:00,10.0.0.1,10.0.0.2,,,r,,,,vsys1,,,,,,,"
    "0,,0,0,,,0x400000,icmp,Allow,1,1,0,1,,,,,100,,,,,,,tcp_fin\n";

TEST(StoredFilter, MeansTheSameToTheDatabaseAsToRecords) {
  std::string folder = std::filesystem::temp_directory_path() / "endreason-filter-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/odd.log") << kOddLines;
  StoreOptions options;
  options.folder = folder + "/store";
  options.threads = 1;
  auto store = open_duckdb_store(options);
  ASSERT_TRUE(store) << store.error().message;

  std::vector<Filter> filters;
  for (const std::string_view text : kFilters) {
    auto filter = Filter::parse(text);
    ASSERT_TRUE(filter) << text << "\n" << filter.error().message;
    filters.push_back(*filter);
  }
  std::vector<std::set<std::uint64_t>> accepted(filters.size());
  ExplainPlan plan;
  plan.inputs = inputs_with(folder + "/odd.log");
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
    ASSERT_TRUE(rows) << kFilters[i] << "\n" << sql << "\n" << rows.error().message;
    std::set<std::uint64_t> found;
    for (const auto& row : rows->rows)
      found.insert(static_cast<std::uint64_t>(std::get<std::int64_t>(row[0])));
    EXPECT_EQ(found, accepted[i]) << kFilters[i] << "\n" << sql;
    some += !found.empty() && found.size() < result.accounting.traffic;
  }
  EXPECT_GT(some, filters.size() / 2) << "most filters should tell rows apart";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace endreason
