// SPDX-License-Identifier: Apache-2.0
#include "server/http_reading.hpp"

#include <utility>

namespace endreason {

namespace beast = boost::beast;
namespace http = beast::http;

HttpReader::HttpReader(std::uint64_t body_max) {
  parser_.header_limit(kHttpHeaderMax);
  parser_.body_limit(body_max);
}

HttpReader::State HttpReader::read(beast::flat_buffer& bytes) {
  while (!(header_told_ && parser_.is_done())) {
    if (bytes.size() == 0) return State::More;
    const std::size_t used = parser_.put(bytes.data(), failure_);
    bytes.consume(used);
    if (failure_ == http::error::need_more) return State::More;
    if (failure_) return State::Failed;
    if (!header_told_ && parser_.is_header_done()) {
      header_told_ = true;
      parser_.eager(true);  // of the body, as much at once as there is
      return State::Header;
    }
  }
  return State::Done;
}

bool HttpReader::expects_continue() const {
  return beast::iequals(parser_.get()[http::field::expect], "100-continue");
}

HttpRequest HttpReader::take_request(const std::string& remote) {
  auto& message = parser_.get();
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
