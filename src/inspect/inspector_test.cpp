// SPDX-License-Identifier: Apache-2.0
#include "inspect/inspector.hpp"

#include <zlib.h>

#include <gtest/gtest.h>

#include "inspect/conversation_for_test.hpp"

namespace endreason::inspect {
namespace {

using test::Conversation;

constexpr std::string_view kEvil = R"(alert tcp any any -> any any (content:"EVIL"; sid:1;))";

std::string gzipped(std::string_view text) {
  std::string out(text.size() + 100, '\0');
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

TEST(Inspector, AContentThatTwoSegmentsPartIsFoundOnce) {
  Conversation c(kEvil);
  c.open();
  c.client("xxEV");
  c.client("ILxx");
  c.client("more");
  EXPECT_EQ(c.found(), "1@c");
}

TEST(Inspector, ContentsMayHoldAnyBytesAndBeLong) {
  const std::string letters(300, 'x');
  Conversation c(
      "alert tcp any any -> any any (content:\"|00 00 01|\"; sid:1;)\n"
      "alert tcp any any -> any any (content:\"" +
      letters +
      "y\"; sid:2;)\n"
      "alert tcp any any -> any any (content:\"a|0a ff 5c 78|b\"; nocase; sid:3;)\n");
  c.open();
  c.client(letters);
  c.client(std::string("y\0\0", 3));
  c.client("\x01 A\n\xff\\XB");
  EXPECT_EQ(c.found(), "2@c 1@c 3@c");
}

TEST(Inspector, SegmentsOutOfOrderArePutInOrder) {
  Conversation c(kEvil);
  c.open();
  c.segment(true, 4, "IL");
  EXPECT_EQ(c.found(), "");
  c.segment(true, 0, "xxEV");
  EXPECT_EQ(c.found(), "1@c");
}

TEST(Inspector, WhatComesFirstAtAPlaceCounts) {
  Conversation c(kEvil);
  c.open();
  c.segment(true, 0, "xxEV");
  c.segment(true, 2, "GOOD");  // its first two bytes are there already
  EXPECT_EQ(c.found(), "");
  c.segment(true, 0, "EVIL");  // sent again with other bytes
  EXPECT_EQ(c.found(), "");
}

TEST(Inspector, BytesThatWereAcknowledgedButNotSeenAreAGap) {
  Conversation c(kEvil);
  c.open();
  c.client("xxEV");
  c.skip(true, 10);
  c.server("y");     // acknowledges what was not captured
  c.client("ILxx");  // does not join what was before the gap
  c.client("EVIL");
  EXPECT_EQ(c.found(), "1@c");
  EXPECT_EQ(c.inspector().counters().gaps, 1U);
}

TEST(Inspector, ContentsOfOneRuleMayComeInSeveralSegments) {
  Conversation c(
      R"(alert tcp any any -> any any (content:"LONGEST"; content:"end"; distance:0; sid:1;))");
  c.open();
  c.client("a LONGEST word");
  c.client(" and its end");
  EXPECT_EQ(c.found(), "1@c");
}

TEST(Inspector, DepthCountsFromThePacketAndFromTheStreamsBegin) {
  Conversation c(R"(alert tcp any any -> any any (content:"abcd"; depth:4; sid:1;))");
  c.open();
  c.client("ab");
  c.client("cdxxxx");
  c.client("abcd");
  EXPECT_EQ(c.found(), "1@c 1@c");
}

TEST(Inspector, RulesOnPacketsOrStreamsOnlyKeepToThem) {
  Conversation c(
      "alert tcp-pkt any any -> any any (content:\"EVIL\"; sid:1;)\n"
      "alert tcp-stream any any -> any any (content:\"EVIL\"; sid:2;)\n");
  c.open();
  c.client("EV");
  c.client("IL");
  EXPECT_EQ(c.found(), "2@c");
  c.client("EVIL");
  EXPECT_EQ(c.found(), "2@c 1@c 2@c");
}

TEST(Inspector, ALimitOfEarlySegmentsIsTheInspectionQueue) {
  InspectSettings settings;
  settings.segments_held = 4;
  Conversation c(kEvil, settings);
  c.open();
  c.server("y");
  for (std::uint32_t i = 1; i < 6; ++i) c.segment(true, i * 10, "0123456789");
  EXPECT_EQ(c.outcome(), InspectOutcome::QueueFull);
  EXPECT_EQ(c.inspector().counters().queue_full, 1U);
  EXPECT_EQ(c.inspector().memory_used(), 0U);
}

TEST(Inspector, MemoryOfAllSessionsIsBounded) {
  InspectSettings settings;
  settings.memory_bytes = 16 * 1024;
  Conversation c(kEvil, settings);
  c.open();
  c.server("y");
  const std::string big(1400, 'x');
  InspectOutcome outcome = InspectOutcome::GoesOn;
  for (std::uint32_t i = 1; i < 64 && outcome == InspectOutcome::GoesOn; ++i) {
    c.segment(true, i * 1400, big);
    outcome = c.outcome();
    EXPECT_LE(c.inspector().memory_used(), settings.memory_bytes);
  }
  EXPECT_EQ(outcome, InspectOutcome::QueueFull);
}

TEST(Inspector, HttpBuffersOfARequest) {
  Conversation c(R"(
alert http any any -> any any (http.method; content:"GET"; http.uri; content:"/a/c?q=%41"; sid:1;)
alert http any any -> any any (http.uri.raw; content:"/a/./b/../%63"; sid:2;)
alert http any any -> any any (http.host; content:"example.com"; bsize:11; sid:3;)
alert http any any -> any any (http.user_agent; content:"curl"; startswith; sid:4;)
alert http any any -> any any (http.cookie; content:"k=v"; sid:5;)
alert http any any -> any any (http.header; content:"Cookie"; sid:6;)
alert http any any -> any any (http.header_names; content:"|0d 0a|Host|0d 0a|"; sid:7;)
alert http any any -> any any (http.request_line; content:"HTTP/1.1"; endswith; sid:8;)
)");
  c.open();
  c.client("GET /a/./b/../%63?q=%41 HTTP/1.1\r\nHost: EXAMPLE.com:80\r\nUser-");
  EXPECT_EQ(c.found(), "");
  c.client("Agent: curl/8\r\nCookie: k=v\r\n\r\n");
  EXPECT_EQ(c.found(), "1@c 2@c 3@c 4@c 5@c 7@c 8@c");
}

TEST(Inspector, ABodyIsTakenOutOfChunksAndCompression) {
  const std::string packed = gzipped("the EICAR-STANDARD file");
  std::string chunks;
  for (const char c : packed) chunks += std::string("1\r\n") + c + "\r\n";
  Conversation c(R"(
alert http any any -> any any (flow:to_client; file.data; content:"EICAR-STANDARD"; sid:1;)
alert http any any -> any any (http.response_body; content:"the"; startswith; content:"file"; endswith; sid:2;)
)");
  c.open();
  c.client("GET / HTTP/1.1\r\n\r\n");
  c.server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n");
  for (std::size_t i = 0; i < chunks.size(); i += 7) c.server(chunks.substr(i, 7));
  c.server("0\r\n\r\n");
  EXPECT_EQ(c.found(), "1@s 2@s");
}

TEST(Inspector, EachPipelinedTransactionStandsForItself) {
  Conversation c(R"(
alert http any any => any any (http.uri; content:"/one"; http.stat_code; content:"404"; sid:1;)
alert http any any => any any (http.uri; content:"/two"; http.stat_code; content:"404"; sid:2;)
)");
  c.open();
  c.client("GET /one HTTP/1.1\r\n\r\nGET /two HTTP/1.1\r\n\r\n");
  c.server(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(c.found(), "2@c");
}

TEST(Inspector, BodyAtTheEndOfTheConnectionIsLookedInto) {
  Conversation c(
      R"(alert http any any -> any any (http.response_body; content:"all"; bsize:3; sid:1;))");
  c.open();
  c.client("GET / HTTP/1.0\r\n\r\n");
  c.server("HTTP/1.0 200 OK\r\n\r\nall");
  EXPECT_EQ(c.found(), "");
  c.server_fin();
  EXPECT_EQ(c.found(), "1@s");
}

TEST(Inspector, FlowbitsTieTwoTransactionsTogether) {
  Conversation c(R"(
alert http any any -> any any (http.uri; content:"/login"; flowbits:set,login; flowbits:noalert; sid:1;)
alert http any any -> any any (flow:to_client; http.stat_code; content:"200"; flowbits:isset,login; sid:2;)
)");
  c.open();
  c.client("GET /x HTTP/1.1\r\n\r\n");
  c.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(c.found(), "");
  c.client("GET /login HTTP/1.1\r\n\r\n");
  c.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(c.found(), "2@s");
}

TEST(Inspector, APassRuleTakesTheSessionOut) {
  Conversation c(
      "pass http any any -> any any (http.host; content:\"good.example\"; sid:1;)\n"
      "drop http any any -> any any (http.uri; content:\"/\"; sid:2;)\n");
  c.open();
  c.client("GET / HTTP/1.1\r\nHost: good.example\r\n\r\n");
  c.client("GET / HTTP/1.1\r\nHost: bad.example\r\n\r\n");
  EXPECT_EQ(c.found(), "");
  EXPECT_EQ(c.id(), InspectionId::Passed);
}

TEST(Inspector, PacketKeywordsLookAtEachPacket) {
  Conversation c(
      "alert tcp any any -> any any (flags:S; sid:1;)\n"
      "alert tcp any any -> any any (flags:SA; sid:2;)\n"
      "alert tcp any any -> any any (dsize:3; sid:3;)\n"
      "alert ip any any -> any any (ttl:<65; flow:to_client; sid:4;)\n");
  c.open();
  c.client("abc");
  EXPECT_EQ(c.found(), "1@c 2@s 4@s 3@c");
}

TEST(Inspector, ThresholdsCountByAddress) {
  Conversation c(
      "alert tcp any any -> any any (content:\"x\"; threshold:type limit, track by_src, count 2, "
      "seconds 60; sid:1;)\n"
      "alert tcp any any -> any any (content:\"x\"; detection_filter:track by_dst, count 3, "
      "seconds "
      "60; sid:2;)\n");
  c.open();
  for (int i = 0; i < 5; ++i) c.client("x");
  EXPECT_EQ(c.found(), "1@c 1@c 2@c 2@c");
}

TEST(Inspector, DnsNamesOverUdpAndTcp) {
  constexpr std::string_view kRule =
      R"(alert dns any any -> any any (dns.query; content:"evil.example"; nocase; bsize:12; sid:1;))";
  const std::string query(
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
      "\x04"
      "eViL\x07"
      "example\x00\x00\x01\x00\x01",
      30);
  Conversation udp(kRule, {}, 53);
  udp.udp(true, query);
  EXPECT_EQ(udp.found(), "1@c");
  Conversation tcp(kRule, {}, 53);
  tcp.open();
  tcp.client(std::string("\x00\x1e", 2) + query.substr(0, 20));
  tcp.client(query.substr(20));
  EXPECT_EQ(tcp.found(), "1@c");
}

TEST(Inspector, SshBannersOfBothSides) {
  Conversation c(
      R"(alert ssh any any -> any any (ssh.software; content:"OpenSSH_9"; startswith; ssh.proto; content:"2.0"; sid:1;))",
      {}, 22);
  c.open();
  c.server("SSH-2.0-OpenSSH_9.2p1 Debian\r\n");
  c.client("SSH-2.0-libssh_1\r\n");
  EXPECT_EQ(c.found(), "1@s");
}

TEST(Inspector, APacketOfNoSessionIsLookedAtByItself) {
  Conversation c(R"(alert ip any any -> any any (content:"uid=0"; flow:not_established; sid:1;))");
  c.alone("uid=0(root)");
  EXPECT_EQ(c.found(), "1@c");
}

TEST(Inspector, AllMemoryComesBackWithTheSession) {
  Conversation c(R"(
alert http any any -> any any (http.uri; content:"nothing"; sid:1;)
alert http any any -> any any (file.data; content:"nothing"; sid:2;)
alert tcp any any -> any any (content:"nothing"; sid:3;)
)");
  c.open();
  c.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  c.server("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzipped("some text"));
  c.segment(false, 5000, "early");
  EXPECT_GT(c.inspector().memory_used(), 0U);
  c.finish();
  EXPECT_EQ(c.inspector().memory_used(), 0U);
  EXPECT_EQ(c.inspector().counters().sessions_used, 0U);
}

}  // namespace
}  // namespace endreason::inspect
