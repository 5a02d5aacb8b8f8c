// SPDX-License-Identifier: Apache-2.0
#include "format/threat_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

namespace endreason {
namespace {

ThreatRecord record() {
  ThreatRecord r;
  r.time_ns = 1'773'136'800'123'456'789;
  r.config_version = 2817;
  r.seqno = 3;
  r.sessionid = 17;
  r.src = *parse_ip("10.0.0.1");
  r.dst = *parse_ip("192.0.2.1");
  r.sport = 40000;
  r.dport = 80;
  r.proto = 6;
  r.serial = "endreason";
  r.device_name = "endreason";
  r.subtype = "vulnerability";
  r.rule = "web, out";
  r.app = "web-browsing";
  r.from = "trust";
  r.to = "untrust";
  r.action = "reset-both";
  r.severity = "high";
  r.direction = "client-to-server";
  r.thr_category = "web-application-attack";
  r.threatid = "Traversal \"deep\"(2000001)";
  r.packet = 4;
  return r;
}

// The columns of a real line of 11.0, which are 123 (../shared/data/logs/sekoia-paloalto-ngfw).
TEST(ThreatWriter, WritesTheLineOfTheRelease) {
  ThreatWriter writer;
  std::string out;
  writer.append_panos(record(), out);
  EXPECT_TRUE(out.starts_with(
      "1,2026/03/10 10:00:00,endreason,THREAT,vulnerability,2817,2026/03/10 10:00:00,10.0.0.1,"
      "192.0.2.1,0.0.0.0,0.0.0.0,\"web, out\",,,web-browsing,vsys1,trust,untrust,,,,"
      "2026/03/10 10:00:00,17,1,40000,80,0,0,0x0,tcp,reset-both,\"\",\"Traversal "
      "\"\"deep\"\"(2000001)\",any,high,client-to-server,3,0x0,,,,,0,,,0,"))
      << out;
  EXPECT_EQ(std::count(out.begin(), out.end(), ','), 122 + 1) << "one stands in quotes";
  ThreatRecord older = record();
  older.config_version = 2562;
  older.rule = "web";
  out.clear();
  writer.append_panos(older, out);
  EXPECT_EQ(std::count(out.begin(), out.end(), ','), 120);
}

TEST(ThreatWriter, LineEndsOfWhatWasFoundDoNotEndTheLine) {
  ThreatWriter writer;
  ThreatRecord r = record();
  r.misc = "a\r\nb";
  std::string out;
  writer.append_panos(r, out);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
  EXPECT_NE(out.find(",\"a  b\","), std::string::npos);
}

TEST(ThreatWriter, WritesJsonWithTheSameNames) {
  ThreatWriter writer;
  std::string out;
  writer.append_json(record(), out);
  const auto json = nlohmann::json::parse(out);
  EXPECT_EQ(json["type"], "THREAT");
  EXPECT_EQ(json["sessionid"], 17);
  EXPECT_EQ(json["time_generated"], "2026-03-10T10:00:00Z");
  EXPECT_EQ(json["high_res_timestamp"], "2026-03-10T10:00:00.123Z");
  EXPECT_EQ(json["threatid"], "Traversal \"deep\"(2000001)");
  EXPECT_EQ(json["packet"], 4);
  EXPECT_FALSE(json.contains("misc"));
}

}  // namespace
}  // namespace endreason
