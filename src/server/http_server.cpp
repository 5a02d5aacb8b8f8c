// SPDX-License-Identifier: Apache-2.0
#include "server/http_server.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "server/http_session.hpp"

namespace endreason {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto kAcceptPause = std::chrono::milliseconds(20);

Result<asio::ssl::context> server_tls(const HttpServerOptions& options) {
  error_code failed;
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
    error_code failed;
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
      error_code ignored;
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
    acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
      if (shared_.stopping || failed == asio::error::operation_aborted) return;
      if (!failed) {
        begin(std::move(socket));
        return accept();
      }
      pause_.expires_after(kAcceptPause);  // as when there are no descriptors left
      pause_.async_wait([this](error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  // Above the limit a connection is closed at once, so that nobody waits for an answer.
  void begin(tcp::socket socket) {
    if (shared_.connections >= shared_.options.connections_max) return;
    error_code ignored;
    const auto peer = socket.remote_endpoint(ignored);
    std::string remote = ignored ? "unknown" : peer.address().to_string();
    socket.set_option(tcp::no_delay(true), ignored);
    auto channel = HttpChannel::over(std::move(socket), tls_ ? &*tls_ : nullptr);
    std::make_shared<HttpSession>(shared_, std::move(remote), std::move(channel))->start();
  }

  HttpShared shared_;
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
