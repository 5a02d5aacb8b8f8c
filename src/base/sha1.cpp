// SPDX-License-Identifier: Apache-2.0
#include "base/sha1.hpp"

#include <new>

#include <openssl/evp.h>

namespace endreason {

// The algorithm is fetched once: looking it up costs more than a short digest.
struct Sha1::State {
  State() {
    if (context == nullptr || algorithm == nullptr) throw std::bad_alloc();
  }
  ~State() {
    EVP_MD_free(algorithm);
    EVP_MD_CTX_free(context);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
};

Sha1::Sha1() = default;
Sha1::~Sha1() = default;
Sha1::Sha1(Sha1&&) noexcept = default;
Sha1& Sha1::operator=(Sha1&&) noexcept = default;

Sha1::Digest Sha1::of(std::span<const std::uint8_t> bytes) {
  if (!state_) state_ = std::make_unique<State>();
  Digest digest{};
  EVP_DigestInit_ex2(state_->context, state_->algorithm, nullptr);
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
  EVP_DigestFinal_ex(state_->context, digest.data(), nullptr);
  return digest;
}

void append_base64(std::string& out, std::span<const std::uint8_t> bytes) {
  const std::size_t before = out.size();
  out.resize(before + (bytes.size() + 2) / 3 * 4 + 1);  // EVP_EncodeBlock ends its text with a NUL
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + before),
                                      bytes.data(), static_cast<int>(bytes.size()));
  out.resize(before + static_cast<std::size_t>(written));
}

}  // namespace endreason
