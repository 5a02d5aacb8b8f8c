// SPDX-License-Identifier: Apache-2.0
#include "appid/identifier.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "appid/packet_for_test.hpp"

namespace endreason {
namespace {

using test::Conversation;

constexpr std::string_view kGet = "GET /index.html HTTP/1.1\r\nHost: intranet.example\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

void append16(std::string& out, std::size_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value & 0xff));
}

// A TLS 1.2 ClientHello (RFC 5246, 7.4.1.2) that names a server (RFC 6066, 3).
std::string client_hello(std::string_view server) {
  std::string name;
  append16(name, 0);  // extension server_name
  append16(name, server.size() + 5);
  append16(name, server.size() + 3);
  name.push_back(0);
  append16(name, server.size());
  name += server;
  std::string body("\x03\x03", 2);
  body.append(32, 'r');
  body.push_back(0);                           // no session to resume
  body.append("\x00\x04\xc0\x2f\x00\x9c", 6);  // two cipher suites
  body.append("\x01\x00", 2);                  // no compression
  append16(body, name.size());
  body += name;
  std::string record("\x16\x03\x01", 3);
  append16(record, body.size() + 4);
  record.append("\x01\x00", 2);
  append16(record, body.size());
  return record + body;
}

// Bytes that no protocol sends.
std::string noise(std::size_t length, std::uint32_t seed = 1) {
  std::string bytes;
  while (bytes.size() < length) {
    seed = seed * 1664525U + 1013904223U;
    bytes.push_back(static_cast<char>(0x80U | (seed >> 24U)));
  }
  return bytes;
}

class IdentifierTest : public testing::Test {
 protected:
  void make(const IdentifierSettings& settings = {}, const std::vector<UserSignature>& own = {}) {
    auto made = AppCatalogue::make(own);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    catalogue = std::move(*made);
    auto engine = Identifier::make(catalogue, settings);
    ASSERT_TRUE(engine.has_value()) << engine.error().message;
    identifier = std::move(*engine);
  }
  struct Session {
    StateId id{StateId::None};
    AppId app{AppId::None};
    std::string changes;
    bool settled{};
  };
  void hear(Session& s, const PacketView& packet) {
    const AppStep step = identifier->step(s.id, s.app, packet, packet.sport >= 50000);
    for (std::size_t i = 0; i < step.change_count; ++i)
      s.changes.append(s.changes.empty() ? "" : " ").append(catalogue.name(step.changes[i]));
    s.app = step.app;
    s.settled = step.settled;
  }
  std::string_view end(Session& s, std::uint8_t protocol = kProtoTcp, bool handshake = true) {
    s.app = identifier->finish(s.id, s.app, {.protocol = protocol, .handshake_done = handshake});
    EXPECT_EQ(s.id == StateId::None || s.id == StateId::Settled, true);
    return catalogue.name(s.app);
  }
  AppCatalogue catalogue;
  std::unique_ptr<Identifier> identifier;
};

TEST_F(IdentifierTest, ARequestAndItsAnswerAreWebBrowsing) {
  make();
  Conversation talk{.server_port = 8123};  // the content says it, not the port
  Session s;
  hear(s, talk.say(true, kGet));
  hear(s, talk.say(false, kOk));
  EXPECT_EQ(s.changes, "web-browsing");
  EXPECT_EQ(end(s), "web-browsing");
}

TEST_F(IdentifierTest, TheNameInTheClientHelloShiftsSslToTheSite) {
  make();
  Conversation talk;
  Session s;
  const std::string hello = client_hello("www.facebook.com");
  hear(s, talk.say(true, hello));
  EXPECT_EQ(s.changes, "ssl facebook-base");
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(end(s), "facebook-base");
}

TEST_F(IdentifierTest, AClientHelloInTwoSegmentsIsPutTogether) {
  make();
  Conversation talk;
  Session s;
  const std::string hello = client_hello("www.facebook.com");
  hear(s, talk.say(true, std::string_view(hello).substr(0, 60)));
  hear(s, talk.say(true, std::string_view(hello).substr(60)));
  EXPECT_EQ(end(s), "facebook-base");
}

TEST_F(IdentifierTest, ANameThatNobodyKnowsStaysSsl) {
  make();
  Conversation talk;
  Session s;
  const std::string hello = client_hello("erp.corp.example");
  hear(s, talk.say(true, hello));
  EXPECT_EQ(end(s), "ssl");
}

TEST_F(IdentifierTest, APortIsNoEvidence) {
  make();
  for (const std::uint8_t protocol : {kProtoTcp, kProtoUdp}) {
    for (const std::uint16_t port : std::to_array<std::uint16_t>(
             {21, 22, 25, 53, 80, 161, 389, 443, 445, 500, 514, 1812, 3306, 5060})) {
      Conversation talk{.protocol = protocol, .server_port = port};
      Session s;
      const std::string bytes = noise(600, port);
      for (int i = 0; i < 12; ++i) hear(s, talk.say(i % 2 == 0, bytes));
      EXPECT_TRUE(s.settled);
      EXPECT_EQ(end(s, protocol), protocol == kProtoTcp ? "unknown-tcp" : "unknown-udp") << port;
    }
  }
}

