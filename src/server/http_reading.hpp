// SPDX-License-Identifier: Apache-2.0
// HttpReader: bytes as they come -> one request, within limits. In one place, so that a fuzz target
// reads as the server does. Inside room server.
#pragma once

#include <cstdint>
#include <string>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "server/http_types.hpp"

namespace endreason {

// Bytes; filters of many addresses come in the path.
inline constexpr std::uint32_t kHttpHeaderMax = 32 * 1024;

class HttpReader {
 public:
  enum class State : std::uint8_t {
    More,    // the bytes are not enough
    Header,  // the header is complete; said once, before the body is looked at
    Done,
    Failed  // failure() says why
  };

  explicit HttpReader(std::uint64_t body_max);

  // Reads on, and takes away what it has read. What stands behind the request stays.
  State read(boost::beast::flat_buffer& bytes);
  boost::beast::error_code failure() const { return failure_; }

  // From Header on.
  bool expects_continue() const;
  bool keep_alive() const { return parser_.get().keep_alive(); }
  unsigned version() const { return parser_.get().version(); }  // 11: HTTP/1.1
  bool is_head() const { return parser_.get().method() == boost::beast::http::verb::head; }
  // Once Done; takes the body out. `remote`: the client's address.
  HttpRequest take_request(const std::string& remote);

 private:
  boost::beast::http::request_parser<boost::beast::http::string_body> parser_;
  boost::beast::error_code failure_;
  bool header_told_ = false;
};

}  // namespace endreason
