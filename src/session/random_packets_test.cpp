// SPDX-License-Identifier: Apache-2.0
// Random packets of few hosts through small tables: whatever comes, accounts balance, and what
// comes out does not depend on how the packets were cut into batches.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "session/packet_script_for_test.hpp"

namespace endreason {
namespace {

PacketView random_packet(std::mt19937& random, std::int64_t& now_ns) {
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  static constexpr std::uint8_t kProtocols[] = {6, 6, 6, 6, 6, 17, 1, 132, 47};
  static constexpr std::uint8_t kFlags[] = {
      kTcpSyn,           kTcpSyn | kTcpAck, kTcpAck,           kTcpAck, kTcpAck | kTcpPsh,
      kTcpAck | kTcpFin, kTcpRst,           kTcpRst | kTcpAck, kTcpFin, 0};
  now_ns += static_cast<std::int64_t>(below(10) == 0 ? below(2'000'000'000) : below(5'000'000));
  PacketView p;
  p.time_ns = now_ns - below(3) * 1'000'000;
  const std::uint32_t client = below(12);
  const bool back = below(2) == 0;
  p.src = test_address(back ? 1000 : client);
  p.dst = test_address(back ? client : 1000);
  p.protocol = kProtocols[below(9)];
  p.sport = p.dport = 7;
  p.tcp_flags = below(20) == 0 ? static_cast<std::uint8_t>(below(256)) : kFlags[below(10)];
  p.seq = below(4) * 700;
  p.ack = below(4) * 700;
  p.window = static_cast<std::uint16_t>(below(4) * 1000);
  p.window_scale = static_cast<std::int8_t>(static_cast<int>(below(16)) - 1);
  p.payload_length = below(3) * 700;
  p.wire_length = 60 + p.payload_length;
  p.icmp_type = static_cast<std::uint8_t>(below(2) * 8);
  p.sctp_chunk = static_cast<std::uint8_t>(below(16));
  return p;
}

std::vector<PacketView> random_packets(unsigned seed, std::size_t count) {
  std::mt19937 random(seed);
  std::int64_t now_ns = 0;
  std::vector<PacketView> packets;
  for (std::size_t i = 0; i < count; ++i) packets.push_back(random_packet(random, now_ns));
  return packets;
}

// Ends are written down; now and then a session is denied or closed, as others may decide.
class BusySink : public SessionSink {
 public:
  explicit BusySink(SessionTable& table) : table_(&table) {}
  bool wants_packets() const override { return true; }
  void on_packet(const PacketView& p, const PacketResult& r) override {
    ++packets;
    passed += r.session != nullptr && r.outcome != SessionCounter::IcmpErrorMatched;
    if (r.session == nullptr) return;
    const std::uint64_t n = r.session->flows[0].packets + r.session->flows[1].packets;
    if (r.session->id % 7 == 3 && n == 3) table_->deny(r.index);
    if (r.session->id % 11 == 5 && n == 2) table_->close(r.index, EndReason::Decoder);
    const bool active = r.session->state == SessionState::Active;
    const bool of_session = r.outcome != SessionCounter::IcmpErrorMatched;
    if (r.session->id % 13 == 1 && n == 2 && active && of_session && !r.first)
      table_->divide(p, r, EndReason::Decoder, *this);
    if (r.session->id % 5 == 2 && n == 1 && of_session)
      table_->predict(r.index, {r.session->server(), r.session->client(), 7, 6}, 99);
  }
  void on_end(const Session& s, std::int64_t at_ns) override {
    EXPECT_TRUE(ids.insert(s.id).second) << "a session ends once";
    counted += s.flows[0].packets + s.flows[1].packets;
    EXPECT_GE(at_ns, s.start_ns);
    EXPECT_EQ(s.state, SessionState::Closed);
    log += fmt::format("{} {} {} {} {} {} {}\n", s.id, at_ns, s.start_ns, s.last_ns,
                       info(winning_reason(s.end_reasons)).log_name,
                       std::uint64_t{s.flows[0].packets}, std::uint64_t{s.flows[1].packets});
  }

  std::set<std::uint32_t> ids;
  std::uint64_t packets = 0, passed = 0, counted = 0;
  std::string log;

 private:
  SessionTable* table_;
};

std::string run(const std::vector<PacketView>& packets, const SessionSettings& settings,
                std::size_t batch) {
  auto table = std::move(SessionTable::create(settings).value());
  BusySink sink(*table);
  for (std::size_t i = 0; i < packets.size(); i += batch) {
    table->process(std::span(packets).subspan(i, std::min(batch, packets.size() - i)), sink);
    EXPECT_EQ(table->pool().allocated() + table->pool().free(), settings.capacity);
    EXPECT_EQ(table->flow_table().size(), table->pool().allocated());
    EXPECT_EQ(table->pool().last_id(), table->pool().allocated() + sink.ids.size() +
                                           table->counters()[SessionCounter::PredictExpired]);
  }
  EXPECT_EQ(table->counters().packets(), packets.size()) << "each packet ends in one counter";
  EXPECT_EQ(sink.packets, packets.size());
  table->finish(sink);
  EXPECT_EQ(table->pool().allocated(), 0u);
  const SessionCounters& counters = table->counters();
  EXPECT_EQ(sink.ids.size() + counters[SessionCounter::PredictExpired], table->pool().last_id())
      << "no session is lost";
  EXPECT_EQ(counters[SessionCounter::Predicted],
            counters[SessionCounter::PredictMatched] + counters[SessionCounter::PredictExpired]);
  EXPECT_EQ(sink.counted, sink.passed) << "each packet of a session is counted once";
  EXPECT_EQ(table->segments_held(), 0u);
  return sink.log;
}

TEST(RandomPackets, AccountsBalanceAndBatchesDoNotMatter) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SessionSettings settings;
    settings.capacity = seed % 3 == 0 ? 8 : 100;
    settings.tcp.reject_non_syn = seed % 2 == 0;
    settings.tcp.segments_per_session = 2;
    settings.tcp.segments_in_all = 5;
    if (seed % 4 == 1) settings.tcp.asymmetric_path = AsymmetricPath::Bypass;
    const std::vector<PacketView> packets = random_packets(seed, 20'000);
    const std::string once = run(packets, settings, packets.size());
    EXPECT_GT(once.size(), 1000u);
    EXPECT_EQ(once, run(packets, settings, 1)) << seed;
    EXPECT_EQ(once, run(packets, settings, 7)) << seed;
    settings.hash_seed = 99;
    EXPECT_EQ(once, run(packets, settings, 64)) << "the seed decides nothing";
  }
}

}  // namespace
}  // namespace endreason
