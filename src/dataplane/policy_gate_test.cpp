// SPDX-License-Identifier: Apache-2.0
// Rules on sessions of packets: when they are asked, and what a denial does to the session, its
// row, the counters and the wire.
#include <gtest/gtest.h>

#include "dataplane/made_conversation.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

const std::string kRequest = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
// A ClientHello of TLS 1.2 without extensions, for ssl.
std::string client_hello() {
  const made::Bytes body =
      made::hex("03 03") + made::Bytes(32, 7) + made::hex("00 0004 002f 0035 01 00 0000");
  const made::Bytes hello = made::hex("01 00") + made::be16(body.size()) + body;
  const made::Bytes record = made::hex("16 03 01") + made::be16(hello.size()) + hello;
  return {record.begin(), record.end()};
}

SecurityRule for_application(std::string name, std::string app, Action action) {
  SecurityRule rule = rule_of(std::move(name), action);
  rule.application = {std::move(app)};
  return rule;
}

EngineOptions with(std::vector<SecurityRule> rules) {
  EngineOptions options;
  options.policy = compiled(std::move(rules));
  return options;
}

std::uint32_t word(const made::Bytes& bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
                                    bytes[at + 3]);
}

TEST(PolicyGate, ARuleWithoutApplicationDropsTheFirstPacketAndThereIsNoSession) {
  Conversation talk;
  talk.tcp(true, kTcpSyn).wait(1).tcp(true, kTcpSyn);
  const GateRun run = run_gate(talk.frames(), with({rule_of("closed", Action::Drop)}));
  ASSERT_EQ(run.rows.size(), 2u) << "each SYN asks again";
  const GateRow& row = run.rows[0];
  EXPECT_EQ(row.subtype, "drop");
  EXPECT_EQ(row.id, "0");
  EXPECT_EQ(row.app, "not-applicable");
  EXPECT_EQ(row.rule, "closed");
  EXPECT_EQ(row.action, "drop");
  EXPECT_EQ(row.source, "from-policy");
  EXPECT_EQ(row.reason, "policy-deny");
  EXPECT_EQ(row.packets, "1");
  EXPECT_EQ(run.counters[SessionCounter::PolicyDeny], 2u);
  EXPECT_EQ(run.counters[SessionCounter::Created], 0u);
  EXPECT_TRUE(run.sent.empty()) << "silent";
}

TEST(PolicyGate, WithoutRulesTheEngineAllowsAndSaysSo) {
  Conversation talk;
  talk.handshake().tcp(true, kTcpAck | kTcpPsh, kRequest);
  const GateRun run = run_gate(talk.frames(), {});
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].rule, kEngineRule);
  EXPECT_EQ(run.rows[0].action, "allow");
}

TEST(PolicyGate, ARuleThatWaitsForTheApplicationKeepsTheSessionUntilItIsKnown) {
  Conversation talk;
  talk.handshake().tcp(true, kTcpAck | kTcpPsh, kRequest).tcp(false, kTcpAck);
  const auto let =
      run_gate(talk.frames(), with({for_application("web", "web-browsing", Action::Allow)}));
  ASSERT_EQ(let.rows.size(), 1u);
  EXPECT_EQ(let.rows[0].subtype, "end");
  EXPECT_EQ(let.rows[0].rule, "web");

  const auto denied = run_gate(talk.frames(), with({for_application("tls", "ssl", Action::Allow)}));
  ASSERT_EQ(denied.rows.size(), 1u);
  const GateRow& row = denied.rows[0];
  EXPECT_EQ(row.subtype, "deny");
  EXPECT_EQ(row.id, "1");
  EXPECT_EQ(row.app, "web-browsing");
  EXPECT_EQ(row.rule, "interzone-default");
  EXPECT_EQ(row.action, "reset-both") << "the application's own default action";
  EXPECT_EQ(row.source, "from-application");
  EXPECT_EQ(row.reason, "policy-deny");
  EXPECT_EQ(row.stage, "appid policy lookup deny");
  EXPECT_EQ(row.state, "DISCARD");
  EXPECT_EQ(row.packets, "4") << "up to the one that showed the application";
  EXPECT_EQ(denied.counters[SessionCounter::ApplicationDeny], 1u);
  EXPECT_EQ(denied.counters[SessionCounter::Discarded], 1u);
  EXPECT_EQ(denied.counters.packets(), talk.frames().size());
}

