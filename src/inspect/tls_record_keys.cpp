// SPDX-License-Identifier: Apache-2.0
// Sources: RFC 8446 sections 5.2, 5.3, 7.1 and 7.3; RFC 5869 (HKDF); RFC 5116.
#include "inspect/tls_record_keys.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <string_view>

namespace endreason::inspect {
namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::uint16_t kFirstSuite = 0x1301, kSuites = 3;

struct SuiteFacts {
  std::size_t key_bytes, secret_bytes;
};
constexpr std::array<SuiteFacts, kSuites> kSuiteFacts{{{16, 32}, {32, 48}, {32, 32}}};

bool is_known(std::uint16_t suite) {
  return suite >= kFirstSuite && suite < kFirstSuite + kSuites;
}

// HKDF-Expand-Label(secret, label, "", out.size()) where one round of the hash is enough.
bool expand(const TlsSecret& secret, std::string_view label, std::span<std::uint8_t> out) {
  static constexpr std::string_view kPrefix = "tls13 ";
  std::array<std::uint8_t, 32> info{};
  std::size_t n = 0;
  info[n++] = 0;
  info[n++] = static_cast<std::uint8_t>(out.size());
  info[n++] = static_cast<std::uint8_t>(kPrefix.size() + label.size());
  for (const std::string_view part : {kPrefix, label})
    for (const char c : part) info[n++] = static_cast<std::uint8_t>(c);
  info[n++] = 0;  // no context
  info[n++] = 1;  // the first round
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned length = 0;
  const EVP_MD* hash = secret.size == 48 ? EVP_sha384() : EVP_sha256();
  if (HMAC(hash, secret.bytes.data(), secret.size, info.data(), n, made.data(), &length) == nullptr)
    return false;
  if (length < out.size()) return false;
  std::copy_n(made.begin(), out.size(), out.begin());
  return true;
}

}  // namespace

TlsRecordOpener::TlsRecordOpener()
    : context_(EVP_CIPHER_CTX_new()),
      ciphers_{EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr),
               EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr),
               EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr)} {}
TlsRecordOpener::~TlsRecordOpener() {
  for (EVP_CIPHER* cipher : ciphers_) EVP_CIPHER_free(cipher);
  EVP_CIPHER_CTX_free(context_);
}

bool TlsRecordOpener::derive(const TlsSecret& secret, std::uint16_t suite,
                             TlsRecordKeys& keys) const {
  keys = {};
  if (!is_known(suite) || ciphers_[suite - kFirstSuite] == nullptr) return false;
  const SuiteFacts& facts = kSuiteFacts[suite - kFirstSuite];
  if (secret.size != facts.secret_bytes) return false;
  if (!expand(secret, "key", std::span(keys.key).first(facts.key_bytes)) ||
      !expand(secret, "iv", keys.nonce))
    return false;
  keys.suite = suite;
  return true;
}

std::span<const std::uint8_t> TlsRecordOpener::open(TlsRecordKeys& keys,
                                                    std::span<const std::uint8_t> header,
                                                    std::span<const std::uint8_t> content,
                                                    std::uint8_t& type) {
  type = 0;
  if (keys.suite == 0 || content.size() <= kTagBytes) return {};
  std::array<std::uint8_t, 12> nonce = keys.nonce;
  for (unsigned i = 0; i < 8; ++i)
    nonce[11 - i] = static_cast<std::uint8_t>(nonce[11 - i] ^ keys.record >> (8 * i));
  const std::size_t size = content.size() - kTagBytes;
  plain_.resize(std::max(plain_.size(), size));
  std::array<std::uint8_t, kTagBytes> tag{};
  std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(size), kTagBytes, tag.begin());
  int done = 0, rest = 0;
  const EVP_CIPHER* cipher = ciphers_[keys.suite - kFirstSuite];
  if (EVP_DecryptInit_ex2(context_, cipher, keys.key.data(), nonce.data(), nullptr) != 1 ||
      EVP_DecryptUpdate(context_, nullptr, &done, header.data(), static_cast<int>(header.size())) !=
          1 ||
      EVP_DecryptUpdate(context_, plain_.data(), &done, content.data(), static_cast<int>(size)) !=
          1 ||
      EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context_, plain_.data() + done, &rest) != 1)
    return {};
  ++keys.record;
  std::span<const std::uint8_t> plain(plain_.data(), size);
  while (!plain.empty() && plain.back() == 0) plain = plain.first(plain.size() - 1);
  if (plain.empty()) return {};
  type = plain.back();
  return plain.first(plain.size() - 1);
}

}  // namespace endreason::inspect