TEST_F(IdentifierTest, LittleDataIsInsufficientAndNoDataIsIncomplete) {
  make();
  Conversation talk{.server_port = 4000};
  Session quiet, brief, half;
  hear(quiet, talk.say(true, ""));
  EXPECT_EQ(end(quiet), "incomplete");
  const std::string bytes = noise(30);
  hear(brief, talk.say(true, bytes));
  hear(half, talk.say(true, bytes));
  EXPECT_EQ(end(brief), "insufficient-data");
  EXPECT_EQ(end(half, kProtoTcp, false), "incomplete");
}

// tcpdump -s 54, say: the lengths of the packets tell that there was data.
TEST_F(IdentifierTest, PayloadThatTheCaptureLeftOutIsDataOfAnUnknownApplication) {
  make();
  const auto headers_only = [](PacketView packet) {
    packet.payload_captured = 0;
    return packet;
  };
  for (const std::uint8_t protocol : {kProtoTcp, kProtoUdp}) {
    Conversation talk{.protocol = protocol, .server_port = 4000};
    Session s;
    for (int i = 0; i < 3; ++i) hear(s, headers_only(talk.say(true, kGet)));
    EXPECT_EQ(end(s, protocol), protocol == kProtoTcp ? "unknown-tcp" : "unknown-udp");
  }
  Conversation talk;
  Session whole_later;
  hear(whole_later, headers_only(talk.say(true, kGet)));
  hear(whole_later, talk.say(true, kGet));
  hear(whole_later, talk.say(false, kOk));
  EXPECT_EQ(end(whole_later), "web-browsing");
}

TEST_F(IdentifierTest, UnknownDatagramsAreUnknownUdp) {
  make();
  Conversation talk{.protocol = kProtoUdp, .server_port = 4000};
  Session s;
  const std::string bytes = noise(300);
  for (int i = 0; i < 12; ++i) hear(s, talk.say(i % 2 == 0, bytes));
  EXPECT_EQ(end(s, kProtoUdp), "unknown-udp");
}

TEST_F(IdentifierTest, TypedDictionariesOfAnUnknownNetworkAreUnknownP2p) {
  make();
  Conversation talk{.protocol = kProtoUdp, .server_port = 40000};
  Session s;
  for (int i = 0; i < 12; ++i) hear(s, talk.say(i % 2 == 0, "d1:x3:abc1:y1:qe"));
  EXPECT_EQ(end(s, kProtoUdp), "unknown-p2p");
}

TEST_F(IdentifierTest, WhatIsSentAgainIsNotCountedAgain) {
  make({.packets_max = 4});
  Conversation talk{.server_port = 4000};
  Session s;
  const std::string bytes = noise(40);
  const std::uint32_t seq = talk.next[0];
  hear(s, talk.say(true, bytes));
  for (int i = 0; i < 50; ++i) hear(s, talk.at(true, seq, bytes));
  EXPECT_FALSE(s.settled);
  EXPECT_EQ(identifier->counters().packets_sent_again, 50U);
  EXPECT_EQ(end(s), "insufficient-data");
}

TEST_F(IdentifierTest, SequenceNumbersMayPassZero) {
  make({.packets_max = 4});
  Conversation talk{.server_port = 4000};
  talk.next[0] = 0xffff'fff0;
  Session s;
  const std::string bytes = noise(40);
  for (int i = 0; i < 3; ++i) hear(s, talk.say(true, bytes));
  EXPECT_EQ(identifier->counters().packets_sent_again, 0U);
  end(s);
}

