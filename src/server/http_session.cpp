// SPDX-License-Identifier: Apache-2.0
#include "server/http_session.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/write.hpp>

namespace endreason {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr auto kStreamPause = std::chrono::milliseconds(100);
constexpr std::size_t kStreamPart = 256 * 1024;
// What a client may still send that was refused, and for how long.
constexpr std::size_t kFinishMax = std::size_t{256} << 20;
constexpr auto kFinishTime = std::chrono::seconds(10);

std::string error_json(std::string_view code, std::string_view message,
                       std::string_view remedy = {}) {
  std::string json = fmt::format("{{\"error\":{{\"code\":\"{}\",\"message\":\"{}\"", code, message);
  if (!remedy.empty()) json += fmt::format(",\"remedy\":\"{}\"", remedy);
  return json + "}}";
}

http::response<http::empty_body> head_of(const HttpResponse& response, unsigned version) {
  http::response<http::empty_body> head;
  head.version(version);
  head.result(response.status);
  head.set(http::field::server, "endreason");
  head.set("X-Content-Type-Options", "nosniff");
  if (!response.content_type.empty()) head.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) head.set(name, value);
  return head;
}

std::string as_text(const http::response<http::empty_body>& head) {
  std::ostringstream out;
  out << head.base();
  return std::move(out).str();
}

