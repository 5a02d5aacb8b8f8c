// SPDX-License-Identifier: Apache-2.0
// TlsRecordKeys: the key and nonce of one side of a TLS 1.3 session, from a traffic secret.
// TlsRecordOpener opens records with them: AES-GCM and ChaCha20-Poly1305. One a thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "inspect/key_log.hpp"

struct evp_cipher_ctx_st;
struct evp_cipher_st;

namespace endreason::inspect {

struct TlsRecordKeys {
  std::array<std::uint8_t, 32> key{};
  std::array<std::uint8_t, 12> nonce{};
  std::uint64_t record{};  // number of the next one
  std::uint16_t suite{};   // 0: there are no keys
};

class TlsRecordOpener {
 public:
  TlsRecordOpener();
  ~TlsRecordOpener();
  TlsRecordOpener(const TlsRecordOpener&) = delete;
  TlsRecordOpener& operator=(const TlsRecordOpener&) = delete;

  // False: the suite is none of TLS 1.3's that are known here, or the secret does not fit it.
  bool derive(const TlsSecret& secret, std::uint16_t suite, TlsRecordKeys& keys) const;

  // A record's content, without the padding; its type in `type`. Empty with type 0: the keys do not
  // open it, and they count on as if it had not come. Valid until the next call.
  std::span<const std::uint8_t> open(TlsRecordKeys& keys, std::span<const std::uint8_t> header,
                                     std::span<const std::uint8_t> content, std::uint8_t& type);

 private:
  evp_cipher_ctx_st* context_;
  std::array<evp_cipher_st*, 3> ciphers_;  // AES-128-GCM, AES-256-GCM, ChaCha20-Poly1305
  std::vector<std::uint8_t> plain_;
};

}  // namespace endreason::inspect
