// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.hpp"

#include <atomic>
#include <optional>
#include <set>
#include <thread>
#include <type_traits>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "server/http_reading.hpp"

namespace endreason {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr auto kAcceptPause = std::chrono::milliseconds(20);
constexpr auto kStreamPause = std::chrono::milliseconds(100);
constexpr std::size_t kStreamPart = 256 * 1024;
// What a client may still send that was refused, and for how long.
constexpr std::size_t kFinishMax = std::size_t{256} << 20;
constexpr auto kFinishTime = std::chrono::seconds(10);

// What the sessions share with the server.
struct Shared {
  HttpServerOptions options;
  HttpHandler handler;
  std::atomic<unsigned> connections{0};
  std::atomic<unsigned> waiting{0};
  std::atomic<bool> stopping{false};
  asio::io_context io{1};  // behind what its sessions look at, so that they go first
  std::optional<asio::thread_pool> workers;
};

std::string error_json(std::string_view code, std::string_view message,
                       std::string_view remedy = {}) {
  std::string json = fmt::format("{{\"error\":{{\"code\":\"{}\",\"message\":\"{}\"", code, message);
  if (!remedy.empty()) json += fmt::format(",\"remedy\":\"{}\"", remedy);
  return json + "}}";
}

// One connection. `Stream` is beast::tcp_stream, or that within TLS.
template <class Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <class... Arguments>
  explicit Session(Shared& shared, std::string remote, Arguments&&... arguments)
      : shared_(shared),
        remote_(std::move(remote)),
        stream_(std::forward<Arguments>(arguments)...),
        pause_(stream_.get_executor()) {
    ++shared_.connections;
  }
  ~Session() { --shared_.connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() {
    if constexpr (std::is_same_v<Stream, beast::tcp_stream>) {
      read_header();
    } else {
      beast::get_lowest_layer(stream_).expires_after(shared_.options.header_time);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](beast::error_code failed) {
                                if (!failed) self->read_header();
                              });
    }
  }

 private:
  void read_header() {
    parser_.emplace();
    limit(*parser_, shared_.options.body_max);
    beast::get_lowest_layer(stream_).expires_after(served_ ? shared_.options.idle_time
                                                           : shared_.options.header_time);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
          if (failed) return self->refuse(failed);
          self->read_body();
        });
  }

  void read_body() {
    beast::get_lowest_layer(stream_).expires_after(shared_.options.body_time);
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      go_on_.emplace(http::status::continue_, 11);
      http::async_write(stream_, *go_on_,
                        [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
                          if (!failed) self->read_rest();
                        });
      return;
    }
    read_rest();
  }

  void read_rest() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
                       if (failed) return self->refuse(failed);
                       self->handle();
                     });
  }

  // A request that cannot be read is answered where there is somebody to answer.
  void refuse(beast::error_code failed) {
    if (failed == http::error::body_limit) {
      still_sending_ = true;
      answer_once(413,
                  error_json("too-large",
                             fmt::format("the body is larger than the {} bytes that are taken "
                                         "at once",
                                         shared_.options.body_max),
                             "send it in parts that end at a line's end, or raise body-bytes"));
    } else if (failed == http::error::header_limit || failed == http::error::buffer_overflow) {
      answer_once(431, error_json("too-large", "the request's header is longer than 32 KiB",
                                  "shorten the filter: name groups of addresses by their subnet"));
    } else if (failed == http::error::bad_method || failed == http::error::bad_target ||
               failed == http::error::bad_version || failed == http::error::bad_line_ending ||
               failed == http::error::bad_field || failed == http::error::bad_value) {
      answer_once(400, error_json("bad-parameter", "this is no HTTP request"));
    } else {
      end();
    }
  }

  void answer_once(unsigned status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    keep_alive_ = false;
    version_ = 11;
    write(std::move(response));
  }

  void handle() {
    const auto& message = parser_->get();
    keep_alive_ = message.keep_alive();
    version_ = message.version();
    head_ = message.method() == http::verb::head;
    HttpRequest request = take_request(*parser_, remote_);
    if (shared_.waiting >= shared_.options.queue_max)
      return answer_once(
          503, error_json("busy", "too many requests wait already", "try again in a moment"));
    ++shared_.waiting;
    // The client may wait for as long as the query may take.
    beast::get_lowest_layer(stream_).expires_never();
    asio::post(
        *shared_.workers, [self = this->shared_from_this(), asked = std::move(request)]() mutable {
          HttpResponse response;
          try {
            response = self->shared_.handler(asked);
          } catch (const std::exception&) {
            response.status = 500;
            response.body = error_json("internal", "the server failed at this; its log says how");
          }
          --self->shared_.waiting;
          asio::post(self->stream_.get_executor(), [self, answer = std::move(response)]() mutable {
            self->write(std::move(answer));
          });
        });
  }

  void write(HttpResponse response) {
    served_ = true;
    answer_.emplace();
    answer_->version(version_);
    answer_->result(response.status);
    answer_->set(http::field::server, "endreason");
    answer_->set("X-Content-Type-Options", "nosniff");
    if (!response.content_type.empty())
      answer_->set(http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) answer_->set(name, value);
    beast::get_lowest_layer(stream_).expires_after(shared_.options.body_time);
    if (response.stream) return begin_stream(std::move(response.stream));
    answer_->body() = std::move(response.body);
    answer_->keep_alive(keep_alive_);
    answer_->prepare_payload();
    if (head_) answer_->body().clear();
    if (head_) {
      header_.emplace(*answer_);
      http::async_write_header(stream_, *header_, written());
    } else {
      http::async_write(stream_, *answer_, written());
    }
  }

  auto written() {
    return [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
      if (!failed && self->still_sending_) return self->let_finish();
      if (failed || !self->keep_alive_ || self->shared_.stopping) return self->end();
      self->read_header();
    };
  }

  // Who is still sending has not read the answer: a connection that is closed on him would take it
  // away. What comes is thrown away for a while.
  void let_finish() {
    auto& below = beast::get_lowest_layer(stream_);
    beast::error_code ignored;
    below.socket().shutdown(tcp::socket::shutdown_send, ignored);
    below.expires_after(kFinishTime);
    discard();
  }
  void discard() {
    part_.resize(kStreamPart);
    beast::get_lowest_layer(stream_).async_read_some(
        asio::buffer(part_),
        [self = this->shared_from_this()](beast::error_code failed, std::size_t n) {
          self->discarded_ += n;
          if (failed || self->discarded_ > kFinishMax || self->shared_.stopping) return self->end();
          self->discard();
        });
  }

  // --- answers that go on ------------------------------------------------------------------
  void begin_stream(std::shared_ptr<HttpStream> source) {
    source_ = std::move(source);
    answer_->set(http::field::cache_control, "no-store");
    answer_->keep_alive(false);
    chunked_ = version_ >= 11;
    if (chunked_) answer_->chunked(true);
    header_.emplace(*answer_);
    http::async_write_header(
        stream_, *header_,
        [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
          if (failed) return self->end();
          self->fetch();
        });
  }

  // The source may ask the database, so a worker asks it.
  void fetch() {
    if (shared_.stopping) return end();
    asio::post(*shared_.workers, [self = this->shared_from_this()] {
      std::string part;
      HttpStream::State state = HttpStream::State::More;
      while (state == HttpStream::State::More && part.size() < kStreamPart)
        state = self->source_->next(part);
      asio::post(self->stream_.get_executor(), [self, state, text = std::move(part)]() mutable {
        self->send(std::move(text), state);
      });
    });
  }

  void send(std::string text, HttpStream::State state) {
    if (text.empty()) return after_part(state);
    part_ = chunked_ ? fmt::format("{:x}\r\n", text.size()) + text + "\r\n" : std::move(text);
    beast::get_lowest_layer(stream_).expires_after(shared_.options.body_time);
    asio::async_write(
        stream_, asio::buffer(part_),
        [self = this->shared_from_this(), state](beast::error_code failed, std::size_t) {
          if (failed) return self->end();
          self->after_part(state);
        });
  }

  void after_part(HttpStream::State state) {
    if (state == HttpStream::State::Failed) return end();
    if (state == HttpStream::State::End) {
      part_ = chunked_ ? "0\r\n\r\n" : "";
      asio::async_write(
          stream_, asio::buffer(part_),
          [self = this->shared_from_this()](beast::error_code, std::size_t) { self->end(); });
      return;
    }
    if (state == HttpStream::State::More) return fetch();
    pause_.expires_after(kStreamPause);
    pause_.async_wait([self = this->shared_from_this()](beast::error_code failed) {
      if (!failed) self->fetch();
    });
  }

  void end() {
    source_.reset();
    beast::error_code ignored;
    auto& socket = beast::get_lowest_layer(stream_).socket();
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    socket.close(ignored);
  }

  Shared& shared_;
  std::string remote_;
  Stream stream_;
  asio::steady_timer pause_;
  beast::flat_buffer buffer_{kHttpHeaderMax + 64 * 1024};
  std::optional<HttpParser> parser_;
  std::optional<http::response<http::string_body>> answer_;
  std::optional<http::response_serializer<http::string_body>> header_;
  std::optional<http::response<http::empty_body>> go_on_;
  std::shared_ptr<HttpStream> source_;
  std::string part_;
  bool keep_alive_ = false, head_ = false, chunked_ = false, served_ = false;
  bool still_sending_ = false;
  std::size_t discarded_ = 0;
  unsigned version_ = 11;
};