TEST(PolicyGate, ASessionThatEndsBeforeItsApplicationIsKnownWasLetInByTheRuleThatWaited) {
  Conversation talk;
  talk.handshake().tcp(true, kTcpFin | kTcpAck).tcp(false, kTcpFin | kTcpAck);
  const auto run = run_gate(talk.frames(), with({for_application("tls", "ssl", Action::Allow)}));
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].subtype, "end");
  EXPECT_EQ(run.rows[0].app, "incomplete");
  EXPECT_EQ(run.rows[0].rule, "tls");
  EXPECT_EQ(run.rows[0].reason, "tcp-fin");
}

TEST(PolicyGate, ApplicationDefaultDeniesTheApplicationOnAnotherPort) {
  SecurityRule rule = for_application("web", "web-browsing", Action::Allow);
  rule.match.service = {std::string(kApplicationDefault)};
  SecurityRule tls = for_application("tls", "ssl", Action::Allow);
  tls.match.service = {std::string(kApplicationDefault)};
  Conversation talk({"10.0.0.1", "192.0.2.1"}, 443);
  talk.handshake().tcp(true, kTcpAck | kTcpPsh, kRequest);
  const auto run = run_gate(talk.frames(), with({rule, tls}));
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].subtype, "deny") << "port 443 is ssl's, so the session was kept at first";
  EXPECT_EQ(run.rows[0].app, "web-browsing");
  EXPECT_EQ(run.rows[0].rule, "interzone-default");
}

struct Reset {
  Action action;
  bool to_client, to_server;
};
constexpr Reset kResets[] = {{Action::ResetClient, true, false},
                             {Action::ResetServer, false, true},
                             {Action::ResetBoth, true, true},
                             {Action::Drop, false, false}};

TEST(PolicyGate, ResetsGoToWhomTheActionNamesWithTheNumbersThatTheyExpect) {
  for (const Reset& row : kResets) {
    Conversation talk;
    talk.handshake();
    const std::uint32_t server_expects = talk.next_of_client();
    talk.tcp(true, kTcpAck | kTcpPsh, kRequest);
    const auto run = run_gate(
        talk.frames(), with({for_application("no", "web-browsing", row.action), rule_of("rest")}));
    ASSERT_EQ(run.sent.size(), std::size_t{row.to_client} + std::size_t{row.to_server});
    EXPECT_EQ(run.gate.resets, run.sent.size());
    for (const TimedFrame& sent : run.sent) {
      const made::Bytes& p = sent.bytes;
      ASSERT_EQ(p.size(), 40u);
      const bool to_client = word(p, 16) == 0x0a000001;
      EXPECT_EQ(p[33], kTcpRst | kTcpAck);
      EXPECT_EQ(word(p, 20), to_client ? (80u << 16 | 40'000u) : (40'000u << 16 | 80u));
      EXPECT_EQ(word(p, 24), to_client ? talk.next_of_server() : server_expects);
      EXPECT_EQ(word(p, 28), to_client ? talk.next_of_client() : talk.next_of_server());
      EXPECT_EQ(sent.time_ns, talk.frames().back().time_ns);
      EXPECT_TRUE(to_client ? row.to_client : row.to_server);
    }
  }
}

TEST(PolicyGate, NoResetIsSentForUdpNorBeforeTheHandshakeIsComplete) {
  Conversation udp({"10.0.0.1", "192.0.2.1"}, 53), tcp;
  udp.udp(true, "not dns");
  tcp.tcp(true, kTcpSyn);
  std::vector<TimedFrame> frames = udp.frames();
  frames.push_back(tcp.frames()[0]);
  const auto run = run_gate(frames, with({rule_of("no", Action::ResetBoth)}));
  ASSERT_EQ(run.rows.size(), 2u);
  EXPECT_EQ(run.rows[0].action, "reset-both");
  EXPECT_TRUE(run.sent.empty());
}

