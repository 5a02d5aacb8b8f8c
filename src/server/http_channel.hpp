// SPDX-License-Identifier: Apache-2.0
// HttpChannel: the bytes of one connection, plain or within TLS, with a time by which a step has to
// be done. It hides which of the two it is, and keeps the network library's templates in one file.
// Inside room server; one thread at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

namespace boost::asio::ssl {
class context;
}

namespace endreason {

class HttpChannel {
 public:
  // How a step ended, and how many bytes it moved. Called on the thread of the connection's
  // executor, never within the call that began the step.
  using Done = std::function<void(boost::system::error_code, std::size_t)>;
  using Parts = std::array<boost::asio::const_buffer, 2>;

  // `tls`: null for a plain connection.
  static std::unique_ptr<HttpChannel> over(boost::asio::ip::tcp::socket socket,
                                           boost::asio::ssl::context* tls);
  HttpChannel() = default;
  HttpChannel(const HttpChannel&) = delete;
  HttpChannel& operator=(const HttpChannel&) = delete;
  virtual ~HttpChannel() = default;

  virtual bool within_tls() const = 0;
  // Only within TLS.
  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer into, Done done) = 0;
  // Both parts wholly, one after the other; they stay where they are until it is done.
  virtual void write(const Parts& parts, Done done) = 0;
  // What comes by the connection, undeciphered: to throw it away.
  virtual void read_raw(boost::asio::mutable_buffer into, Done done) = 0;

  // Steps that are not done by then end with an error; what has no limit may take for ever.
  virtual void limit(std::chrono::steady_clock::duration time) = 0;
  virtual void no_limit() = 0;
  virtual void end_sending() = 0;
  virtual void close() = 0;
  virtual boost::asio::any_io_executor executor() = 0;
};

}  // namespace endreason
