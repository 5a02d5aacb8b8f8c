// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <random>

#include "format/judged_sample.hpp"

namespace endreason {
namespace {

TEST(NdjsonWriter, ARecordIsOneObjectInTheOrderOfTheColumns) {
  const auto record = record_of(threat_cells());
  EXPECT_EQ(written(options_for(OutputFormat::Ndjson), {{&record, threat_verdict()}}),
            R"({"domain":"1","receive_time":"2026-03-10T10:00:05+01:00","serial":"013201030824",)"
            R"("type":"TRAFFIC","subtype":"end","config_ver":"2817",)"
            R"("time_generated":"2026-03-10T10:00:04+01:00","src":"10.1.1.1","dst":"203.0.113.9",)"
            R"("natsrc":"198.51.100.2","natdst":"203.0.113.9","rule":"Web, out",)"
            R"("srcuser":"acme\\jane","app":"web-browsing","vsys":"vsys1","from":"trust",)"
            R"("to":"untrust","inbound_if":"ae1.10","outbound_if":"ae2","sessionid":421733,)"
            R"("repeatcnt":1,"sport":51515,"dport":80,"natsport":33211,"natdport":80,)"
            R"("flags":"0x400000","proto":"tcp","action":"allow","bytes":1532,"bytes_sent":812,)"
            R"("bytes_received":720,"packets":11,"start":"2026-03-10T09:59:49+01:00","elapsed":12,)"
            R"("seqno":"7536179828408605381","pkts_sent":6,"pkts_received":5,)"
            R"("session_end_reason":"threat","device_name":"fw11",)"
            R"("rule_uuid":"0d4a1c1e-0000-4000-8000-000000000001",)"
            R"("high_res_timestamp":"2026-03-10T10:00:05.128+01:00",)"
            R"("final_action":"blocked","decided_by":"session_end_reason","provisional":false,)"
            R"("outcome":"failed","ended_by":"security","reason_code":"blocked-by-threat",)"
            R"("confidence":"high","evidence":["session_end_reason=threat","action=allow"],)"
            R"("contradictions":["allow-with-threat"],"_time":"2026-03-10T10:00:05.128+01:00",)"
            R"("_time_source":"high_res_timestamp","_time_zone":"in-text","_file":"fw.log",)"
            R"("_line":7,"_format":"panos-csv","_version":"11.1"})"
            "\n");
}

TEST(NdjsonWriter, ARowOfTheSessionEngineHasItsFactsBehindTheVerdict) {
  auto record = record_of({{Field::Src, "10.0.0.1"}});
  EngineFacts facts;
  facts.texts = {"Aged out", "CLOSED", "SYN x3", "", "S0", "1", "", ""};
  record.engine = &facts;
  const auto verdict = allowed_verdict(Outcome::Failed, ReasonCode::SynNoAnswer);
  auto json =
      nlohmann::json::parse(written(options_for(OutputFormat::Ndjson), {{&record, verdict}}));
  EXPECT_EQ(json["tracker_stage"], "Aged out");
  EXPECT_EQ(json["handshake"], "SYN x3");
  EXPECT_EQ(json["flow_end_reason"], 1) << "a number, as IPFIX has it";
  EXPECT_FALSE(json.contains("community_id")) << "what is empty is left out";
  auto options = options_for(OutputFormat::Ndjson);
  options.columns = *parse_columns("handshake,community_id,flow_end_reason");
  EXPECT_EQ(written(options, {{&record, verdict}}),
            "{\"handshake\":\"SYN x3\",\"community_id\":null,\"flow_end_reason\":1}\n");
  record.engine = nullptr;
  EXPECT_EQ(written(options, {{&record, verdict}}),
            "{\"handshake\":null,\"community_id\":null,\"flow_end_reason\":null}\n");
}

TEST(NdjsonWriter, AnAllowedRecordSaysNothingOfADecider) {
  const auto record = record_of({{Field::Src, "10.0.0.1"}, {Field::Dst, "10.0.0.2"}});
  EXPECT_EQ(written(options_for(OutputFormat::Ndjson),
                    {{&record, allowed_verdict(Outcome::Unknown, ReasonCode::AllowedNoEndReason)}}),
            R"({"src":"10.0.0.1","dst":"10.0.0.2","final_action":"allowed","provisional":false,)"
            R"("outcome":"unknown","ended_by":"timer","reason_code":"allowed-no-end-reason",)"
            R"("confidence":"high","evidence":[],"contradictions":[],)"
            R"("_file":"fw.log","_line":7,"_format":"panos-csv","_version":"unknown"})"
            "\n");
}

nlohmann::json object_of(const TrafficRecord& record, const WriterOptions& options) {
  const std::string line = written(options, {{&record, threat_verdict()}});
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  auto json = nlohmann::json::parse(line, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << line;
  return json;
}

nlohmann::json value_of(Field field, std::string_view text) {
  std::vector<Cell> cells = {{Field::Src, "10.0.0.1"}, {Field::Dst, "10.0.0.2"}};
  if (field == Field::Src) cells.clear();
  cells.push_back({field, text});
  TrafficRecord record;
  record.reset("");
  for (const Cell& cell : cells) record.set_copy(cell.field, cell.text);
  const auto json = object_of(record, options_for(OutputFormat::Ndjson));
  return json.contains(info(field).log_name) ? json[std::string(info(field).log_name)] : nullptr;
}

struct ValueCase {
  std::string_view behaviour;
  Field field;
  std::string_view text;
  nlohmann::json expected;
};

TEST(NdjsonWriter, AValueKeepsItsMeaningInJson) {
  const ValueCase cases[] = {
      {"a count is a number", Field::Bytes, "1532", 1532},
      {"zero is a number", Field::Bytes, "0", 0},
      {"fifteen digits are a number", Field::Bytes, "123456789012345", 123456789012345},
      {"sixteen digits up to 2^53 are a number", Field::Bytes, "9007199254740992",
       9007199254740992},
      {"beyond 2^53 it stays text", Field::Bytes, "9007199254740993", "9007199254740993"},
      {"a leading zero stays", Field::Elapsed, "007", "007"},
      {"a number column with a word", Field::RiskOfApp, "high", "high"},
      {"a port", Field::Natsport, "65535", 65535},
      {"a 64-bit id is text", Field::Seqno, "42", "42"},
      {"flags stay as written", Field::Flags, "0x1b", "0x1b"},
      {"an action as the format spells it", Field::Action, "drop ICMP", "drop ICMP"},
      {"device time in UTC when nothing says more", Field::Start, "2026/03/10 10:00:00",
       "2026-03-10T10:00:00Z"},
      {"a leap second rolls over", Field::Start, "2016/12/31 23:59:60", "2017-01-01T00:00:00Z"},
      {"a time with its own offset", Field::Start, "2026-03-10T10:00:00.5+02:00",
       "2026-03-10T10:00:00.500+02:00"},
      {"epoch seconds", Field::Start, "1600607038", "2020-09-20T13:03:58Z"},
      {"no time stays as it is", Field::Start, "9/16/19 10:00", "9/16/19 10:00"},
      {"no such day stays as it is", Field::Start, "2026/02/30 10:00:00", "2026/02/30 10:00:00"},
      {"a placeholder of Panorama stays as it is", Field::HighResTimestamp,
       "1969-12-31T16:00:00.000-08:00", "1969-12-31T16:00:00.000-08:00"},
      {"a long list", Field::CharacteristicOfApp, "used-by-malware,able-to-transfer-file,has-known",
       "used-by-malware,able-to-transfer-file,has-known"},
  };
  for (const auto& c : cases) EXPECT_EQ(value_of(c.field, c.text), c.expected) << c.behaviour;
}

TEST(NdjsonWriter, TheMinuteRememberedOfOneZoneIsNotUsedForAnother) {
  auto options = options_for(OutputFormat::Ndjson);
  options.columns = columns_of("start");
  options.clock.set_zone_of_serial("A", *TimeZone::named("+02:00"));
  options.clock.set_zone_of_serial("B", *TimeZone::named("-05:00"));
  const auto of_serial = [](std::string_view serial) {
    return record_of({{Field::Src, "10.0.0.1"},
                      {Field::Dst, "10.0.0.2"},
                      {Field::Serial, serial},
                      {Field::Start, "2026/03/10 10:00:01"}});
  };
  const auto a = of_serial("A");
  const auto b = of_serial("B");
  EXPECT_EQ(written(options, {{&a, {}}, {&b, {}}, {&a, {}}}),
            "{\"start\":\"2026-03-10T10:00:01+02:00\"}\n"
            "{\"start\":\"2026-03-10T10:00:01-05:00\"}\n"
            "{\"start\":\"2026-03-10T10:00:01+02:00\"}\n");
}

TEST(NdjsonWriter, FieldsGiveExactlyThoseKeysAndNullWhereThereIsNothing) {
  auto options = options_for(OutputFormat::Ndjson);
  options.columns = columns_of("dport,srcuser,dstuser,provisional,evidence,_line,decided_by,_time");
  const auto record = record_of(threat_cells());
  EXPECT_EQ(written(options, {{&record, threat_verdict()}}),
            R"({"dport":80,"srcuser":"acme\\jane","dstuser":null,"provisional":false,)"
            R"("evidence":["session_end_reason=threat","action=allow"],"_line":7,)"
            R"("decided_by":"session_end_reason","_time":"2026-03-10T10:00:05.128+01:00"})"
            "\n");
}

TEST(NdjsonWriter, WhatHasNoColumnIsKeptUnderExtra) {
  auto record = record_of(threat_cells());
  record.partial = true;
  record.extras = {{"column_131", "a\"b"}, {"column_132", "\xff"}};
  const auto json = object_of(record, options_for(OutputFormat::Ndjson));
  EXPECT_EQ(json["_extra"], (nlohmann::json{{"column_131", "a\"b"}, {"column_132", "\uFFFD"}}));
  EXPECT_EQ(json["_partial"], true);
}

TEST(NdjsonWriter, HostileBytesInEveryColumnGiveOneValidLine) {
  std::mt19937 random(7);
  const auto writer = make_writer(options_for(OutputFormat::Ndjson));
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts(kFieldCount);
    TrafficRecord record;
    record.reset("");
    std::size_t filled = 0;
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      texts[i].resize(random() % 3 == 0 ? 0 : random() % (round % 50 == 0 ? 3000 : 40));
      for (char& c : texts[i]) c = static_cast<char>(random());
      record.set_copy(kFields[i].value, texts[i]);
      filled += texts[i].empty() ? 0 : 1;
    }
    std::string line;
    writer->write(record, threat_verdict(), line);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    const auto json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_FALSE(json.is_discarded());
    std::size_t columns = 0;
    for (const auto& row : kFields) columns += json.contains(row.log_name) ? 1 : 0;
    ASSERT_EQ(columns, filled);
  }
}

TEST(NdjsonWriter, ARecordOfAllColumnsNamesEachOnce) {
  TrafficRecord record;
  record.reset("");
  for (const auto& row : kFields) record.set_copy(row.value, row.log_name);
  const auto json = object_of(record, options_for(OutputFormat::Ndjson));
  for (const auto& row : kFields)
    EXPECT_EQ(json[std::string(row.log_name)], row.log_name) << row.log_name;
}

}  // namespace
}  // namespace endreason