TEST_F(IdentifierTest, ASessionIsSettledAfterABoundedNumberOfPacketsOrBytes) {
  make({.packets_max = 6, .bytes_max = 100'000});
  Conversation talk{.protocol = kProtoUdp, .server_port = 4000};
  Session s;
  const std::string bytes = noise(100);
  for (int i = 0; i < 6; ++i) hear(s, talk.say(i % 2 == 0, bytes));
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(identifier->counters().states_used, 0U);
  const std::uint64_t inspected = identifier->counters().packets_inspected;
  hear(s, talk.say(true, bytes));
  EXPECT_EQ(identifier->counters().packets_inspected, inspected);
  EXPECT_EQ(end(s, kProtoUdp), "unknown-udp");
}

TEST_F(IdentifierTest, StatesAreGivenBackAndTheirNumberIsBounded) {
  make({.states_max = 3});
  Conversation talk{.server_port = 4000};
  const std::string bytes = noise(30);
  std::vector<Session> sessions(5);
  for (Session& s : sessions) hear(s, talk.say(true, bytes));
  EXPECT_EQ(identifier->counters().states_used, 3U);
  EXPECT_EQ(identifier->counters().sessions_without_state, 2U);
  EXPECT_EQ(end(sessions[4]), "unknown-tcp");
  EXPECT_EQ(end(sessions[0]), "insufficient-data");
  EXPECT_EQ(identifier->counters().states_used, 2U);
  Session late;
  hear(late, talk.say(true, kGet));
  EXPECT_EQ(catalogue.name(late.app), "web-browsing");
  EXPECT_EQ(identifier->counters().states_used_max, 3U);
}

TEST_F(IdentifierTest, SessionsThatNeverFinishAreFreedWithTheIdentifier) {
  make();
  Conversation talk;
  std::vector<Session> sessions(300);
  for (Session& s : sessions) hear(s, talk.say(true, kGet));
  identifier.reset();  // the leak checker looks on
}

TEST_F(IdentifierTest, OneSessionDoesNotTeachAnother) {
  make();
  Conversation peers{.server_port = 6881};
  Session first, second;
  const std::string handshake = std::string("\023BitTorrent protocol") + std::string(48, 'h');
  hear(first, peers.say(true, handshake));
  EXPECT_EQ(end(first), "bittorrent");
  // The same two hosts, other bytes.
  Conversation other{.protocol = kProtoUdp, .server_port = 6881};
  const std::string bytes = noise(100);
  for (int i = 0; i < 12; ++i) hear(second, other.say(i % 2 == 0, bytes));
  EXPECT_EQ(end(second, kProtoUdp), "unknown-udp");
}

TEST_F(IdentifierTest, AUsersPatternGoesBeforeTheLibrary) {
  make({}, {{.app = "our-web", .pattern = "GET /index", .offset = 0}});
  Conversation talk;
  Session s;
  hear(s, talk.say(true, kGet));
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(s.changes, "our-web");
}

TEST_F(IdentifierTest, AUsersPatternInTheAnswerIsWaitedForThoughTheLibraryIsDone) {
  make({}, {{.app = "moved-page", .pattern = "HTTP/1.1 301", .pattern_from_client = false}});
  Conversation moved{.server_port = 80}, found{.server_port = 80};
  Session s, t;
  hear(s, moved.say(true, kGet));
  EXPECT_FALSE(s.settled);
  hear(s, moved.say(false, "HTTP/1.1 301 Moved\r\n\r\n"));
  EXPECT_TRUE(s.settled);
  EXPECT_EQ(end(s), "moved-page");
  hear(t, found.say(true, kGet));
  hear(t, found.say(false, "HTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_EQ(end(t), "web-browsing");
}

TEST_F(IdentifierTest, AUsersHostNameIsFoundInTheRequestAndInTheClientHello) {
  make({}, {{.app = "our-erp", .host = "*.corp.example"}});
  Conversation web{.server_port = 80}, tls;
  Session s, t;
  hear(s, web.say(true, "GET / HTTP/1.1\r\nHost: erp.corp.example\r\n\r\n"));
  EXPECT_EQ(end(s), "our-erp");
  const std::string hello = client_hello("erp.corp.example");
  hear(t, tls.say(true, hello));
  EXPECT_EQ(end(t), "our-erp");
}

TEST_F(IdentifierTest, AUsersPatternIsNotFoundAcrossAGap) {
  make({}, {{.app = "our-erp", .pattern = "HELLO"}});
  Conversation talk{.server_port = 4000};
  Session s;
  hear(s, talk.say(true, "HE"));
  hear(s, talk.at(true, talk.next[0] + 7, "xx"));
  hear(s, talk.say(true, "LLO"));  // the gap is filled, in order
  EXPECT_EQ(end(s), "our-erp");
  Session lost;
  Conversation other{.server_port = 4000};
  hear(lost, other.say(true, "HE"));
  PacketView snapped = other.say(true, "L");
  snapped.payload_length = 2;  // one byte of it was not captured
  hear(lost, snapped);
  other.next[0] += 1;
  hear(lost, other.say(true, "O"));
  EXPECT_EQ(end(lost), "insufficient-data");
}

// A question for the address of example.com (RFC 1035).
constexpr std::string_view kQuestion(
    "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07"
    "example\x03"
    "com\0\0\x01\0\x01",
    29);

TEST_F(IdentifierTest, AQuestionIsDnsOverUdpAndOverTcp) {
  make();
  Conversation udp{.protocol = kProtoUdp, .server_port = 53}, tcp{.server_port = 53};
  Session s, t;
  hear(s, udp.say(true, kQuestion));
  EXPECT_EQ(s.changes, "dns-base");
  EXPECT_TRUE(s.settled);
  const std::string with_length = std::string("\0\x1d", 2).append(kQuestion);
  hear(t, tcp.say(true, with_length));
  EXPECT_EQ(end(t), "dns-base");
}

TEST_F(IdentifierTest, ASessionWithoutSynIsNonSynTcp) {
  make();
  Session s;
  s.app = identifier->finish(s.id, s.app, {.protocol = kProtoTcp, .began_without_syn = true});
  EXPECT_EQ(s.app, AppId::NonSynTcp);
}

TEST_F(IdentifierTest, SettingsOfZeroAreRefusedWithTheRemedy) {
  make();
  const auto made = Identifier::make(catalogue, {.packets_max = 0});
  ASSERT_FALSE(made.has_value());
  EXPECT_NE(made.error().message.find("--no-appid"), std::string::npos);
}

}  // namespace
}  // namespace endreason
