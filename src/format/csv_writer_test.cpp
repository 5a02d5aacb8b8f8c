// SPDX-License-Identifier: Apache-2.0
// Outputs with the log's own texts: csv, panos, raw, and the list that --fields takes.
#include <fstream>

#include "format/judged_sample.hpp"

namespace endreason {
namespace {

TEST(CsvWriter, TheDefaultColumnsAreThoseOfTheTrafficLogPage) {
  const auto record = record_of(threat_cells());
  EXPECT_EQ(written(options_for(OutputFormat::Csv), {{&record, threat_verdict()}}),
            "receive_time,subtype,from,to,src,srcuser,dst,dport,app,action,rule,"
            "session_end_reason,bytes,final_action,outcome,why\n"
            "2026/03/10 10:00:05,end,trust,untrust,10.1.1.1,acme\\jane,203.0.113.9,80,"
            "web-browsing,allow,\"Web, out\",threat,1532,blocked,failed,blocked-by-threat\n");
}

TEST(CsvWriter, QuotesAndLineEndsAreQuotedAsRfc4180Says) {
  auto options = options_for(OutputFormat::Csv);
  options.columns = columns_of("rule,srcuser,contradictions");
  const auto record = record_of({{Field::Src, "10.0.0.1"},
                                 {Field::Dst, "10.0.0.2"},
                                 {Field::Rule, "say \"hi\""},
                                 {Field::Srcuser, "two\nlines"}});
  EXPECT_EQ(written(options, {{&record, threat_verdict()}}),
            "rule,srcuser,contradictions\n\"say \"\"hi\"\"\",\"two\nlines\",allow-with-threat\n");
}

TEST(PanosWriter, CsvInputComesBackByteForByte) {
  auto record = record_of(threat_cells());
  record.raw = "<14>Mar 10 10:00:05 fw 1,2026/03/10 10:00:05,x,TRAFFIC,\"a,\"\"b\"\"\",";
  record.payload = record.raw.substr(record.raw.find("1,2026"));
  EXPECT_EQ(written(options_for(OutputFormat::Panos), {{&record, {}}}),
            "1,2026/03/10 10:00:05,x,TRAFFIC,\"a,\"\"b\"\"\",\n");
  EXPECT_EQ(written(options_for(OutputFormat::Raw), {{&record, {}}}),
            std::string(record.raw) + "\n");
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      cells.back() += c;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\n') {
      cells.back() += c;
    }
  }
  return cells;
}

std::vector<std::string> panos_cells(const TrafficRecord& record, std::string_view version,
                                     RecordClock clock = {}) {
  auto options = options_for(OutputFormat::Panos);
  options.panos_version = version_named(version);
  options.clock = clock;
  return cells_of(written(options, {{&record, {}}}));
}

TrafficRecord json_record() {
  auto record = record_of({{Field::ReceiveTime, "2026-03-10T09:00:05.000000Z"},
                           {Field::Serial, "013201030824"},
                           {Field::Type, "traffic"},
                           {Field::Subtype, "END"},
                           {Field::ConfigVer, "10.2"},
                           {Field::TimeGenerated, "1773133204"},
                           {Field::Src, "10.1.1.1"},
                           {Field::Dst, "203.0.113.9"},
                           {Field::Rule, "Web, \"out\""},
                           {Field::Srcuser, "two\nlines"},
                           {Field::Flags, "4194304"},
                           {Field::Proto, "TCP"},
                           {Field::Action, "drop ICMP"},
                           {Field::SessionEndReason, "n-a"}});
  record.format = InputFormat::Json;
  return record;
}

struct PanosCase {
  std::string_view behaviour;
  Field field;
  std::string_view expected;
};

TEST(PanosWriter, AnotherFormatBecomesALineOfTheChosenRelease) {
  const auto cells = panos_cells(json_record(), "11.1");
  ASSERT_EQ(cells.size(), 117u);
  const PanosCase cases[] = {
      {"the first column is always 1", Field::Domain, "1"},
      {"the type is upper case", Field::Type, "TRAFFIC"},
      {"words as PAN-OS spells them", Field::Subtype, "end"},
      {"an action with a blank", Field::Action, "drop-icmp"},
      {"an end reason of another format", Field::SessionEndReason, "n/a"},
      {"a protocol in capitals", Field::Proto, "tcp"},
      {"the version as a number", Field::ConfigVer, "2817"},
      {"an ISO time as device time", Field::ReceiveTime, "2026/03/10 09:00:05"},
      {"an epoch as device time", Field::TimeGenerated, "2026/03/10 09:00:04"},
      {"the time logged is the time received", Field::TimeReceived, "2026/03/10 09:00:05"},
      {"commas and quotes are quoted", Field::Rule, "\"Web, \"\"out\"\"\""},
      {"a record stays one line", Field::Srcuser, "two lines"},
      {"flags in hexadecimal", Field::Flags, "0x400000"},
      {"padding is empty from 10.0 on", Field::Padding, ""},
      {"what the record does not have is empty", Field::Bytes, ""},
  };
  for (const auto& c : cases) EXPECT_EQ(cells[index_of(c.field)], c.expected) << c.behaviour;
}

TEST(PanosWriter, OlderReleasesEndSoonerAndPadWithZero) {
  const auto cells = panos_cells(json_record(), "9.1");
  ASSERT_EQ(cells.size(), 75u);
  EXPECT_EQ(cells[index_of(Field::ConfigVer)], "2305");
  EXPECT_EQ(cells[index_of(Field::Padding)], "0");
  EXPECT_EQ(cells[index_of(Field::Cpadding)], "0");
  EXPECT_EQ(panos_cells(json_record(), "7.1")[index_of(Field::ConfigVer)], "1");
  EXPECT_EQ(panos_cells(json_record(), "12.1").size(), 130u);
  EXPECT_EQ(panos_cells(json_record(), "no such").size(), 117u) << "11.1 when none is chosen";
}

TEST(PanosWriter, TimesAreWrittenInTheZoneOfTheDevice) {
  RecordClock clock;
  clock.set_zone_of_serial("013201030824", *TimeZone::named("Europe/Berlin"));
  const auto cells = panos_cells(json_record(), "11.1", clock);
  EXPECT_EQ(cells[index_of(Field::ReceiveTime)], "2026/03/10 10:00:05");
}

TEST(PanosWriter, ABraceListKeepsItsBareCommas) {
  auto record = json_record();
  record.set_copy(Field::LinkSwitches, "{link1,isp,ethernet1/1},{link2,lte,ethernet1/2}");
  auto options = options_for(OutputFormat::Panos);
  EXPECT_NE(written(options, {{&record, {}}}).find(",{link1,isp,ethernet1/1},{link2,"),
            std::string::npos);
}

struct ColumnsCase {
  std::string_view behaviour, list, error;
};

TEST(ParseColumns, AnUnknownNameIsAnErrorThatNamesTheNearest) {
  const ColumnsCase cases[] = {
      {"names with blanks around", " src , dst ", ""},
      {"an alias", "addr.src,application", ""},
      {"our columns", "final_action,_time,why", ""},
      {"a slip of the pen", "src,sesion_end_reason", "session_end_reason"},
      {"a slip in a column of ours", "final_acton", "final_action"},
      {"nothing at all", "", "the list is empty"},
  };
  for (const auto& c : cases) {
    const auto columns = parse_columns(c.list);
    EXPECT_EQ(columns.has_value(), c.error.empty()) << c.behaviour;
    if (!columns)
      EXPECT_NE(columns.error().message.find(c.error), std::string::npos)
          << c.behaviour << ": " << columns.error().message;
  }
}

}  // namespace
}  // namespace endreason
