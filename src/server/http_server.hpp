// SPDX-License-Identifier: Apache-2.0
// HttpServer: HTTP/1.1, plain or TLS, for a handler that may take its time. Reading and writing is
// done by one thread; handlers run on a few others, and a request that finds all of them busy with
// a queue behind them is answered 503. Slow and endless clients are ended by limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "server/http_types.hpp"

namespace endreason {

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8088;               // 0: any that is free
  std::string certificate_file, key_file;  // PEM; both or none
  unsigned workers = 4;
  unsigned queue_max = 64;  // requests that wait for a worker
  unsigned connections_max = 512;
  std::uint64_t body_max = 64u << 20;
  std::chrono::seconds header_time{
      10};  // from the connection, or the answer before, of a busy client
  std::chrono::seconds body_time{120};
  std::chrono::seconds idle_time{60};
};

class HttpServer {
 public:
  HttpServer(HttpServerOptions options, HttpHandler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] Result<void> start();
  // Certificate, key and the size of bodies of `next`, read and checked; the function makes them
  // act for what comes from then on.
  Result<std::function<void()>> prepare(const HttpServerOptions& next);
  // The port that was bound.
  std::uint16_t port() const;
  // Ends all connections and waits for handlers that run.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace endreason
