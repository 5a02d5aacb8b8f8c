// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet_notes.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

struct Step {
  double at_s;
  bool from_client;
  unsigned flags;
  std::uint32_t seq, ack, payload;
  std::string_view remarks;  // log names, parted by blanks
  std::int32_t relative_seq, relative_ack;
};

class Notes final : public SessionSink {
 public:
  bool wants_packets() const override { return true; }
  void on_packet(const PacketView& packet, const PacketResult& result) override {
    ASSERT_NE(result.session, nullptr);
    last = notes.of(packet, result);
  }
  void on_end(const Session& session, std::int64_t) override { notes.forget(session.id); }
  PacketNotes notes;
  NotedPacket last;
};

std::string names_of(const NotedPacket& packet) {
  std::string names;
  for (const auto& row : kPacketRemarks)
    if (packet.has(row.value)) names += (names.empty() ? "" : " ") + std::string(row.log_name);
  return names;
}

void play(std::string_view behaviour, const std::vector<Step>& steps) {
  SessionSettings settings;
  settings.capacity = 100;
  auto table = SessionTable::create(settings);
  ASSERT_TRUE(table) << table.error().message;
  Notes notes;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    PacketView p;
    p.time_ns = static_cast<std::int64_t>(step.at_s * 1e9);
    p.src = *parse_ip(step.from_client ? "10.0.0.1" : "10.0.0.2");
    p.dst = *parse_ip(step.from_client ? "10.0.0.2" : "10.0.0.1");
    p.sport = step.from_client ? 50000 : 80;
    p.dport = step.from_client ? 80 : 50000;
    p.protocol = 6;
    p.tcp_flags = static_cast<std::uint8_t>(step.flags);
    p.seq = step.seq;
    p.ack = step.ack;
    p.window = 65000;
    p.payload_length = step.payload;
    p.wire_length = 54 + step.payload;
    (*table)->process(std::span<const PacketView>(&p, 1), notes);
    EXPECT_EQ(names_of(notes.last), step.remarks) << behaviour << ", step " << i;
    EXPECT_EQ(notes.last.seq, step.relative_seq) << behaviour << ", step " << i;
    EXPECT_EQ(notes.last.ack, step.relative_ack) << behaviour << ", step " << i;
  }
}

constexpr unsigned kSyn = kTcpSyn, kSynAck = kTcpSyn | kTcpAck, kAck = kTcpAck, kRst = kTcpRst,
                   kFinAck = kTcpFin | kTcpAck;

TEST(PacketNotes, TellWhatAConnectionGoesThrough) {
  play("data sent twice, ahead, and an end",
       {{0.0, true, kSyn, 100, 0, 0, "", 0, 0},
        {0.1, false, kSynAck, 900, 101, 0, "", 0, 1},
        {0.2, true, kAck, 101, 901, 0, "opened", 1, 1},
        {0.3, true, kAck, 101, 901, 10, "", 1, 1},
        {0.5, true, kAck, 101, 901, 10, "retransmission", 1, 1},
        {0.6, true, kAck, 121, 901, 10, "out-of-order", 21, 1},
        {0.7, false, kFinAck, 901, 111, 0, "closes", 1, 11},
        {0.8, true, kRst, 115, 0, 0, "reset-not-exact", 15, 0},
        {0.9, true, kRst, 111, 0, 0, "reset", 11, 0}});
}

TEST(PacketNotes, TellWhyAConnectionDoesNotOpen) {
  play("no answer", {{0.0, true, kSyn, 100, 0, 0, "", 0, 0},
                     {1.0, true, kSyn, 100, 0, 0, "syn-again", 0, 0},
                     {2.0, true, kSyn, 500, 0, 0, "syn-anew", 400, 0},
                     {2.5, true, kSyn, 500, 0, 0, "syn-again", 0, 0}});
  play("refused", {{0.0, true, kSyn, 100, 0, 0, "", 0, 0},
                   {0.1, false, kRst | kTcpAck, 0, 101, 0, "reset", 0, 1}});
  play("a challenge ACK", {{0.0, true, kSyn, 100, 0, 0, "", 0, 0},
                           {0.1, false, kAck, 7000, 900, 0, "challenge-ack", 0, 800},
                           {0.2, true, kRst, 900, 0, 0, "dropped", 800, 0}});
  play("another number", {{0.0, true, kSyn, 100, 0, 0, "", 0, 0},
                          {0.1, false, kSynAck, 900, 77, 0, "wrong-ack", 0, -23}});
  play("a reset for another SYN",
       {{0.0, true, kSyn, 100, 0, 0, "", 0, 0},
        {0.1, false, kRst | kTcpAck, 0, 77, 0, "wrong-ack dropped", 0, -23}});
}

TEST(PacketNotes, OfASimultaneousOpenTheServersSynIsNoRepetition) {
  play("both sides open", {{0.0, true, kSyn, 100, 0, 0, "", 0, 0},
                           {0.1, false, kSyn, 900, 0, 0, "split-handshake", 0, 0},
                           {0.2, false, kSyn, 900, 0, 0, "syn-again", 0, 0},
                           {0.3, true, kSynAck, 100, 901, 0, "", 0, 1},
                           {0.4, false, kSynAck, 900, 101, 0, "opened", 0, 1}});
}

}  // namespace
}  // namespace endreason
