// SPDX-License-Identifier: Apache-2.0
#include "dataplane/session_record.hpp"

#include <string>

#include <gtest/gtest.h>

#include "model/protocol.hpp"

namespace endreason {
namespace {

Session session_of(std::uint8_t protocol, bool ipv6) {
  Session s;
  IpAddress client, server;
  for (IpAddress* a : {&client, &server}) {
    if (!ipv6) a->bytes[10] = a->bytes[11] = 0xff;
    a->bytes[12] = ipv6 ? 0x20 : 10;
  }
  client.bytes[15] = 1;
  server.bytes[15] = 254;
  const auto way = make_flow_key(client, server, 50'000, 443, protocol, 0, s.key);
  if (way == KeyDirection::HighToLow) s.set(kClientIsHigh);
  s.flow(Flow::C2s).bytes = 1'234'567'890'123;
  s.flow(Flow::C2s).packets = 7;
  s.flow(Flow::S2c).bytes = 60;
  s.flow(Flow::S2c).packets = 1;
  s.start_ns = 1'773'136'800'123'456'789;
  s.last_ns = s.start_ns + 90 * kNanosPerSecond;
  s.id = 4'000'000'000;
  s.state = SessionState::Closed;
  note_end(s, TrackerStage::TcpFin);
  return s;
}

RowOf row_of(const Session& s, std::uint16_t config_version) {
  RowOf row;
  row.generated_ns = s.last_ns + 999'000'000;
  row.app = "ssl";
  row.from_zone = "inside";
  row.to_zone = "outside";
  row.seqno = 77;
  row.config_version = config_version;
  return row;
}

// Every way that a row can look.
template <class Check>
void for_all_rows(Check&& check) {
  for (const std::uint8_t protocol : {kProtoTcp, kProtoUdp, kProtoIcmp, std::uint8_t{99}})
    for (const bool ipv6 : {false, true})
      for (const std::uint16_t version :
           std::initializer_list<std::uint16_t>{2049, 2561, 2817, 3073})
        for (const std::string_view app : {"ssl", "incomplete", "unknown-udp"}) {
          const Session session = session_of(protocol, ipv6);
          RowOf row = row_of(session, version);
          row.app = app;
          check(session, row);
        }
}

TEST(SessionRecord, ItsDecodedColumnsAreWhatItsTextsSay) {
  SessionRecord maker;
  TrafficRecord record;
  for_all_rows([&](const Session& session, const RowOf& row) {
    maker.fill(session, row, record);
    TrafficRecord read = record;
    read.reset_decoded();
    Misfit misfit{};
    ASSERT_TRUE(decode_key_columns(read, misfit)) << info(misfit.field).log_name;
    EXPECT_EQ(record.action, read.action);
    EXPECT_EQ(record.app_status, read.app_status);
    EXPECT_EQ(record.end_reason, read.end_reason);
    EXPECT_EQ(record.subtype, read.subtype);
    EXPECT_EQ(record.action_source, read.action_source);
    EXPECT_EQ(record.proto, read.proto);
    EXPECT_EQ(record.sport, read.sport);
    EXPECT_EQ(record.dport, read.dport);
    EXPECT_EQ(record.known, read.known);
    EXPECT_EQ(record.flags, read.flags);
    EXPECT_EQ(record.repeatcnt, read.repeatcnt);
    EXPECT_EQ(record.elapsed, read.elapsed);
    EXPECT_EQ(record.bytes, read.bytes);
    EXPECT_EQ(record.bytes_sent, read.bytes_sent);
    EXPECT_EQ(record.bytes_received, read.bytes_received);
    EXPECT_EQ(record.packets, read.packets);
    EXPECT_EQ(record.pkts_sent, read.pkts_sent);
    EXPECT_EQ(record.pkts_received, read.pkts_received);
    EXPECT_EQ(record.sessionid, read.sessionid);
  });
}

TEST(SessionRecord, ItsLineHasEachColumnInItsPlace) {
  SessionRecord maker;
  TrafficRecord record;
  for_all_rows([&](const Session& session, const RowOf& row) {
    maker.fill(session, row, record);
    const PanosVersionInfo* release = info(record.version);
    ASSERT_NE(release, nullptr);
    std::string line;
    for (std::size_t i = 0; i < release->columns; ++i) {
      if (i > 0) line += ',';
      line += record.text(kFields[i].value);
    }
    EXPECT_EQ(record.payload, line);
  });
}

TEST(SessionRecord, TimesBeforeTheEpochCountTowardsThePast) {
  SessionRecord maker;
  TrafficRecord record;
  const Session session = session_of(kProtoTcp, false);
  RowOf row = row_of(session, 2817);
  row.generated_ns = -1;
  maker.fill(session, row, record);
  EXPECT_EQ(record.text(Field::TimeGenerated), "1969/12/31 23:59:59");
  EXPECT_EQ(record.text(Field::HighResTimestamp), "1969-12-31T23:59:59.999+00:00");
}

TEST(SessionRecord, ANameThatMustBeQuotedIsLeftToTheWriter) {
  SessionRecord maker;
  TrafficRecord record;
  const Session session = session_of(kProtoTcp, false);
  RowOf row = row_of(session, 2817);
  const std::string long_name = "a, b \"c\" " + std::string(3000, 'z');
  row.from_zone = long_name;
  maker.fill(session, row, record);
  EXPECT_EQ(record.text(Field::From), long_name);
  EXPECT_EQ(record.text(Field::To), "outside");
  EXPECT_TRUE(record.payload.empty());
}

}  // namespace
}  // namespace endreason
