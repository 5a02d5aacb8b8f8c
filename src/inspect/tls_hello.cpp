// SPDX-License-Identifier: Apache-2.0
// Sources: RFC 5246 and RFC 8446 (hello messages), RFC 6066 (server name), RFC 7301 (ALPN).
#include "inspect/tls_hello.hpp"

#include "inspect/byte_reader.hpp"

namespace endreason::inspect {

bool read_tls_hello(std::span<const std::uint8_t> body, bool client, TlsHello& hello) {
  ByteReader r{body};
  hello.version = r.number(2);
  hello.random = r.take(32);
  r.vector(1);  // session id
  hello.ciphers = client ? r.vector(2) : r.take(2);
  if (client)
    r.vector(1);  // compression methods
  else
    r.take(1);
  if (!r.good) return false;
  if (r.rest.size() < 2) return true;
  hello.extensions = r.vector(2);
  for (ByteReader e{hello.extensions}; e.rest.size() >= 4;) {
    const unsigned type = e.number(2);
    ByteReader content{e.vector(2)};
    if (!e.good) break;
    if (type == 0 && content.rest.size() > 2) {
      content.number(2);
      content.number(1);
      hello.server_name = content.vector(2);
    } else if (type == 16) {
      hello.protocols = content.vector(2);
    } else if (type == 10) {
      hello.groups = content.vector(2);
    } else if (type == 11) {
      hello.point_formats = content.vector(1);
    } else if (type == 43) {
      hello.versions = client ? content.vector(1) : content.take(2);
    }
  }
  return true;
}

}  // namespace endreason::inspect
