// SPDX-License-Identifier: Apache-2.0
#include "inspect/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <string_view>

namespace endreason::inspect {
namespace {

void append_digest(EVP_MD_CTX* context, const EVP_MD* kind, bool colons,
                   std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_DigestInit_ex(context, kind, nullptr) != 1 ||
      EVP_DigestUpdate(context, bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context, digest.data(), &length) != 1)
    return;
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (unsigned i = 0; i < length; ++i) {
    if (colons && i > 0) out.push_back(':');
    out.push_back(static_cast<std::uint8_t>(kDigits[digest[i] >> 4]));
    out.push_back(static_cast<std::uint8_t>(kDigits[digest[i] & 15]));
  }
}

}  // namespace

Digest::Digest() : context_(EVP_MD_CTX_new()) {}
Digest::~Digest() {
  EVP_MD_CTX_free(context_);
}

void Digest::append_md5(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out) {
  append_digest(context_, EVP_md5(), false, bytes, out);
}

void Digest::append_sha1(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out) {
  append_digest(context_, EVP_sha1(), true, bytes, out);
}

}  // namespace endreason::inspect