TEST(PolicyGate, DropIcmpTellsTheClientAndQuotesItsPacket) {
  SecurityRule rule = rule_of("no", Action::Drop);
  rule.icmp_unreachable = true;
  Conversation v4({"10.0.0.1", "192.0.2.1"}, 53), v6({"2001:db8::1", "2001:db8:1::1"}, 53);
  v4.udp(true, "hello");
  v6.udp(true, "hello");
  std::vector<TimedFrame> frames = v4.frames();
  frames.push_back(v6.frames()[0]);
  const auto run = run_gate(frames, with({rule}));
  ASSERT_EQ(run.rows.size(), 2u);
  EXPECT_EQ(run.rows[0].action, "drop-icmp");
  ASSERT_EQ(run.sent.size(), 2u);
  const made::Bytes& four = run.sent[0].bytes;
  EXPECT_EQ(four[9], 1) << "ICMP";
  EXPECT_EQ(word(four, 16), 0x0a000001u) << "to the client";
  EXPECT_EQ(word(four, 20) >> 16, 0x030du) << "type 3, code 13";
  EXPECT_EQ(made::Bytes(four.begin() + 28, four.end()),
            made::Bytes(frames[0].bytes.begin() + 14, frames[0].bytes.end()));
  const made::Bytes& six = run.sent[1].bytes;
  EXPECT_EQ(six[6], 58) << "ICMPv6";
  EXPECT_EQ(word(six, 40) >> 16, 0x0101u) << "type 1, code 1";
}

TEST(PolicyGate, UnreachablesAreLimitedInEachSecondOfPacketTime) {
  SecurityRule rule = rule_of("no", Action::Drop);
  rule.icmp_unreachable = true;
  std::vector<TimedFrame> frames;
  Conversation talk({"10.0.0.1", "192.0.2.1"}, 53);
  talk.udp(true, "x");
  for (int second = 0; second < 2; ++second)
    for (int i = 0; i < 250; ++i)
      frames.push_back({kTestStart + second * kNanosPerSecond + i, talk.frames()[0].bytes});
  const auto run = run_gate(frames, with({rule}));
  EXPECT_EQ(run.sent.size(), 400u);
  EXPECT_EQ(run.gate.unreachables, 400u);
  EXPECT_EQ(run.gate.unreachables_limited, 100u);
  EXPECT_EQ(run.counters[SessionCounter::PolicyDeny], 500u) << "dropped all the same";
}

TEST(PolicyGate, WhatItsProtocolTellsIsKnownAtTheFirstPacket) {
  Conversation talk;
  talk.ping();
  auto run = run_gate(talk.frames(),
                      with({for_application("no ping", "ping", Action::Deny), rule_of("rest")}));
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].subtype, "drop");
  EXPECT_EQ(run.rows[0].app, "ping");
  EXPECT_EQ(run.rows[0].rule, "no ping");
  run = run_gate(talk.frames(), with({for_application("ping", "ping", Action::Allow)}));
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].subtype, "end");
  EXPECT_EQ(run.rows[0].rule, "ping");
}

TEST(PolicyGate, RowsThatTheRuleDoesNotLogAreCounted) {
  SecurityRule silent = rule_of("silent");
  silent.log_end = false;
  Conversation talk;
  talk.tcp(true, kTcpSyn);
  const auto run = run_gate(talk.frames(), with({silent}));
  EXPECT_TRUE(run.rows.empty());
  EXPECT_EQ(run.gate.rows_not_logged, 1u);
}

TEST(PolicyGate, ARuleThatLogsTheStartHasARowAtEachChangeOfTheApplication) {
  SecurityRule rule = rule_of("both");
  rule.log_start = true;
  Conversation talk({"10.0.0.1", "192.0.2.1"}, 443);
  talk.handshake().tcp(true, kTcpAck | kTcpPsh, client_hello());
  const auto run = run_gate(talk.frames(), with({rule}));
  ASSERT_EQ(run.rows.size(), 2u);
  EXPECT_EQ(run.rows[0].subtype, "start");
  EXPECT_EQ(run.rows[0].app, "ssl");
  EXPECT_EQ(run.rows[0].rule, "both");
  EXPECT_EQ(run.rows[1].subtype, "end");
}

