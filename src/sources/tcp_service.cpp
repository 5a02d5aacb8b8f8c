// SPDX-License-Identifier: Apache-2.0
#include "sources/tcp_service.hpp"

#include <fmt/format.h>

namespace endreason {

Result<boost::asio::ssl::context> tls_context(const TlsFiles& files) {
  using boost::asio::ssl::context;
  context tls(context::tls_server);
  tls.set_options(context::default_workarounds | context::no_tlsv1 | context::no_tlsv1_1);
  boost::system::error_code failed;
  const auto wrong = [&](const std::string& file, std::string_view what) {
    return fail(Error::Code::Usage,
                fmt::format("{}: no {} could be read: {}", file, what, failed.message()));
  };
  tls.use_certificate_chain_file(files.certificate, failed);
  if (failed) return wrong(files.certificate, "certificate");
  tls.use_private_key_file(files.key, context::pem, failed);
  if (failed) return wrong(files.key, "key");
  if (files.client_ca.empty()) return tls;
  tls.load_verify_file(files.client_ca, failed);
  if (failed) return wrong(files.client_ca, "certificate");
  tls.set_verify_mode(boost::asio::ssl::verify_peer |
                      boost::asio::ssl::verify_fail_if_no_peer_cert);
  return tls;
}

}  // namespace endreason
