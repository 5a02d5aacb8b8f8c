// SPDX-License-Identifier: Apache-2.0
// How a request's bytes are read: the HTTP library's parser with our limits, and what we take out
// of its message. In one place, so that a fuzz target reads as the server does. Inside room server.
#pragma once

#include <cstdint>
#include <string>

#include <boost/beast/http.hpp>

#include "server/http_types.hpp"

namespace endreason {

using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

// Bytes; filters of many addresses come in the path.
inline constexpr std::uint32_t kHttpHeaderMax = 32 * 1024;

inline void limit(HttpParser& parser, std::uint64_t body_max) {
  parser.header_limit(kHttpHeaderMax);
  parser.body_limit(body_max);
}

// Of a parser that is done. Takes the body out of it.
inline HttpRequest take_request(HttpParser& parser, const std::string& remote) {
  namespace http = boost::beast::http;
  auto& message = parser.get();
  HttpRequest request;
  request.method = std::string(message.method_string());
  split_target({message.target().data(), message.target().size()}, request);
  const auto field = [&](http::field name) { return std::string(message[name]); };
  request.authorization = field(http::field::authorization);
  request.accept_encoding = field(http::field::accept_encoding);
  request.if_none_match = field(http::field::if_none_match);
  request.origin = field(http::field::origin);
  request.host = field(http::field::host);
  request.remote = remote;
  request.body = std::move(message.body());
  return request;
}

}  // namespace endreason
