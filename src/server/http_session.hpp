// SPDX-License-Identifier: Apache-2.0
// HttpSession: one connection of a client, request after request. Keeps itself alive by what it
// waits for. Inside room server.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "server/http_channel.hpp"
#include "server/http_reading.hpp"
#include "server/http_server.hpp"

namespace endreason {

// What the sessions share with the server.
struct HttpShared {
  HttpServerOptions options;
  HttpHandler handler;
  std::atomic<unsigned> connections{0};
  std::atomic<unsigned> waiting{0};
  std::atomic<bool> stopping{false};
  boost::asio::io_context io{1};  // behind what its sessions look at, so that they go first
  std::optional<boost::asio::thread_pool> workers;
};

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  // `remote`: the client's address.
  HttpSession(HttpShared& shared, std::string remote, std::unique_ptr<HttpChannel> channel);
  ~HttpSession();
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  void start();

 private:
  using Step = void (HttpSession::*)();
  // Calls `next` when the step has gone well, and ends the connection when it has not.
  HttpChannel::Done then(Step next);

  void next_request();
  void receive();
  void read();
  void begin_body();
  void refuse(boost::system::error_code failed);
  void answer_once(unsigned status, std::string body);
  void handle();
  void write(HttpResponse response);
  void written();
  void let_finish();
  void discard();
  void fetch();
  void send(std::string text, HttpStream::State state);
  void after_part();
  void end();

  HttpShared& shared_;
  std::string remote_;
  std::unique_ptr<HttpChannel> channel_;
  boost::asio::steady_timer pause_;
  boost::beast::flat_buffer buffer_;
  std::optional<HttpReader> reader_;
  std::string head_, body_;  // of the answer that is being written
  std::shared_ptr<HttpStream> source_;
  HttpStream::State source_state_{};
  bool keep_alive_ = false, is_head_ = false, chunked_ = false, served_ = false;
  bool still_sending_ = false;
  std::size_t discarded_ = 0;
  unsigned version_ = 11;
};

}  // namespace endreason
