// SPDX-License-Identifier: Apache-2.0
// HttpClient: one HTTP(S) request after another to servers elsewhere, over connections that are
// kept. Certificates are always checked. Nothing is tried again here: whether a request may be sent
// twice only its sender knows. One thread at a time; a client is cheap, so give each thread its
// own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

struct HttpClientOptions {
  std::chrono::milliseconds connect_time{5'000};
  std::chrono::milliseconds whole_time{60'000};  // of a request with its answer; 0: no limit
  std::string ca_file;                           // instead of the system's authorities
  std::string user_agent = "endreason";
};

struct HttpCall {
  std::string method = "GET";
  std::string url;    // without user and password
  std::string token;  // sent as a bearer token
  std::string user, password;
  std::vector<std::string> headers;  // "Name: value"
  // The body: `body`, which has to live until the answer, or what `next_body` gives piece by piece:
  // it fills the buffer and returns how much; 0 ends the body. Sent chunked then.
  std::string_view body;
  std::function<std::size_t(char* buffer, std::size_t size)> next_body;
  // Gets the answer's body as it comes; false gives up. Without it the answer is in
  // HttpReply::body.
  std::function<bool(std::string_view piece)> take;
  const std::atomic<bool>* stop = nullptr;  // true gives up
  // A connection of its own. On one that is kept, a request may be sent a second time when the
  // server closes it at that moment; with this it never is.
  bool fresh_connection = false;
};

struct HttpReply {
  unsigned status{};
  std::string body, content_type, retry_after;
  std::vector<std::string> headers;  // all of them, "Name: value"
};

class HttpClient {
 public:
  // Of an answer that is kept whole.
  static constexpr std::size_t kReplyBytesMax = std::size_t{256} << 20;

  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Any status is a reply; an error is that there was none. Its message names the server and what
  // to do, and never holds a token, a password or what stands behind the path of the URL.
  [[nodiscard]] Result<HttpReply> send(const HttpCall& call);

 private:
  struct Connection;
  HttpClientOptions options_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace endreason
