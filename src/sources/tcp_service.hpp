// SPDX-License-Identifier: Apache-2.0
// What every server of ours does before it accepts connections: it binds an address, and reads its
// certificate. For those who use the network library themselves; pure but for the socket.
#pragma once

#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include "base/result.hpp"

namespace endreason {

inline boost::system::error_code listen_on(boost::asio::ip::tcp::acceptor& acceptor,
                                           const boost::asio::ip::tcp::endpoint& endpoint) {
  boost::system::error_code failed;
  acceptor.open(endpoint.protocol(), failed);
  if (!failed) acceptor.set_option(boost::asio::socket_base::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(boost::asio::socket_base::max_listen_connections, failed);
  return failed;
}

struct TlsFiles {
  std::string certificate, key;  // PEM; the certificate with its chain
  std::string client_ca;         // clients must have a certificate of it; empty: they need none
};
// TLS 1.2 and 1.3, for a server.
Result<boost::asio::ssl::context> tls_context(const TlsFiles& files);

}  // namespace endreason
