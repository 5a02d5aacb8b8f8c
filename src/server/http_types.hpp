// SPDX-License-Identifier: Apache-2.0
// What the HTTP server hands to the API, and gets back. Plain values; no header of the HTTP library
// is needed to write or test an answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace endreason {

struct HttpRequest {
  std::string method;                                      // "GET"
  std::string path;                                        // decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  std::string authorization, accept_encoding, if_none_match, origin, host;
  std::string remote;  // the client's address
  std::string body;

  // The first value of that name; empty when there is none.
  std::string_view parameter(std::string_view name) const {
    for (const auto& [key, value] : query)
      if (key == name) return value;
    return {};
  }
};

// Text that goes on: next() appends some to `out`. Never blocks for long. Destroyed when the client
// is gone.
class HttpStream {
 public:
  // Wait: nothing now, ask again in a while. Failed: there should have been more; the client is
  // left without the end of the answer, so that it does not take a part for the whole.
  enum class State : std::uint8_t { More, Wait, End, Failed };
  HttpStream() = default;
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;
  virtual ~HttpStream() = default;
  virtual State next(std::string& out) = 0;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<HttpStream> stream;  // instead of body
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// "a%20b+c" -> "a b c"; what is no escape stays.
std::string percent_decoded(std::string_view text, bool plus_is_blank);
// "/p?x=1&y" -> path and query.
void split_target(std::string_view target, HttpRequest& request);

}  // namespace endreason
