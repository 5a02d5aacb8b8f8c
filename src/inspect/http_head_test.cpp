// SPDX-License-Identifier: Apache-2.0
#include "inspect/http_head.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace endreason::inspect {
namespace {

struct HeadCase {
  std::string_view behaviour;
  std::string_view head;
  InspectBuffer buffer;
  std::string_view expected;
};

// In memory of exactly its size, so that a sanitizer sees a byte too many.
std::string buffer_of(std::string_view head, InspectBuffer buffer) {
  const auto bytes = std::make_unique<std::uint8_t[]>(head.size());
  std::copy(head.begin(), head.end(), bytes.get());
  HttpHead read;
  read.load({bytes.get(), head.size()}, true, 1);
  const auto shown = read.buffer(buffer, 0);
  return shown ? std::string(shown->begin(), shown->end()) : "nothing";
}

TEST(HttpHead, ShowsBuffersAsRulesKnowThem) {
  const HeadCase cases[] = {
      {"headers that stand as they are shown", "GET / HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n",
       InspectBuffer::HttpHeader, "Host: a\r\nAccept: b\r\n"},
      {"a cookie between them is left out",
       "GET / HTTP/1.1\r\nHost: a\r\nCookie: c\r\nAccept: b\r\n\r\n", InspectBuffer::HttpHeader,
       "Host: a\r\nAccept: b\r\n"},
      {"blanks that are too many or missing",
       "GET / HTTP/1.1\r\nHost:a\r\nAccept:  b \r\nDate : c\r\nX: d\r\n\r\n",
       InspectBuffer::HttpHeader, "Host: a\r\nAccept: b\r\nDate: c\r\nX: d\r\n"},
      {"lines that end by one character", "GET / HTTP/1.1\nHost: a\nAccept: b\n\n",
       InspectBuffer::HttpHeader, "Host: a\r\nAccept: b\r\n"},
      {"a value on two lines", "GET / HTTP/1.1\r\nX: a\r\n b\r\nY: c\r\n\r\n",
       InspectBuffer::HttpHeader, "X: a b\r\nY: c\r\n"},
      {"one name twice", "GET / HTTP/1.1\r\nX: a\r\nY: b\r\nX: c\r\n\r\n",
       InspectBuffer::HttpHeader, "X: a, c\r\nY: b\r\n"},
      {"a head cut behind its last carriage return", "GET / HTTP/1.1\r\nX: a\r\nY: b\r",
       InspectBuffer::HttpHeader, "X: a\r\nY: b\r\n"},
      {"a header without value", "GET / HTTP/1.1\r\nX: \r\nY: b\r\n\r\n", InspectBuffer::HttpHeader,
       "X: \r\nY: b\r\n"},
      {"carriage returns alone", "GET / HTTP/1.1\rX: a\rY: b\r\n\r\n", InspectBuffer::HttpHeader,
       "X: a\r\nY: b\r\n"},
      {"a plain path", "GET /a.b/c?d=%41 HTTP/1.1\r\n\r\n", InspectBuffer::HttpUri, "/a.b/c?d=%41"},
      {"a path with dots and codes", "GET /a/../%62//c\\d?e HTTP/1.1\r\n\r\n",
       InspectBuffer::HttpUri, "/b/c/d?e"},
      {"a URI with scheme and host", "GET http://Host.example:80/a HTTP/1.1\r\n\r\n",
       InspectBuffer::HttpUri, "/a"},
      {"its host", "GET http://Host.example:80/a HTTP/1.1\r\nHost: b\r\n\r\n",
       InspectBuffer::HttpHost, "host.example"},
      {"a query that has a URI", "GET /a?b=http://c/d HTTP/1.1\r\nHost: E\r\n\r\n",
       InspectBuffer::HttpHost, "e"},
  };
  for (const HeadCase& c : cases) EXPECT_EQ(buffer_of(c.head, c.buffer), c.expected) << c.behaviour;
}

TEST(HttpHead, FramingIsToldByHeadersOfAnyCase) {
  constexpr std::string_view kHead =
      "HTTP/1.1 200 OK\r\ntransfer-ENCODING: Chunked\r\nContent-length: 12\r\n"
      "CONTENT-encoding: deflate, gzip\r\n\r\n";
  HttpHead head;
  head.load({reinterpret_cast<const std::uint8_t*>(kHead.data()), kHead.size()}, false, 1);
  EXPECT_TRUE(head.chunked());
  EXPECT_EQ(head.content_length(), 12u);
  EXPECT_EQ(head.compressions(), 2u);
  EXPECT_EQ(head.bare_deflate(), 2u) << "deflate was put on first and comes off last";
}

}  // namespace
}  // namespace endreason::inspect
