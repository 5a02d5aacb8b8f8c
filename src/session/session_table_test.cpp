// SPDX-License-Identifier: Apache-2.0
#include "session/session_table.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include <fmt/format.h>

#include "model/protocol.hpp"
#include "session/packet_script_for_test.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMilli = 1'000'000;

PacketView packet(std::int64_t at_ms, std::uint8_t protocol, std::uint32_t src, std::uint32_t dst,
                  std::uint16_t sport = 1000, std::uint16_t dport = 53) {
  PacketView p;
  p.time_ns = at_ms * kMilli;
  p.src = test_address(src);
  p.dst = test_address(dst);
  p.sport = sport;
  p.dport = dport;
  p.protocol = protocol;
  p.wire_length = 100;
  p.payload_length = 50;
  return p;
}
PacketView udp(std::int64_t at_ms, std::uint32_t src = 1, std::uint32_t dst = 2) {
  return src < dst ? packet(at_ms, 17, src, dst, 1000, 53) : packet(at_ms, 17, src, dst, 53, 1000);
}

std::unique_ptr<SessionTable> make_table(const SessionSettings& settings = {.capacity = 1000}) {
  return std::move(SessionTable::create(settings).value());
}

void send(SessionTable& table, SessionSink& sink, const PacketView& p) {
  table.process({&p, 1}, sink);
}

std::string ends(const CollectingSink& sink) {
  std::string text;
  for (const CollectingSink::Ended& e : sink.ended)
    text += fmt::format("{} {}+{} at {}; ", info(e.reason()).log_name,
                        std::uint64_t{e.session.flows[0].packets},
                        std::uint64_t{e.session.flows[1].packets}, e.at_ns / kMilli);
  return text;
}

