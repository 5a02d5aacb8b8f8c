// SPDX-License-Identifier: Apache-2.0
#include "server/http_channel.hpp"

#include <type_traits>
#include <utility>

#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace endreason {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

template <class Stream>
class ChannelOver final : public HttpChannel {
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

 public:
  template <class... Arguments>
  explicit ChannelOver(Arguments&&... arguments) : stream_(std::forward<Arguments>(arguments)...) {}

  bool within_tls() const override { return kTls; }
  void handshake(Done done) override {
    if constexpr (kTls)
      stream_.async_handshake(
          asio::ssl::stream_base::server,
          [told = std::move(done)](beast::error_code failed) { told(failed, 0); });
  }
  void read_some(asio::mutable_buffer into, Done done) override {
    stream_.async_read_some(into, std::move(done));
  }
  void write(const Parts& parts, Done done) override {
    asio::async_write(stream_, parts, std::move(done));
  }
  void read_raw(asio::mutable_buffer into, Done done) override {
    below().async_read_some(into, std::move(done));
  }

  void limit(std::chrono::steady_clock::duration time) override { below().expires_after(time); }
  void no_limit() override { below().expires_never(); }
  void end_sending() override {
    beast::error_code ignored;
    below().socket().shutdown(tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    beast::error_code ignored;
    below().socket().close(ignored);
  }
  asio::any_io_executor executor() override { return stream_.get_executor(); }

 private:
  beast::tcp_stream& below() { return beast::get_lowest_layer(stream_); }

  Stream stream_;
};

}  // namespace

std::unique_ptr<HttpChannel> HttpChannel::over(tcp::socket socket, asio::ssl::context* tls) {
  if (tls != nullptr) return std::make_unique<ChannelOver<TlsStream>>(std::move(socket), *tls);
  return std::make_unique<ChannelOver<beast::tcp_stream>>(std::move(socket));
}

}  // namespace endreason