TEST(PolicyGate, TheFirewallItselfAnswersOnlyToServicesThatAreEnabled) {
  Policy policy = zones_for_test();
  policy.zones[0].interfaces = {"inside"};
  policy.interfaces.push_back({"inside", {"10.0.0.254/8"}, "manage", 1});
  policy.management_profiles.push_back({"manage", {"ping"}, {}, 2});
  policy.intrazone_default.log_end = true;
  EngineOptions options;
  options.policy = std::make_shared<const CompiledPolicy>(
      std::move(CompiledPolicy::create(std::move(policy)).value()));
  Conversation ssh({"10.0.0.1", "10.0.0.254"}, 22), ping({"10.0.0.1", "10.0.0.254"});
  ssh.tcp(true, kTcpSyn).wait(1).tcp(true, kTcpSyn);
  ping.ping();
  std::vector<TimedFrame> frames = ssh.frames();
  frames.push_back(ping.frames()[0]);
  const auto run = run_gate(frames, options);
  EXPECT_EQ(run.counters[SessionCounter::HostServiceDeny], 1u);
  EXPECT_EQ(run.counters[SessionCounter::Discarded], 1u);
  ASSERT_EQ(run.rows.size(), 2u);
  EXPECT_EQ(run.rows[0].app, "ping");
  EXPECT_EQ(run.rows[0].reason, "aged-out");
  EXPECT_EQ(run.rows[1].app, "not-applicable");
  EXPECT_EQ(run.rows[1].stage, "host service");
  EXPECT_EQ(run.rows[1].reason, "policy-deny");
  EXPECT_EQ(run.rows[1].generated, "2026/03/10 10:01:31") << "90 s after the last SYN";
}

TEST(PolicyGate, ADeniedSessionIsAnsweredWithIcmpAtTheNextPacketOfTheClient) {
  SecurityRule rule = for_application("no dns", "dns", Action::Drop);
  rule.icmp_unreachable = true;
  UserSignature answer;
  answer.app = "dns";
  answer.protocol = kProtoUdp;
  answer.pattern = "PONG";
  answer.pattern_from_client = false;
  EngineOptions options = with({rule, rule_of("rest")});
  options.user_applications = {answer};
  Conversation talk({"10.0.0.1", "192.0.2.1"}, 5353);
  talk.udp(true, "PING").udp(false, "PONG").udp(true, "PING").udp(true, "PING");
  const auto run = run_gate(talk.frames(), options);
  EXPECT_EQ(run.counters[SessionCounter::ApplicationDeny], 1u);
  ASSERT_EQ(run.sent.size(), 1u);
  EXPECT_EQ(run.sent[0].time_ns, talk.frames()[2].time_ns);
}

TEST(PolicyGate, AFullPoolIsSaidToBeALackOfResources) {
  EngineOptions options = with({rule_of("all")});
  options.session.capacity = 1;
  options.session.accelerated_aging = false;
  Conversation one, two({"10.0.0.2", "192.0.2.1"});
  one.tcp(true, kTcpSyn);
  two.tcp(true, kTcpSyn);
  std::vector<TimedFrame> frames = one.frames();
  frames.push_back(two.frames()[0]);
  const auto run = run_gate(frames, options);
  EXPECT_EQ(run.counters[SessionCounter::PoolFull], 1u);
  ASSERT_EQ(run.rows.size(), 2u);
  EXPECT_EQ(run.rows[0].id, "0");
  EXPECT_EQ(run.rows[0].reason, "resources-unavailable");
  EXPECT_EQ(run.rows[0].stage, "resource limit");
  EXPECT_EQ(run.rows[0].rule, "all");
}

}  // namespace
}  // namespace endreason
