// SPDX-License-Identifier: Apache-2.0
// Whole conversations through the engine: what FTP announces and what HTTP proxies hold.
#include "dataplane/stream_decoders.hpp"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/engine.hpp"

namespace endreason {
namespace {

void append16(std::string& to, unsigned value) {
  to += static_cast<char>(value >> 8);
  to += static_cast<char>(value);
}
void append32(std::string& to, std::uint32_t value) {
  append16(to, value >> 16);
  append16(to, value & 0xffff);
}

// TCP connections as raw IPv4 packets, given to an engine one by one.
class Talk : public EngineSink {
 public:
  explicit Talk(bool log_start = false) {
    EngineOptions options;
    options.session.capacity = 1000;
    options.log_start = log_start;
    engine = std::move(Engine::create(options, *this).value());
  }

  struct Connection {
    std::uint32_t client, server;
    unsigned sport, dport;
    std::array<std::uint32_t, 2> next{1000, 500'000};
  };
  void open(Connection& c) {
    send(c, true, kTcpSyn, "");
    ++c.next[0];
    send(c, false, kTcpSyn | kTcpAck, "");
    ++c.next[1];
    send(c, true, kTcpAck, "");
  }
  void say(Connection& c, bool from_client, std::string_view text) {
    send(c, from_client, kTcpAck | kTcpPsh, text);
    c.next[from_client ? 0 : 1] += static_cast<std::uint32_t>(text.size());
  }
  // In pieces; `swap` sends each two of them the other way round.
  void say_in_pieces(Connection& c, bool from_client, std::string_view text, std::size_t piece,
                     bool swap = false) {
    std::uint32_t& next = c.next[from_client ? 0 : 1];
    const std::uint32_t start = next;
    std::vector<std::size_t> order;
    for (std::size_t at = 0; at < text.size(); at += piece) order.push_back(at);
    for (std::size_t i = 0; swap && i + 1 < order.size(); i += 2) std::swap(order[i], order[i + 1]);
    for (const std::size_t at : order) {
      next = start + static_cast<std::uint32_t>(at);
      send(c, from_client, kTcpAck | kTcpPsh, text.substr(at, piece));
    }
    next = start + static_cast<std::uint32_t>(text.size());
  }
  void close(Connection& c) {
    send(c, true, kTcpFin | kTcpAck, "");
    ++c.next[0];
    send(c, false, kTcpFin | kTcpAck, "");
    ++c.next[1];
    send(c, true, kTcpAck, "");
  }

  // The rows so far, "subtype id app reason parent packets" each.
  std::string rows() {
    engine->finish();
    std::string all;
    for (const std::string& row : rows_) all += row + "\n";
    return all;
  }

  void on_record(TrafficRecord& record) override {
    rows_.push_back(fmt::format("{} {} {} {} {} {}", record.text(Field::Subtype),
                                record.text(Field::Sessionid), record.text(Field::App),
                                record.text(Field::SessionEndReason),
                                record.text(Field::ParentSessionId), record.text(Field::Packets)));
  }
  std::unique_ptr<Engine> engine;

