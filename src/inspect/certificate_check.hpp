// SPDX-License-Identifier: Apache-2.0
// TrustStore: the certificates that are trusted, constant and shared by threads. CertificateCheck:
// a server's chain against them at a moment of packet time. One a thread. Whether a certificate was
// revoked is not looked into: nothing that packets show can tell.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "inspect/decryption_terms.hpp"

struct x509_store_st;
struct x509_store_ctx_st;

namespace endreason::inspect {

class TrustStore {
 public:
  // The system's own, where OpenSSL looks for it.
  static Result<std::shared_ptr<const TrustStore>> system();
  // A PEM file of certificates.
  static Result<std::shared_ptr<const TrustStore>> of_file(const std::string& path);
  static Result<std::shared_ptr<const TrustStore>> of_pem(std::string_view pem,
                                                          const std::string& name);
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  x509_store_st* store() const { return store_; }

 private:
  TrustStore();
  x509_store_st* store_;
};

struct CertificateResult {
  std::uint32_t causes{};  // bits of DecryptionCause: what is wrong; 0: nothing
  // What is said of each cause; with none, of CertificateChecked.
  std::array<std::string, kDecryptionCauses.size()> sentences;

  std::string& of(DecryptionCause cause) { return sentences[static_cast<std::size_t>(cause)]; }
};

class CertificateCheck {
 public:
  static constexpr std::size_t kChainMost = 16;  // certificates that are looked at

  explicit CertificateCheck(std::shared_ptr<const TrustStore> trust);
  ~CertificateCheck();
  CertificateCheck(const CertificateCheck&) = delete;
  CertificateCheck& operator=(const CertificateCheck&) = delete;

  // The chain as the server sent it, its own certificate first, DER.
  void check(std::span<const std::span<const std::uint8_t>> chain, std::int64_t now_ns,
             CertificateResult& result);

 private:
  std::shared_ptr<const TrustStore> trust_;
  x509_store_ctx_st* context_;
};

}  // namespace endreason::inspect