using PlainSession = Session<beast::tcp_stream>;
using TlsSession = Session<beast::ssl_stream<beast::tcp_stream>>;

Result<asio::ssl::context> server_tls(const HttpServerOptions& options) {
  beast::error_code failed;
  asio::ssl::context tls(asio::ssl::context::tls_server);
  tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                  asio::ssl::context::no_tlsv1_1);
  tls.use_certificate_chain_file(options.certificate_file, failed);
  if (failed)
    return fail(Error::Code::Usage, fmt::format("{}: no certificate could be read: {}",
                                                options.certificate_file, failed.message()));
  tls.use_private_key_file(options.key_file, asio::ssl::context::pem, failed);
  if (failed)
    return fail(Error::Code::Usage, fmt::format("{}: no key of that certificate could be read: {}",
                                                options.key_file, failed.message()));
  return tls;
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, HttpHandler handler) : acceptor_(shared_.io), pause_(shared_.io) {
    shared_.options = std::move(options);
    shared_.handler = std::move(handler);
  }

  Result<void> start() {
    if (auto ready = ready_tls(); !ready) return ready;
    beast::error_code failed;
    const auto address = asio::ip::make_address(shared_.options.address, failed);
    if (failed)
      return fail(Error::Code::Usage,
                  fmt::format("'{}' is no address to listen on; give one of this "
                              "machine, as 127.0.0.1",
                              shared_.options.address));
    const tcp::endpoint endpoint(address, shared_.options.port);
    const auto step = [&](auto&& action) {
      if (!failed) action();
    };
    step([&] { acceptor_.open(endpoint.protocol(), failed); });
    step([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), failed); });
    step([&] { acceptor_.bind(endpoint, failed); });
    step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, failed); });
    if (failed)
      return fail(
          Error::Code::Io,
          fmt::format("{} port {}: {}; is another server there? --http names another address",
                      shared_.options.address, shared_.options.port, failed.message()));
    port_ = acceptor_.local_endpoint().port();
    shared_.workers.emplace(std::max(1u, shared_.options.workers));
    accept();
    thread_ = std::thread([this] { shared_.io.run(); });
    return {};
  }

  Result<std::function<void()>> prepare(const HttpServerOptions& next) {
    std::shared_ptr<asio::ssl::context> context;
    if (tls_) {
      auto tls = server_tls(next);
      if (!tls) return tl::unexpected(tls.error());
      context = std::make_shared<asio::ssl::context>(*std::move(tls));
    }
    // Connections keep what they began with: OpenSSL counts who uses a context.
    return std::function<void()>([this, context, body_max = next.body_max] {
      asio::post(shared_.io, [this, context, body_max] {
        if (context) tls_.emplace(std::move(*context));
        shared_.options.body_max = body_max;
      });
    });
  }

  void stop() {
    if (shared_.stopping.exchange(true)) return;
    asio::post(shared_.io, [this] {
      beast::error_code ignored;
      acceptor_.close(ignored);
    });
    if (shared_.workers) {
      shared_.workers->stop();
      shared_.workers->join();
    }
    shared_.io.stop();
    if (thread_.joinable()) thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  Result<void> ready_tls() {
    if (shared_.options.certificate_file.empty()) return {};
    auto tls = server_tls(shared_.options);
    if (!tls) return tl::unexpected(tls.error());
    tls_.emplace(*std::move(tls));
    return {};
  }

  void accept() {
    acceptor_.async_accept([this](beast::error_code failed, tcp::socket socket) {
      if (shared_.stopping || failed == asio::error::operation_aborted) return;
      if (!failed) {
        begin(std::move(socket));
        return accept();
      }
      pause_.expires_after(kAcceptPause);  // as when there are no descriptors left
      pause_.async_wait([this](beast::error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  // Above the limit a connection is closed at once, so that nobody waits for an answer.
  void begin(tcp::socket socket) {
    if (shared_.connections >= shared_.options.connections_max) return;
    beast::error_code ignored;
    const auto peer = socket.remote_endpoint(ignored);
    std::string remote = ignored ? "unknown" : peer.address().to_string();
    socket.set_option(tcp::no_delay(true), ignored);
    if (tls_) {
      std::make_shared<TlsSession>(shared_, std::move(remote), std::move(socket), *tls_)->start();
    } else {
      std::make_shared<PlainSession>(shared_, std::move(remote), std::move(socket))->start();
    }
  }

  Shared shared_;
  std::optional<asio::ssl::context> tls_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

HttpServer::HttpServer(HttpServerOptions options, HttpHandler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
HttpServer::~HttpServer() {
  stop();
}
Result<void> HttpServer::start() {
  return impl_->start();
}
Result<std::function<void()>> HttpServer::prepare(const HttpServerOptions& next) {
  return impl_->prepare(next);
}
std::uint16_t HttpServer::port() const {
  return impl_->port();
}
void HttpServer::stop() {
  impl_->stop();
}

}  // namespace endreason