bool may_have_a_length(unsigned status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace

HttpSession::HttpSession(HttpShared& shared, std::string remote,
                         std::unique_ptr<HttpChannel> channel)
    : shared_(shared),
      remote_(std::move(remote)),
      channel_(std::move(channel)),
      pause_(channel_->executor()),
      buffer_(kHttpHeaderMax + kReadBytes) {
  ++shared_.connections;
}

HttpSession::~HttpSession() {
  --shared_.connections;
}

HttpChannel::Done HttpSession::then(Step next) {
  return [self = shared_from_this(), next](error_code failed, std::size_t) {
    if (failed) return self->end();
    ((*self).*next)();
  };
}

void HttpSession::start() {
  if (!channel_->within_tls()) return next_request();
  channel_->limit(shared_.options.header_time);
  channel_->handshake(then(&HttpSession::next_request));
}

void HttpSession::next_request() {
  reader_.emplace(shared_.options.body_max);
  channel_->limit(served_ ? shared_.options.idle_time : shared_.options.header_time);
  read();
}

void HttpSession::receive() {
  const std::size_t room = std::min(kReadBytes, buffer_.max_size() - buffer_.size());
  if (room == 0) return refuse(http::error::buffer_overflow);
  channel_->read_some(buffer_.prepare(room),
                      [self = shared_from_this()](error_code failed, std::size_t n) {
                        if (failed) return self->end();
                        self->buffer_.commit(n);
                        self->read();
                      });
}

void HttpSession::read() {
  switch (reader_->read(buffer_)) {
    case HttpReader::State::More:
      return receive();
    case HttpReader::State::Header:
      return begin_body();
    case HttpReader::State::Done:
      return handle();
    case HttpReader::State::Failed:
      return refuse(reader_->failure());
  }
}

void HttpSession::begin_body() {
  channel_->limit(shared_.options.body_time);
  if (!reader_->expects_continue()) return read();
  head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  channel_->write({asio::buffer(head_), asio::const_buffer()}, then(&HttpSession::read));
}

// A request that cannot be read is answered.
void HttpSession::refuse(error_code failed) {
  if (failed == http::error::body_limit) {
    still_sending_ = true;
    return answer_once(
        413, error_json("too-large",
                        fmt::format("the body is larger than the {} bytes that are taken at once",
                                    shared_.options.body_max),
                        "send it in parts that end at a line's end, or raise body-bytes"));
  }
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
    return answer_once(431,
                       error_json("too-large", "the request's header is longer than 32 KiB",
                                  "shorten the filter: name groups of addresses by their subnet"));
  answer_once(400, error_json("bad-parameter", "this is no HTTP request"));
}

void HttpSession::answer_once(unsigned status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  keep_alive_ = false;
  version_ = 11;
  write(std::move(response));
}

void HttpSession::handle() {
  keep_alive_ = reader_->keep_alive();
  version_ = reader_->version();
  is_head_ = reader_->is_head();
  HttpRequest request = reader_->take_request(remote_);
  if (shared_.waiting >= shared_.options.queue_max)
    return answer_once(
        503, error_json("busy", "too many requests wait already", "try again in a moment"));
  ++shared_.waiting;
  // The client may wait for as long as the query may take.
  channel_->no_limit();
  asio::post(*shared_.workers, [self = shared_from_this(), asked = std::move(request)]() mutable {
    HttpResponse response;
    try {
      response = self->shared_.handler(asked);
    } catch (const std::exception&) {
      response.status = 500;
      response.body = error_json("internal", "the server failed at this; its log says how");
    }
    --self->shared_.waiting;
    asio::post(self->channel_->executor(),
               [self, answer = std::move(response)]() mutable { self->write(std::move(answer)); });
  });
}

void HttpSession::write(HttpResponse response) {
  served_ = true;
  auto head = head_of(response, version_);
  channel_->limit(shared_.options.body_time);
  if (response.stream) {
    source_ = std::move(response.stream);
    chunked_ = version_ >= 11;
    head.set(http::field::cache_control, "no-store");
    head.keep_alive(false);
    if (chunked_) head.chunked(true);
    head_ = as_text(head);
    return channel_->write({asio::buffer(head_), asio::const_buffer()}, then(&HttpSession::fetch));
  }
  head.keep_alive(keep_alive_);
  if (may_have_a_length(response.status)) head.content_length(response.body.size());
  head_ = as_text(head);
  body_ = is_head_ ? std::string() : std::move(response.body);
  channel_->write({asio::buffer(head_), asio::buffer(body_)}, then(&HttpSession::written));
}

void HttpSession::written() {
  if (still_sending_) return let_finish();
  if (!keep_alive_ || shared_.stopping) return end();
  next_request();
}

// Who is still sending has not read the answer: a connection that is closed on him would take it
// away. What comes is thrown away for a while.
void HttpSession::let_finish() {
  channel_->end_sending();
  channel_->limit(kFinishTime);
  body_.resize(kStreamPart);
  discard();
}

void HttpSession::discard() {
  channel_->read_raw(asio::buffer(body_),
                     [self = shared_from_this()](error_code failed, std::size_t n) {
                       self->discarded_ += n;
                       if (failed || self->discarded_ > kFinishMax || self->shared_.stopping)
                         return self->end();
                       self->discard();
                     });
}

// --- answers that go on --------------------------------------------------------------------

// The source may ask the database, so a worker asks it.
void HttpSession::fetch() {
  if (shared_.stopping) return end();
  asio::post(*shared_.workers, [self = shared_from_this()] {
    std::string part;
    HttpStream::State state = HttpStream::State::More;
    while (state == HttpStream::State::More && part.size() < kStreamPart)
      state = self->source_->next(part);
    asio::post(self->channel_->executor(), [self, state, text = std::move(part)]() mutable {
      self->send(std::move(text), state);
    });
  });
}

void HttpSession::send(std::string text, HttpStream::State state) {
  source_state_ = state;
  if (text.empty()) return after_part();
  body_ = chunked_ ? fmt::format("{:x}\r\n", text.size()) + text + "\r\n" : std::move(text);
  channel_->limit(shared_.options.body_time);
  channel_->write({asio::buffer(body_), asio::const_buffer()}, then(&HttpSession::after_part));
}

void HttpSession::after_part() {
  if (source_state_ == HttpStream::State::More) return fetch();
  if (source_state_ == HttpStream::State::Failed) return end();
  if (source_state_ == HttpStream::State::End) {
    if (!chunked_) return end();
    body_ = "0\r\n\r\n";
    return channel_->write({asio::buffer(body_), asio::const_buffer()}, then(&HttpSession::end));
  }
  pause_.expires_after(kStreamPause);
  pause_.async_wait([self = shared_from_this()](error_code failed) {
    if (!failed) self->fetch();
  });
}

void HttpSession::end() {
  source_.reset();
  channel_->end_sending();
  channel_->close();
}

}  // namespace endreason
