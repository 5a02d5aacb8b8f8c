// SPDX-License-Identifier: Apache-2.0
#include "appid/http_proxy.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace endreason {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct Piece {
  bool from_client;
  std::string_view text;
};

// Where connections began, in order: "a:80 b:443", and "." when the decoding has ended.
std::string connections(const std::vector<Piece>& talk, std::size_t piece = 1 << 20) {
  HttpProxy proxy;
  std::string all;
  for (const Piece& part : talk)
    for (std::size_t at = 0; at < part.text.size(); at += piece) {
      const auto seen = proxy.see(part.from_client, bytes_of(part.text.substr(at, piece)), false);
      if (seen != HttpProxy::Seen::Nothing) all += (all.empty() ? "" : " ") + proxy.authority();
    }
  return all + (proxy.finished() ? " ." : "");
}

struct ProxyCase {
  std::string_view behaviour;
  std::vector<Piece> talk;
  std::string_view connections;
};

const std::vector<ProxyCase>& proxy_cases() {
  static const std::vector<ProxyCase> cases = {
      {"one host is one connection, however its name is written",
       {{true, "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"},
        {true, "GET HTTP://A.example:80/x?y=http://b/ HTTP/1.1\r\n\r\n"}},
       "a.example:80"},
      {"another host is another connection, and the first one again too",
       {{true, "GET http://a/ HTTP/1.1\r\n\r\n"},
        {false, "HTTP/1.1 200 OK\r\n\r\n"},
        {true, "GET http://b/ HTTP/1.1\r\n\r\n"},
        {true, "GET http://a/ HTTP/1.1\r\n\r\n"}},
       "a:80 b:80 a:80"},
      {"another port of the host is another connection",
       {{true, "GET http://a/ HTTP/1.1\r\n\r\n"}, {true, "GET http://a:8080/ HTTP/1.1\r\n\r\n"}},
       "a:80 a:8080"},
      {"a body is not read as a request",
       {{true,
         "POST http://a/ HTTP/1.1\r\nContent-Length: 29\r\n\r\nGET http://b/ HTTP/1.1\r\n\r\nxxx"},
        {true, "GET http://c/ HTTP/1.1\r\n\r\n"}},
       "a:80 c:80"},
      {"nor one in chunks",
       {{true,
         "POST http://a/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
         "1A;x=y\r\nGET http://b/ HTTP/1.1\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n"},
        {true, "GET http://c/ HTTP/1.1\r\n\r\n"}},
       "a:80 c:80"},
      {"a tunnel ends the decoding",
       {{true, "CONNECT a.example:443 HTTP/1.1\r\n\r\n"},
        {false, "HTTP/1.1 200 Connection established\r\n\r\n"},
        {true, "GET http://b/ HTTP/1.1\r\n\r\n"}},
       "a.example:443 ."},
      {"CONNECT after other requests",
       {{true, "GET http://a/ HTTP/1.1\r\n\r\n"},
        {false, "HTTP/1.1 200 OK\r\n\r\n"},
        {true, "CONNECT a:443 HTTP/1.1\r\n\r\n"},
        {false, "HTTP/1.1 200 OK\r\n\r\n"}},
       "a:80 a:443 ."},
      {"a refused CONNECT may be asked again",
       {{true, "CONNECT a:443 HTTP/1.1\r\n\r\n"},
        {false, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"},
        {true, "CONNECT a:443 HTTP/1.1\r\nProxy-Authorization: x\r\n\r\n"},
        {false, "HTTP/1.1 503 Busy\r\n\r\n"},
        {true, "CONNECT b:443 HTTP/1.1\r\n\r\n"}},
       "a:443 b:443"},
      {"an interim answer decides nothing",
       {{true, "CONNECT a:443 HTTP/1.1\r\n\r\n"},
        {false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}},
       "a:443 ."},
      {"a tunnel whose answer was not seen",
       {{true, "CONNECT a:443 HTTP/1.1\r\n\r\n"}, {true, "\x16\x03\x01\x02"}},
       "a:443 ."},
      {"addresses of version 6, and a user",
       {{true,
         "GET http://[2001:db8::1]/ HTTP/1.1\r\n\r\nGET http://me:pw@[2001:DB8::1]:80/ "
         "HTTP/1.1\r\n\r\n"}},
       "[2001:db8::1]:80"},
      {"a server's own path is no proxy's", {{true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}}, " ."},
      {"an unknown scheme is none", {{true, "GET gopher://a/ HTTP/1.1\r\n\r\n"}}, " ."},
      {"what is no HTTP is none", {{true, "HELO a\r\n"}}, " ."},
      {"HTTP/2 is none", {{true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}}, " ."},
      {"a length that is no number",
       {{true, "POST http://a/ HTTP/1.1\r\nContent-Length: x\r\n\r\n"}},
       "a:80 ."},
      {"a chunk that is no number",
       {{true, "POST http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}},
       "a:80 ."},
  };
  return cases;
}

TEST(HttpProxy, RequestsToOtherPlacesAreNewConnections) {
  for (const ProxyCase& c : proxy_cases())
    EXPECT_EQ(connections(c.talk), c.connections) << c.behaviour;
}

TEST(HttpProxy, SegmentsMayBeCutAnywhere) {
  for (const ProxyCase& c : proxy_cases())
    for (std::size_t piece = 1; piece < 40; ++piece) {
      if (c.behaviour.find("not seen") != std::string_view::npos) continue;
      EXPECT_EQ(connections(c.talk, piece), c.connections) << c.behaviour << ", " << piece;
    }
}

TEST(HttpProxy, RequestsInOneSegmentAreOneConnection) {
  HttpProxy proxy;
  EXPECT_EQ(
      proxy.see(true, bytes_of("GET http://a/ HTTP/1.1\r\n\r\nGET http://b/ HTTP/1.1\r\n\r\n"),
                false),
      HttpProxy::Seen::FirstConnection);
  EXPECT_EQ(proxy.authority(), "b:80");
}

TEST(HttpProxy, ALineWithoutEndAndAGapEndTheDecoding) {
  HttpProxy proxy;
  const std::string endless(HttpProxy::kLineMax + 1, 'A');
  proxy.see(true, bytes_of(endless), false);
  EXPECT_TRUE(proxy.finished());
  HttpProxy gap;
  gap.see(true, bytes_of("GET http://a/ HTTP/1.1\r\n\r\n"), false);
  gap.see(true, bytes_of("GET http://b/ HTTP/1.1\r\n\r\n"), true);
  EXPECT_TRUE(gap.finished());
  EXPECT_EQ(gap.authority(), "a:80");
}

TEST(HttpProxy, TheFirstBytesTellWhatCannotBeAProxysRequest) {
  for (const std::string_view first :
       {"GET http://a/", "CONNECT a:443 HTTP/1.1", "POST HTTPS://a", "GE", "GET", "GET ht", "GET "})
    EXPECT_TRUE(HttpProxy::may_begin(bytes_of(first))) << first;
  for (const std::string_view first :
       {"", "GET / HTTP/1.1", "get http://a/", "\x16\x03\x01", "GET httpx", "SSH-2.0-x",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ http://a/"})
    EXPECT_FALSE(HttpProxy::may_begin(bytes_of(first))) << first;
}

}  // namespace
}  // namespace endreason
