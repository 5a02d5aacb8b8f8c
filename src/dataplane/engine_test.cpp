// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace endreason {
namespace {

// A hand-made Ethernet frame with one TCP segment.
struct Segment {
  double at_s;
  bool from_client;
  std::uint8_t flags;
  std::uint32_t seq, ack;
  std::size_t payload;
};

void put16(std::vector<std::uint8_t>& bytes, std::size_t at, unsigned value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}
void put32(std::vector<std::uint8_t>& bytes, std::size_t at, std::uint32_t value) {
  put16(bytes, at, value >> 16);
  put16(bytes, at + 2, value & 0xffff);
}

std::vector<std::uint8_t> frame(const Segment& s) {
  std::vector<std::uint8_t> bytes(14 + 20 + 20 + s.payload, 'x');
  put16(bytes, 12, 0x0800);
  const std::size_t ip = 14;
  bytes[ip] = 0x45;
  bytes[ip + 1] = 0;
  put16(bytes, ip + 2, static_cast<unsigned>(40 + s.payload));
  put32(bytes, ip + 4, 0);
  bytes[ip + 8] = 64;
  bytes[ip + 9] = 6;
  put16(bytes, ip + 10, 0);
  put32(bytes, ip + 12, s.from_client ? 0x0a010101 : 0x0a020202);
  put32(bytes, ip + 16, s.from_client ? 0x0a020202 : 0x0a010101);
  const std::size_t tcp = ip + 20;
  put16(bytes, tcp, s.from_client ? 51000 : 443);
  put16(bytes, tcp + 2, s.from_client ? 443 : 51000);
  put32(bytes, tcp + 4, s.seq);
  put32(bytes, tcp + 8, s.ack);
  bytes[tcp + 12] = 0x50;
  bytes[tcp + 13] = s.flags;
  put16(bytes, tcp + 14, 65000);
  put32(bytes, tcp + 16, 0);
  return bytes;
}

struct Row {
  std::string app, reason, handshake, generated;
  std::uint64_t sent{}, received{}, bytes{}, elapsed{};
};

class Rows final : public EngineSink {
 public:
  void on_record(TrafficRecord& record) override {
    Row row;
    row.app = record.text(Field::App);
    row.reason = record.text(Field::SessionEndReason);
    row.generated = record.text(Field::TimeGenerated);
    row.sent = record.pkts_sent;
    row.received = record.pkts_received;
    row.bytes = record.bytes;
    row.elapsed = record.elapsed;
    row.handshake = record.engine->text(EngineColumn::Handshake);
    rows.push_back(row);
  }
  std::vector<Row> rows;
};

std::vector<Row> track(const std::vector<Segment>& segments, EngineOptions options = {}) {
  Rows rows;
  options.session.capacity = 1000;
  auto engine = Engine::create(options, rows);
  EXPECT_TRUE(engine) << engine.error().message;
  for (const Segment& s : segments) {
    const auto bytes = frame(s);
    RawPacket packet;
    packet.time_ns = static_cast<std::int64_t>(s.at_s * 1e9);
    packet.bytes = bytes;
    packet.wire_length = static_cast<std::uint32_t>(bytes.size());
    packet.link_type = 1;
    (*engine)->process(std::span<const RawPacket>(&packet, 1));
  }
  (*engine)->finish();
  return rows.rows;
}

constexpr std::uint8_t kSyn = kTcpSyn, kSynAck = kTcpSyn | kTcpAck, kAck = kTcpAck,
                       kRstAck = kTcpRst | kTcpAck, kFinAck = kTcpFin | kTcpAck;

TEST(Engine, ASynWithoutAnswerIsIncompleteAndAgesOut) {
  const auto rows = track({{0, true, kSyn, 100, 0, 0}, {1, true, kSyn, 100, 0, 0}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].app, "incomplete");
  EXPECT_EQ(rows[0].reason, "aged-out");
  EXPECT_EQ(rows[0].handshake, "SYN x2");
  EXPECT_EQ(rows[0].sent, 2u);
  EXPECT_EQ(rows[0].received, 0u);
  EXPECT_EQ(rows[0].bytes, 108u) << "layer 2, as the vendor counts";
  EXPECT_EQ(rows[0].generated, "1970/01/01 00:00:06") << "5 s (timeout-tcpinit) after the last SYN";
}

TEST(Engine, ARefusedConnectionEndsWithTheServersReset) {
  const auto rows = track({{0, true, kSyn, 100, 0, 0}, {0.01, false, kRstAck, 0, 101, 0}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].app, "incomplete");
  EXPECT_EQ(rows[0].reason, "tcp-rst-from-server");
  EXPECT_EQ(rows[0].handshake, "SYN, RST-ACK");
}

TEST(Engine, AHandshakeWithoutDataIsIncompleteWhateverEndsIt) {
  const auto rows = track({{0, true, kSyn, 100, 0, 0},
                           {0.1, false, kSynAck, 500, 101, 0},
                           {0.2, true, kAck, 101, 501, 0},
                           {0.3, true, kFinAck, 101, 501, 0},
                           {0.4, false, kFinAck, 501, 102, 0},
                           {0.5, true, kAck, 102, 502, 0}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].app, "incomplete");
  EXPECT_EQ(rows[0].reason, "tcp-fin");
}

// RFC 9293 section 3.5: nobody sends a bare ACK.
TEST(Engine, ASimultaneousOpenIsCompleteWithBothSynAcks) {
  const auto rows = track({{0, true, kSyn, 100, 0, 0},
                           {0.1, false, kSyn, 500, 0, 0},
                           {0.2, true, kSynAck, 100, 501, 0},
                           {0.3, false, kSynAck, 500, 101, 0},
                           {0.4, true, kAck, 101, 501, 20},
                           {0.5, false, kFinAck, 501, 121, 0},
                           {0.6, true, kFinAck, 121, 502, 0}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].handshake, "SYN, SYN, SYN-ACK, SYN-ACK");
  EXPECT_EQ(rows[0].app, "insufficient-data");
  EXPECT_EQ(rows[0].reason, "tcp-fin");
}

TEST(Engine, DataThatNoSignatureKnowsIsInsufficientThenUnknown) {
  const std::vector<Segment> open = {{0, true, kSyn, 100, 0, 0},
                                     {0.1, false, kSynAck, 500, 101, 0},
                                     {0.2, true, kAck, 101, 501, 0},
                                     {0.3, true, kAck, 101, 501, 20}};
  auto rows = track(open);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].app, "insufficient-data");
  EXPECT_EQ(rows[0].reason, "aged-out");
  std::vector<Segment> more = open;
  for (std::uint32_t i = 0; i < 12; ++i)
    more.push_back({1.0 + i * 0.1, true, kAck, 121 + i * 500, 501, 500});
  rows = track(more);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].app, "unknown-tcp");
}

TEST(Engine, APacketWithoutSynBeginsNoSessionUnlessTheSettingLetsIt) {
  const std::vector<Segment> packets = {{0, true, kAck, 100, 7, 20}, {1, false, kAck, 7, 120, 20}};
  EXPECT_TRUE(track(packets).empty());
  EngineOptions options;
  options.session.tcp.reject_non_syn = false;
  const auto rows = track(packets, options);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].app, "non-syn-tcp");
}

TEST(Engine, OpenSessionsStayOpenWhenAsked) {
  EngineOptions options;
  options.open_at_end = true;
  EXPECT_TRUE(track({{0, true, kSyn, 100, 0, 0}}, options).empty());
}

}  // namespace
}  // namespace endreason