 private:
  void send(Connection& c, bool from_client, unsigned flags, std::string_view text) {
    std::string ip("\x45\0", 2);
    append16(ip, static_cast<unsigned>(40 + text.size()));
    append32(ip, 0);
    ip += "\x40\x06";
    append16(ip, 0);
    append32(ip, from_client ? c.client : c.server);
    append32(ip, from_client ? c.server : c.client);
    append16(ip, from_client ? c.sport : c.dport);
    append16(ip, from_client ? c.dport : c.sport);
    append32(ip, c.next[from_client ? 0 : 1]);
    append32(ip, (flags & kTcpAck) != 0 ? c.next[from_client ? 1 : 0] : 0);
    ip += '\x50';
    ip += static_cast<char>(flags);
    append16(ip, 60'000);
    append32(ip, 0);
    ip += text;
    RawPacket packet;
    packet.time_ns = now_ns_ += 1'000'000;
    packet.bytes = {reinterpret_cast<const std::uint8_t*>(ip.data()), ip.size()};
    packet.wire_length = static_cast<std::uint32_t>(ip.size());
    packet.link_type = 101;  // LINKTYPE_RAW
    engine->process({&packet, 1});
  }

  std::vector<std::string> rows_;
  std::int64_t now_ns_ = 0;
};

constexpr std::uint32_t kClient = 0x0a000001, kServer = 0x0a000002;

void log_in(Talk& talk, Talk::Connection& control) {
  talk.open(control);
  talk.say(control, false, "220 ftp.example.test ready\r\n");
  talk.say(control, true, "USER anonymous\r\n");
  talk.say(control, false, "331 Password please\r\n");
  talk.say(control, true, "PASS x@example.test\r\n");
  talk.say(control, false, "230 Logged in\r\n");
}

void transfer(Talk& talk, std::uint32_t client, std::uint32_t server, unsigned sport,
              unsigned dport) {
  Talk::Connection data{client, server, sport, dport};
  talk.open(data);
  talk.say(data, true, "some bytes of a file");
  talk.close(data);
}

struct FtpCase {
  std::string_view behaviour;
  bool from_client;
  std::string_view line;
  std::uint32_t data_client, data_server;
  unsigned dport;
};
constexpr auto kFtpCases = std::to_array<FtpCase>({
    {"PORT: the server connects", true, "PORT 10,0,0,1,195,80\r\n", kServer, kClient, 50'000},
    {"EPRT", true, "EPRT |1|10.0.0.1|50000|\r\n", kServer, kClient, 50'000},
    {"PASV: the client connects", false, "227 Entering Passive Mode (10,0,0,2,195,80)\r\n", kClient,
     kServer, 50'000},
    {"PASV of a server behind NAT, whose address nobody uses", false,
     "227 Entering Passive Mode (192,168,0,1,195,80)\r\n", kClient, kServer, 50'000},
    {"EPSV", false, "229 Entering Extended Passive Mode (|||50000|)\r\n", kClient, kServer, 50'000},
});

TEST(StreamDecoders, FtpDataConnectionsAreTheControlConnectionsChildren) {
  for (const FtpCase& c : kFtpCases) {
    Talk talk;
    Talk::Connection control{kClient, kServer, 40'000, 21};
    log_in(talk, control);
    talk.say(control, c.from_client, c.line);
    transfer(talk, c.data_client, c.data_server, 40'001, c.dport);
    EXPECT_NE(talk.rows().find("ftp-data tcp-fin 1 7"), std::string::npos) << c.behaviour << "\n"
                                                                           << talk.rows();
  }
}

TEST(StreamDecoders, TheControlConnectionMayBeCutAnywhereAndSwapped) {
  for (const FtpCase& c : kFtpCases)
    for (const std::size_t piece : {std::size_t{1}, std::size_t{4}, std::size_t{9}})
      for (const bool swap : {false, true}) {
        Talk talk;
        Talk::Connection control{kClient, kServer, 40'000, 21};
        log_in(talk, control);
        talk.say_in_pieces(control, c.from_client, c.line, piece, swap);
        transfer(talk, c.data_client, c.data_server, 40'001, c.dport);
        EXPECT_NE(talk.rows().find("ftp-data tcp-fin 1 7"), std::string::npos)
            << c.behaviour << ", " << piece << swap;
      }
}

TEST(StreamDecoders, AnotherPortIsFtpOnceItsContentSaysSo) {
  Talk talk;
  Talk::Connection control{kClient, kServer, 40'000, 2121};
  log_in(talk, control);
  talk.say(control, false, "229 Entering Extended Passive Mode (|||50000|)\r\n");
  transfer(talk, kClient, kServer, 40'001, 50'000);
  EXPECT_NE(talk.rows().find("end 2 ftp-data tcp-fin 1 7"), std::string::npos) << talk.rows();
}

TEST(StreamDecoders, WhatNobodyAnnouncedIsNoFtpData) {
  Talk talk;
  Talk::Connection control{kClient, kServer, 40'000, 21};
  log_in(talk, control);
  talk.say(control, true, "NLST 10,0,0,1,195,80\r\n");
  transfer(talk, kServer, kClient, 20, 50'000);
  EXPECT_EQ(talk.rows().find("ftp-data tcp-fin 1"), std::string::npos);
}

TEST(StreamDecoders, ABounceToAnotherHostIsCountedAndNotPredicted) {
  for (const std::string_view line : {"PORT 10,0,0,9,195,80\r\n", "EPRT |1|10.0.0.9|50000|\r\n"}) {
    Talk talk;
    Talk::Connection control{kClient, kServer, 40'000, 21};
    log_in(talk, control);
    talk.say(control, true, line);
    transfer(talk, kServer, 0x0a000009, 20, 50'000);
    EXPECT_EQ(talk.engine->decoders().third_hosts, 1u) << line;
    EXPECT_EQ(talk.engine->counters()[SessionCounter::Predicted], 0u) << line;
    EXPECT_NE(talk.rows().find("tcp-fin 0 7"), std::string::npos)
        << "the server's connection there is a session of its own: " << talk.rows();
  }
}

TEST(StreamDecoders, AnEncryptedControlConnectionIsNotRead) {
  Talk talk;
  Talk::Connection control{kClient, kServer, 40'000, 21};
  talk.open(control);
  talk.say(control, false, "220 ready\r\n");
  talk.say(control, true, "AUTH TLS\r\n");
  talk.say(control, false, "234 go ahead\r\n");
  talk.say(control, false, "229 Entering Extended Passive Mode (|||50000|)\r\n");
  transfer(talk, kClient, kServer, 40'001, 50'000);
  EXPECT_EQ(talk.rows().find("ftp-data tcp-fin 1"), std::string::npos);
}

TEST(StreamDecoders, ADataConnectionWithoutDataIsIncomplete) {
  Talk talk(true);
  Talk::Connection control{kClient, kServer, 40'000, 21};
  log_in(talk, control);
  talk.say(control, true, "PORT 10,0,0,1,195,80\r\n");
  Talk::Connection data{kServer, kClient, 20, 50'000};
  talk.open(data);
  talk.close(data);
  const std::string rows = talk.rows();
  EXPECT_NE(rows.find("end 2 incomplete tcp-fin 1 6"), std::string::npos) << rows;
  EXPECT_EQ(rows.find("start 2"), std::string::npos) << "no data has passed";
}

constexpr std::string_view kFirst = "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr std::string_view kAgain = "GET http://a.example/2 HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr std::string_view kSecond = "GET http://b.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n";
constexpr std::string_view kTunnel =
    "CONNECT c.example:443 HTTP/1.1\r\nHost: c.example:443\r\n\r\n";
constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(StreamDecoders, ARequestToAnotherHostEndsTheSessionOfTheProxyConnection) {
  Talk talk;
  Talk::Connection c{kClient, kServer, 40'000, 3128};
  talk.open(c);
  for (const std::string_view request : {kFirst, kAgain, kSecond, kTunnel}) {
    talk.say(c, true, request);
    talk.say(c, false, kAnswer);
  }
  talk.say(c, true, kFirst);  // inside the tunnel: nobody reads it
  talk.close(c);
  EXPECT_EQ(talk.rows(),
            "end 1 http-proxy decoder 0 7\n"
            "end 2 http-proxy decoder 0 2\n"
            "end 3 http-proxy tcp-fin 0 6\n");
}

TEST(StreamDecoders, TheRequestMayBeCutAnywhereAndSwapped) {
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 12u, 25u})
    for (const bool swap : {false, true}) {
      Talk talk;
      Talk::Connection c{kClient, kServer, 40'000, 3128};
      talk.open(c);
      talk.say_in_pieces(c, true, kFirst, piece);
      talk.say(c, false, kAnswer);
      talk.say_in_pieces(c, true, kSecond, piece, swap);
      talk.say(c, false, kAnswer);
      talk.close(c);
      const std::string rows = talk.rows();
      EXPECT_NE(rows.find(" decoder 0 "), std::string::npos) << piece << swap << "\n" << rows;
      EXPECT_NE(rows.find("end 2 http-proxy tcp-fin"), std::string::npos) << rows;
    }
}

TEST(StreamDecoders, AnOrdinaryServerIsOneSession) {
  Talk talk;
  Talk::Connection c{kClient, kServer, 40'000, 80};
  talk.open(c);
  talk.say(c, true, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
  talk.say(c, false, kAnswer);
  talk.say(c, true, "GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
  talk.say(c, false, kAnswer);
  talk.close(c);
  EXPECT_EQ(talk.rows(), "end 1 web-browsing tcp-fin 0 10\n");
}

TEST(StreamDecoders, EachSessionInsideHasItsStartRows) {
  Talk talk(true);
  Talk::Connection c{kClient, kServer, 40'000, 3128};
  talk.open(c);
  talk.say(c, true, kFirst);
  talk.say(c, true, kSecond);
  talk.close(c);
  const std::string rows = talk.rows();
  EXPECT_NE(rows.find("start 1 http-proxy n/a 0 4\nend 1 http-proxy decoder 0 4\n"),
            std::string::npos)
      << rows;
  EXPECT_NE(rows.find("start 2 http-proxy n/a 0 1\nend 2 http-proxy tcp-fin 0 4\n"),
            std::string::npos)
      << rows;
}

}  // namespace
}  // namespace endreason
