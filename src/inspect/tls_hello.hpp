// SPDX-License-Identifier: Apache-2.0
// The hello messages of TLS, read. The spans are the message's own bytes. Pure; hostile bytes give
// false or empty parts.
#pragma once

#include <cstdint>
#include <span>

namespace endreason::inspect {

struct TlsHello {
  unsigned version = 0;  // the old place; what the extension says is in `versions`
  std::span<const std::uint8_t> random, ciphers, extensions, server_name, protocols, groups,
      point_formats, versions;
};

// False: it is not a hello. Extensions that cannot be read are left out.
bool read_tls_hello(std::span<const std::uint8_t> body, bool client, TlsHello& hello);

// Values that clients send at random (RFC 8701).
constexpr bool is_tls_grease(unsigned n) {
  return (n & 0x0f0f) == 0x0a0a && (n >> 8) == (n & 0xff);
}

}  // namespace endreason::inspect