TEST(SessionTable, UdpIsOneSessionBothWaysAndAgesOut) {
  auto table = make_table();
  CollectingSink sink;
  send(*table, sink, udp(0, 2, 1));
  send(*table, sink, udp(10, 1, 2));
  EXPECT_EQ(sink.session.client(), test_address(2));
  EXPECT_EQ(sink.session.client_port(), 53);
  EXPECT_EQ(sink.last.flow, Flow::S2c);
  send(*table, sink, udp(29'000, 2, 1));
  table->finish(sink);
  EXPECT_EQ(ends(sink), "aged-out 2+1 at 59000; ");
}

TEST(SessionTable, EchoesAreOneSessionByIdentifier) {
  auto table = make_table();
  CollectingSink sink;
  for (const std::uint16_t identifier : {std::uint16_t{7}, std::uint16_t{8}}) {
    PacketView request = packet(identifier, 1, 1, 2, identifier, identifier);
    request.icmp_type = 8;
    PacketView reply = packet(identifier, 1, 2, 1, identifier, identifier);
    send(*table, sink, request);
    send(*table, sink, reply);
  }
  table->finish(sink);
  EXPECT_EQ(ends(sink), "aged-out 1+1 at 6007; aged-out 1+1 at 6008; ");
}

TEST(SessionTable, OtherProtocolsHaveTheDefaultTimer) {
  auto table = make_table();
  CollectingSink sink;
  send(*table, sink, packet(0, 47, 1, 2, 0, 0));
  send(*table, sink, packet(10, 47, 2, 1, 0, 0));
  table->finish(sink);
  EXPECT_EQ(ends(sink), "aged-out 1+1 at 30010; ");
}

struct SctpCase {
  std::string_view behaviour;
  std::vector<std::uint8_t> chunks;
  std::int64_t ends_after_s;
};

TEST(SessionTable, SctpTimersFollowTheChunks) {
  const std::vector<SctpCase> cases = {
      {"INIT without answer", {1}, 5},
      {"INIT ACK without COOKIE ECHO", {1, 2}, 60},
      {"an association", {1, 2, 10, 11, 0}, 3600},
      {"SHUTDOWN", {1, 2, 10, 11, 0, 7, 8, 14}, 30},
      {"ABORT", {1, 6}, 30},
  };
  for (const SctpCase& c : cases) {
    auto table = make_table();
    CollectingSink sink;
    for (const std::uint8_t chunk : c.chunks) {
      PacketView p = packet(0, 132, 1, 2);
      p.sctp_chunk = chunk;
      send(*table, sink, p);
    }
    table->finish(sink);
    ASSERT_EQ(sink.ended.size(), 1u) << c.behaviour;
    EXPECT_EQ(sink.ended[0].at_ns, c.ends_after_s * kNanosPerSecond) << c.behaviour;
  }
}

// An IPv4 header with the first four bytes of UDP behind it, as routers quote it.
std::vector<std::uint8_t> quote(const PacketView& p) {
  std::vector<std::uint8_t> bytes(28);
  bytes[0] = 0x45;
  bytes[9] = p.protocol;
  std::copy_n(p.src.bytes.begin() + 12, 4, bytes.begin() + 12);
  std::copy_n(p.dst.bytes.begin() + 12, 4, bytes.begin() + 16);
  bytes[20] = static_cast<std::uint8_t>(p.sport >> 8);
  bytes[21] = static_cast<std::uint8_t>(p.sport);
  bytes[22] = static_cast<std::uint8_t>(p.dport >> 8);
  bytes[23] = static_cast<std::uint8_t>(p.dport);
  return bytes;
}

PacketView unreachable(std::int64_t at_ms, const std::vector<std::uint8_t>& quoted) {
  PacketView p = packet(at_ms, 1, 99, 1, 3, 1);
  p.icmp_type = 3;
  p.icmp_code = 1;
  p.quoted = quoted.data();
  p.quoted_length = static_cast<std::uint32_t>(quoted.size());
  return p;
}

TEST(SessionTable, AnIcmpErrorIsTiedToTheSessionItQuotesAndBeginsNone) {
  auto table = make_table();
  CollectingSink sink;
  const std::vector<std::uint8_t> quoted = quote(udp(0));
  send(*table, sink, unreachable(0, quoted));
  EXPECT_EQ(sink.last.outcome, SessionCounter::IcmpErrorUnmatched);
  send(*table, sink, udp(0));
  send(*table, sink, unreachable(10'000, quoted));
  EXPECT_EQ(sink.last.outcome, SessionCounter::IcmpErrorMatched);
  EXPECT_EQ(sink.last.flow, Flow::S2c);
  EXPECT_EQ(sink.session.icmp_error_type, 3);
  table->finish(sink);
  EXPECT_EQ(ends(sink), "aged-out 1+0 at 30000; ") << "the error does not keep it alive";
  EXPECT_TRUE(sink.ended[0].session.remarked(kIcmpErrorSeen));
}

TEST(SessionTable, AQuotationCutAnywhereIsCountedAndNothingElse) {
  auto table = make_table();
  CollectingSink sink;
  send(*table, sink, udp(0));
  const std::vector<std::uint8_t> whole = quote(udp(0));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::vector<std::uint8_t> cut(whole.begin(),
                                        whole.begin() + static_cast<std::ptrdiff_t>(length));
    send(*table, sink, unreachable(1, cut));
    EXPECT_EQ(sink.last.outcome == SessionCounter::IcmpErrorMatched, length >= 24) << length;
  }
}

class PolicySink : public CollectingSink {
 public:
  SessionCounter admit(const PacketView&, PacketZones) override {
    return admits ? SessionCounter::Created : SessionCounter::PolicyDeny;
  }
  void on_packet(const PacketView& p, const PacketResult& result) override {
    CollectingSink::on_packet(p, result);
    if (decide && result.session != nullptr) decide(result);
  }
  bool admits = true;
  std::function<void(const PacketResult&)> decide;
};

TEST(SessionTable, APacketThatPolicyDeniesBeginsNoSession) {
  auto table = make_table();
  PolicySink sink;
  sink.admits = false;
  send(*table, sink, udp(0));
  EXPECT_EQ(sink.last.outcome, SessionCounter::PolicyDeny);
  EXPECT_EQ(table->pool().allocated(), 0u);
}

TEST(SessionTable, ADeniedSessionGoesOnInDiscardAndItsPacketsAreDropped) {
  auto table = make_table();
  PolicySink sink;
  sink.decide = [&](const PacketResult& r) {
    if (r.first) table->deny(r.index);
  };
  send(*table, sink, udp(0));
  send(*table, sink, udp(50'000));
  EXPECT_EQ(sink.last.outcome, SessionCounter::Discarded);
  EXPECT_EQ(sink.session.state, SessionState::Discard);
  table->finish(sink);
  EXPECT_EQ(ends(sink), "policy-deny 2+0 at 110000; ");
  EXPECT_EQ(sink.ended[0].session.stage, TrackerStage::AppidPolicyLookupDeny);
}

TEST(SessionTable, DiscardIsNotRefreshedWhereTheSettingSaysSo) {
  auto table = make_table({.capacity = 10, .refresh_discard = false});
  PolicySink sink;
  sink.decide = [&](const PacketResult& r) {
    if (r.first) table->deny(r.index);
  };
  send(*table, sink, udp(0));
  send(*table, sink, udp(50'000));
  table->finish(sink);
  EXPECT_EQ(ends(sink), "policy-deny 2+0 at 60000; ");
}

TEST(SessionTable, AThreatRanksHighestWhateverElseHappened) {
  PacketScript script;
  EXPECT_EQ(script.play(R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  FA    0  client-closed)"),
            "");
  script.table->mitigate(script.sink.last.index, TrackerStage::MitigationTdb, EndReason::Threat);
  EXPECT_EQ(script.play(R"(
       30  s2c  R     0  DISCARD  out=flow_session_discarded
    80000  c2s  S     0  DISCARD  out=flow_session_discarded
       = ended threat 3 2 170000)"),
            "");
}

TEST(SessionTable, ACloseEndsTheSessionWithTheCallAndItsNextPacketBeginsAnother) {
  auto table = make_table();
  PolicySink sink;
  sink.decide = [&](const PacketResult& r) {
    if (r.session->flows[0].packets == 2) table->close(r.index, EndReason::Decoder);
  };
  for (int i = 0; i < 5; ++i) send(*table, sink, udp(i));
  table->finish(sink);
  EXPECT_EQ(ends(sink), "decoder 2+0 at 1; decoder 2+0 at 3; aged-out 1+0 at 30004; ");
}

TEST(SessionTable, ClearingEndsWhatIsOpenAtThatTimeUnlessAHigherReasonIsKnown) {
  PacketScript script;
  EXPECT_EQ(script.play(R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  FA    0  client-closed)"),
            "");
  SessionTable& table = *script.table;
  send(table, script.sink, udp(0));
  send(table, script.sink, udp(500, 2));
  table.clear(30'300'000'000, script.sink);
  EXPECT_EQ(ends(script.sink),
            "aged-out 1+0 at 30000; tcp-fin 2+1 at 30300; unknown 1+0 at 30300; ");
  EXPECT_EQ(table.pool().allocated(), 0u);
  send(table, script.sink, udp(30'301, 2));
  EXPECT_EQ(script.sink.session.id, 4u);
}

TEST(SessionTable, ASessionClosedBetweenPacketsIsReplacedByTheNext) {
  auto table = make_table();
  CollectingSink sink;
  send(*table, sink, udp(0));
  table->close(sink.last.index, EndReason::Unknown);
  send(*table, sink, udp(5));
  EXPECT_EQ(ends(sink), "unknown 1+0 at 0; ");
  EXPECT_EQ(sink.session.id, 2u);
}

TEST(SessionTable, AnApplicationMayHaveItsOwnTimeouts) {
  auto table = make_table();
  SessionTimeouts own;
  ASSERT_TRUE(own.set(SessionTimer::Udp, 3));
  const auto profile = table->add_timeout_profile(own);
  ASSERT_TRUE(profile);
  PolicySink sink;
  sink.decide = [&](const PacketResult& r) { table->set_application(r.index, 42, *profile); };
  send(*table, sink, udp(0));
  table->finish(sink);
  EXPECT_EQ(ends(sink), "aged-out 1+0 at 3000; ");
  EXPECT_EQ(sink.ended[0].session.app, 42);
}

TEST(SessionTable, AFullPoolDropsOrLetsPassAsTheSettingSays) {
  for (const FullPool behaviour : {FullPool::Drop, FullPool::Bypass}) {
    auto table = make_table({.capacity = 2, .full_pool = behaviour});
    CollectingSink sink;
    for (std::uint32_t host = 10; host < 13; ++host) send(*table, sink, udp(0, host, 100));
    EXPECT_EQ(sink.last.outcome, behaviour == FullPool::Drop ? SessionCounter::PoolFull
                                                             : SessionCounter::PoolFullBypass);
    EXPECT_EQ(passes(sink.last.outcome), behaviour == FullPool::Bypass);
    send(*table, sink, udp(40'000, 12, 100));
    EXPECT_EQ(sink.last.outcome, SessionCounter::Created) << "room again after the timers";
  }
}

TEST(SessionTable, AConnectionThatAFullPoolLetPassGoesOnAsItBegan) {
  for (const FullPool behaviour : {FullPool::Drop, FullPool::Bypass}) {
    auto table = make_table({.capacity = 1, .full_pool = behaviour});
    CollectingSink sink;
    send(*table, sink, udp(0, 10, 100));
    PacketView segment = udp(0, 11, 100);
    segment.protocol = kProtoTcp;
    for (const std::uint8_t flags : {kTcpSyn, kTcpAck, kTcpRst}) {
      segment.tcp_flags = flags;
      send(*table, sink, segment);
      EXPECT_EQ(passes(sink.last.outcome), behaviour == FullPool::Bypass) << unsigned{flags};
    }
    EXPECT_EQ(sink.pool_full, behaviour == FullPool::Drop ? 1 : 0) << "the SYN, whose row says so";
    segment.tcp_flags = kTcpAck;
    segment.time_ns = udp(40'000).time_ns;
    send(*table, sink, segment);
    EXPECT_EQ(sink.last.outcome, SessionCounter::NonSyn) << "room again: nothing is known of it";
  }
}

TEST(SessionTable, AgingIsAcceleratedAboveTheThreshold) {
  auto table = make_table({.capacity = 100});
  CollectingSink sink;
  for (std::uint32_t host = 1; host <= 81; ++host) send(*table, sink, udp(20'000, host, 1000));
  EXPECT_TRUE(table->accelerated());
  table->advance(35'100 * kMilli, sink);
  EXPECT_EQ(sink.ended.size(), 81u) << "30 s divided by 2";
  EXPECT_EQ(sink.ended[0].at_ns, 35'000 * kMilli);
  EXPECT_FALSE(table->accelerated());
  EXPECT_EQ(table->counters()[SessionCounter::AcceleratedAging], 1u);
}

TEST(SessionTable, NoSessionAgesBeforeAccelerationSetIn) {
  auto table = make_table({.capacity = 100});
  CollectingSink sink;
  send(*table, sink, udp(0, 500, 1000));
  for (std::uint32_t host = 1; host <= 80; ++host) send(*table, sink, udp(20'000, host, 1000));
  table->advance(21'000 * kMilli, sink);
  ASSERT_EQ(sink.ended.size(), 1u);
  EXPECT_EQ(sink.ended[0].at_ns, 20'000 * kMilli);
}

TEST(SessionTable, WrongSettingsAreRefusedByName) {
  EXPECT_FALSE(SessionTable::create({.capacity = 0}));
  const auto threshold = SessionTable::create({.accelerated_threshold_percent = 49});
  ASSERT_FALSE(threshold);
  EXPECT_EQ(threshold.error().message,
            "accelerated-aging-threshold: 49 is out of range (set 50 to 99 %)");
  EXPECT_FALSE(SessionTable::create({.accelerated_factor = 17}));
}

TEST(SessionTable, PacketsThatCouldNotBeDecodedAreCountedAndGoNoFurther) {
  auto table = make_table();
  CollectingSink sink;
  PacketView p = udp(0);
  p.status = DecodeStatus::Malformed;
  send(*table, sink, p);
  EXPECT_EQ(sink.last.outcome, SessionCounter::Malformed);
  for (std::size_t status = 1; status < kDecodeStatuses; ++status) {
    p.status = static_cast<DecodeStatus>(status);
    const SessionCounter own = undecoded(p.status);
    const std::uint64_t before = table->counters()[own];
    send(*table, sink, p);
    EXPECT_EQ(table->counters()[own], before + 1) << info(own).log_name;
    EXPECT_EQ(sink.last.session, nullptr);
  }
  EXPECT_EQ(table->counters().packets(), kDecodeStatuses);
}

TEST(SessionTable, FragmentsPutTogetherCountAsTheWirePacketsThatTheyWere) {
  auto table = make_table();
  CollectingSink sink;
  PacketView p = udp(0);
  p.packets = 3;
  send(*table, sink, p);
  EXPECT_EQ(sink.session.flows[0].packets, 3u);
}

TEST(SessionTable, TimeThatGoesBackOrFarAheadDoesNoHarm) {
  auto table = make_table();
  CollectingSink sink;
  send(*table, sink, udp(100'000));
  send(*table, sink, udp(99'000));
  EXPECT_EQ(sink.session.flows[0].packets, 2u);
  PacketView p = udp(0, 5, 6);
  p.time_ns = INT64_MAX;
  send(*table, sink, p);
  EXPECT_EQ(ends(sink), "aged-out 2+0 at 130000; ");
  p.time_ns = INT64_MIN;
  send(*table, sink, p);
  table->finish(sink);
  EXPECT_EQ(table->pool().allocated(), 0u);
}

PacketView reply_to(const PacketView& p, std::int64_t at_ms) {
  PacketView reply = p;
  std::swap(reply.src, reply.dst);
  std::swap(reply.sport, reply.dport);
  reply.time_ns = at_ms * kMilli;
  return reply;
}

void send_in(SessionTable& table, SessionSink& sink, const PacketView& p, PacketZones zones) {
  table.process({&p, 1}, sink, {&zones, 1});
}

TEST(SessionTable, ZonesTellSessionsOfTheSameTupleApart) {
  auto table = make_table({.capacity = 1000, .zones = 3});
  CollectingSink sink;
  const std::vector<PacketView> packets(3, udp(0));
  const std::vector<PacketZones> zones = {{1, kNoZone}, {2, kNoZone}, {1, kNoZone}};
  table->process(packets, sink, zones);
  EXPECT_EQ(table->pool().allocated(), 2u);
}

TEST(SessionTable, RepliesFromAnotherZoneFindTheSessionAndTellTheServersZone) {
  auto table = make_table({.capacity = 1000, .zones = 4});
  CollectingSink sink;
  send_in(*table, sink, udp(0), {1, kNoZone});
  EXPECT_EQ(sink.session.server_zone, kNoZone);
  send_in(*table, sink, reply_to(udp(0), 1), {3, kNoZone});
  EXPECT_EQ(sink.last.flow, Flow::S2c);
  EXPECT_EQ(sink.session.key.zone, 1);
  EXPECT_EQ(sink.session.server_zone, 3);
  send_in(*table, sink, reply_to(udp(0), 2), {2, kNoZone});
  EXPECT_TRUE(sink.last.first) << "the server is in zone 3: this is the client of another session";
  send_in(*table, sink, udp(3), {1, kNoZone});
  EXPECT_EQ(sink.session.flows[0].packets, 2u);
  EXPECT_EQ(table->pool().allocated(), 2u);
}

// With several threads they may be in another table, and the rows must be the same.
TEST(SessionTable, SessionsOfOthersDoNotDecideWhoseReplyItIs) {
  for (const bool others : {false, true}) {
    auto table = make_table({.capacity = 1000, .zones = 4});
    CollectingSink sink;
    if (others) {
      PacketView p = udp(0);
      p.src = test_address(77);
      send_in(*table, sink, p, {2, kNoZone});
      send_in(*table, sink, reply_to(p, 1), {3, kNoZone});
      EXPECT_EQ(sink.session.key.zone, 2);
    }
    send_in(*table, sink, udp(2), {1, kNoZone});
    send_in(*table, sink, udp(2), {2, kNoZone});
    send_in(*table, sink, reply_to(udp(2), 3), {3, kNoZone});
    EXPECT_EQ(sink.last.flow, Flow::S2c);
    EXPECT_EQ(sink.session.key.zone, 1) << (others ? "with others" : "alone");
  }
}

TEST(SessionTable, WhereAddressesTellTheZoneTheReplyNeedsNoSearch) {
  auto table = make_table({.capacity = 1000, .zones = 4});
  CollectingSink sink;
  send_in(*table, sink, udp(0), {1, 2});
  EXPECT_EQ(sink.session.server_zone, 2);
  send_in(*table, sink, reply_to(udp(0), 1), {2, 1});
  EXPECT_EQ(sink.last.flow, Flow::S2c);
  EXPECT_EQ(table->pool().allocated(), 1u);
}

TEST(SessionTable, AnIcmpErrorFindsItsSessionFromAnyZone) {
  auto table = make_table({.capacity = 1000, .zones = 4});
  CollectingSink sink;
  const std::vector<std::uint8_t> quoted = quote(udp(0));
  send_in(*table, sink, udp(0), {1, kNoZone});
  send_in(*table, sink, unreachable(1, quoted), {3, kNoZone});
  EXPECT_EQ(sink.last.outcome, SessionCounter::IcmpErrorMatched);
}

PacketView syn(std::int64_t at_ms, std::uint32_t src, std::uint32_t dst, std::uint16_t sport,
               std::uint16_t dport) {
  PacketView p = packet(at_ms, 6, src, dst, sport, dport);
  p.tcp_flags = kTcpSyn;
  p.payload_length = 0;
  return p;
}

TEST(SessionTable, APredictedSessionIsPredictUntilItsFirstPacketMakesItFlow) {
  auto table = make_table();
  CollectingSink sink;
  send(*table, sink, syn(0, 1, 2, 40000, 21));
  const SessionIndex parent = sink.last.index;
  table->predict(parent, {test_address(2), test_address(1), 40001, 6}, 42);
  table->predict(parent, {test_address(2), test_address(1), 40001, 6}, 42);
  EXPECT_EQ(table->pool().allocated(), 2u) << "announced twice is expected once";
  std::vector<Session> seen;
  table->visit([&](const Session& s) { seen.push_back(s); });
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen[1].has(kPredict));
  EXPECT_EQ(seen[1].client(), test_address(2));
  EXPECT_EQ(seen[1].client_port(), 0);
  EXPECT_EQ(seen[1].server_port(), 40001);
  send(*table, sink, syn(10, 3, 1, 20, 40001));
  EXPECT_FALSE(sink.session.has(kPredicted)) << "another host is not the one announced";
  send(*table, sink, syn(20, 2, 1, 20, 40001));
  EXPECT_TRUE(sink.last.first);
  EXPECT_TRUE(sink.session.has(kPredicted));
  EXPECT_EQ(sink.session.user, 1u) << "the parent's id";
  EXPECT_EQ(sink.session.app, 42);
  EXPECT_EQ(sink.session.id, 2u);
  EXPECT_EQ(sink.session.client_port(), 20);
  send(*table, sink, syn(30, 2, 1, 22, 40001));
  EXPECT_FALSE(sink.session.has(kPredicted)) << "one session is announced, not all";
  EXPECT_EQ(table->counters()[SessionCounter::PredictMatched], 1u);
  table->finish(sink);
  EXPECT_EQ(sink.ended.size(), 4u);
}

TEST(SessionTable, APredictionPassesPolicyAsItsParentDid) {
  auto table = make_table();
  PolicySink sink;
  send(*table, sink, syn(0, 1, 2, 40000, 21));
  table->predict(sink.last.index, {test_address(1), test_address(2), 5000, 6}, 42);
  sink.admits = false;
  send(*table, sink, syn(1, 1, 2, 40001, 5000));
  EXPECT_TRUE(sink.session.has(kPredicted));
  send(*table, sink, syn(1, 1, 2, 40002, 5000));
  EXPECT_EQ(sink.last.outcome, SessionCounter::PolicyDeny);
}

TEST(SessionTable, APredictionThatNobodyUsesLeavesNoRow) {
  auto table = make_table();
  CollectingSink sink;
  send(*table, sink, udp(0));
  table->predict(sink.last.index, {test_address(2), test_address(1), 40001, 6}, 42);
  send(*table, sink, syn((kPredictSeconds + 1) * 1000, 2, 1, 20, 40001));
  EXPECT_FALSE(sink.session.has(kPredicted));
  EXPECT_EQ(table->counters()[SessionCounter::PredictExpired], 1u);
  table->finish(sink);
  EXPECT_EQ(sink.ended.size(), 2u);
}

TEST(SessionTable, AnAnswerFromPortZeroIsNotTheAnnouncedClient) {
  auto table = make_table();
  CollectingSink sink;
  send(*table, sink, syn(0, 1, 2, 40000, 21));
  table->predict(sink.last.index, {test_address(2), test_address(1), 40001, 6}, 42);
  send(*table, sink, syn(1, 1, 2, 40001, 0));  // the reverse of the prediction
  EXPECT_TRUE(sink.last.first);
  EXPECT_FALSE(sink.session.has(kPredicted));
  EXPECT_EQ(table->counters()[SessionCounter::PredictExpired], 1u);
  send(*table, sink, syn(2, 5, 6, 1, 2));
  table->predict(sink.last.index, {test_address(5), test_address(6), 9, 6}, 42);
  send(*table, sink, syn(3, 5, 6, 0, 9));
  EXPECT_TRUE(sink.session.has(kPredicted)) << "its port may be 0 too";
}

TEST(SessionTable, ADataSessionFromTheServersZoneIsFound) {
  auto table = make_table({.capacity = 100, .zones = 4});
  CollectingSink sink;
  send_in(*table, sink, syn(0, 1, 2, 40000, 21), {1, kNoZone});
  table->predict(sink.last.index, {test_address(2), test_address(1), 40001, 6}, 42);
  send_in(*table, sink, syn(1, 2, 1, 20, 40001), {3, kNoZone});
  EXPECT_TRUE(sink.session.has(kPredicted)) << "though no reply had told the server's zone";
  EXPECT_EQ(sink.session.key.zone, 3);
}

TEST(SessionTable, AFullPoolRefusesPredictionsAndCountsThem) {
  auto table = make_table({.capacity = 1});
  CollectingSink sink;
  send(*table, sink, udp(0));
  table->predict(sink.last.index, {test_address(2), test_address(1), 40001, 6}, 42);
  EXPECT_EQ(table->counters()[SessionCounter::PredictRefused], 1u);
  EXPECT_EQ(table->pool().allocated(), 1u);
}

TEST(SessionTable, AConnectionInsideEndsTheSessionBeforeThePacketThatBeganIt) {
  auto table = make_table();
  PolicySink sink;
  int payloads = 0;
  sink.decide = [&](const PacketResult& r) {
    if (r.flow == Flow::C2s && ++payloads == 3)
      table->divide(udp(9'000), r, EndReason::Decoder, sink);
  };
  send(*table, sink, udp(0));
  send(*table, sink, udp(1'000));
  send(*table, sink, reply_to(udp(0), 2'000));
  send(*table, sink, udp(9'000));
  ASSERT_EQ(sink.ended.size(), 1u);
  EXPECT_EQ(sink.ended[0].reason(), EndReason::Decoder);
  EXPECT_EQ(sink.ended[0].session.id, 1u);
  EXPECT_EQ(sink.ended[0].session.flows[0].packets, 2u) << "the packet belongs to the next session";
  EXPECT_EQ(sink.ended[0].session.last_ns, 2'000 * kMilli);
  EXPECT_EQ(sink.ended[0].at_ns, 9'000 * kMilli);
  send(*table, sink, reply_to(udp(0), 10'000));
  EXPECT_EQ(sink.session.id, 2u);
  EXPECT_EQ(sink.session.start_ns, 9'000 * kMilli);
  EXPECT_EQ(table->pool().allocated(), 1u);
  table->finish(sink);
  EXPECT_EQ(ends(sink), "decoder 2+1 at 9000; aged-out 1+1 at 40000; ");
}

}  // namespace
}  // namespace endreason
