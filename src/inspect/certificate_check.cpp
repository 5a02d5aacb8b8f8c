// SPDX-License-Identifier: Apache-2.0
#include "inspect/certificate_check.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <bit>
#include <ctime>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "inspect/certificate_names.hpp"

namespace endreason::inspect {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr int kDepthMost = 10;
constexpr std::size_t kNameMost = 120;  // bytes of a name in a sentence

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_it(object);
  }
};
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using Stack = std::unique_ptr<STACK_OF(X509), FreeStack>;

// What the library's errors come to. One that is not here makes the certificate invalid.
// Source: the manual page X509_STORE_CTX_get_error of OpenSSL 3.0.
struct VerifyError {
  int error;
  DecryptionCause cause;
};
constexpr auto kVerifyErrors = std::to_array<VerifyError>({
    {X509_V_ERR_CERT_HAS_EXPIRED, DecryptionCause::CertificateExpired},
    {X509_V_ERR_CERT_NOT_YET_VALID, DecryptionCause::CertificateNotYetValid},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, DecryptionCause::UntrustedIssuer},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, DecryptionCause::UntrustedIssuer},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, DecryptionCause::UntrustedIssuer},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, DecryptionCause::UntrustedIssuer},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, DecryptionCause::UntrustedIssuer},
    {X509_V_ERR_CERT_UNTRUSTED, DecryptionCause::UntrustedIssuer},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, DecryptionCause::UntrustedIssuer},
    {X509_V_ERR_INVALID_PURPOSE, DecryptionCause::WrongPurpose},
    {X509_V_ERR_INVALID_CA, DecryptionCause::WrongPurpose},
});

struct Failure {
  std::uint32_t causes = 0;
  std::array<int, kDecryptionCauses.size()> error{};
  std::array<int, kDecryptionCauses.size()> depth{};
};

// Called for each error; by answering yes to all, one pass finds all there are.
int note_error(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  auto* failure = static_cast<Failure*>(X509_STORE_CTX_get_ex_data(context, 0));
  const int error = X509_STORE_CTX_get_error(context);
  const auto row = std::find_if(kVerifyErrors.begin(), kVerifyErrors.end(),
                                [&](const VerifyError& e) { return e.error == error; });
  const DecryptionCause cause =
      row != kVerifyErrors.end() ? row->cause : DecryptionCause::InvalidCertificate;
  if ((failure->causes & cause_bit(cause)) == 0) {
    failure->causes |= cause_bit(cause);
    failure->error[static_cast<std::size_t>(cause)] = error;
    failure->depth[static_cast<std::size_t>(cause)] = X509_STORE_CTX_get_error_depth(context);
  }
  return 1;
}

std::string name_text(std::span<const std::uint8_t> der, bool issuer) {
  const CertificateParts parts = certificate_parts(der);
  std::vector<std::uint8_t> name;
  append_name(issuer ? parts.issuer : parts.subject, name);
  if (name.empty()) return "an unnamed one";
  std::string text(name.begin(),
                   name.begin() + static_cast<std::ptrdiff_t>(std::min(name.size(), kNameMost)));
  // Names are the server's own bytes; a sentence is one line of plain text.
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

std::string issuer_text(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = certificate != nullptr ? i2d_X509(certificate, &der) : 0;
  std::string text = "an unnamed one";
  if (size > 0) text = name_text({der, static_cast<std::size_t>(size)}, true);
  OPENSSL_free(der);
  return text;
}

std::string date_text(const ASN1_TIME* time) {
  std::tm tm{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &tm) != 1) return "an unreadable date";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

std::string moment_text(std::int64_t now_ns) {
  std::string text;
  append_rfc3339(text, {now_ns / 1000, 0, 0});
  return text;
}

struct Verified {
  std::span<const std::span<const std::uint8_t>> chain;
  X509_STORE_CTX* context;
  std::int64_t now_ns;
};

std::string sentence_of(DecryptionCause cause, const Failure& failure, const Verified& of) {
  const std::string subject = name_text(of.chain[0], false);
  const auto index = static_cast<std::size_t>(cause);
  const int depth = failure.depth[index];
  const STACK_OF(X509)* const built = X509_STORE_CTX_get0_chain(of.context);
  const X509* const at = built != nullptr && depth >= 0 && depth < sk_X509_num(built)
                             ? sk_X509_value(built, depth)
                             : X509_STORE_CTX_get0_cert(of.context);
  const std::string whose = depth == 0 ? fmt::format("the certificate of {}", subject)
                                       : fmt::format("a certificate above that of {}", subject);
  switch (cause) {
    case DecryptionCause::CertificateExpired:
      return fmt::format("{} expired at {}; the session is of {}", whose,
                         date_text(X509_get0_notAfter(at)), moment_text(of.now_ns));
    case DecryptionCause::CertificateNotYetValid:
      return fmt::format("{} is not valid before {}; the session is of {}", whose,
                         date_text(X509_get0_notBefore(at)), moment_text(of.now_ns));
    case DecryptionCause::UntrustedIssuer:
      return fmt::format("{} was issued by {}, and no trusted certificate is behind it: {}", whose,
                         issuer_text(at), X509_verify_cert_error_string(failure.error[index]));
    case DecryptionCause::WrongPurpose:
      return fmt::format("{} is not for a server: {}", whose,
                         X509_verify_cert_error_string(failure.error[index]));
    default:
      return fmt::format("{} is invalid: {}", whose,
                         X509_verify_cert_error_string(failure.error[index]));
  }
}

Result<int> add_certificates(BIO* from, X509_STORE* to, const std::string& name) {
  int count = 0;
  while (true) {
    const Certificate certificate(PEM_read_bio_X509(from, nullptr, nullptr, nullptr));
    if (certificate == nullptr) break;
    if (X509_STORE_add_cert(to, certificate.get()) != 1)
      return fail(Error::Code::Io, "trust store: " + name + ": the library refuses a certificate");
    ++count;
  }
  const unsigned long last = ERR_peek_last_error();
  ERR_clear_error();
  if (last != 0 && ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
    return fail(Error::Code::Io, fmt::format("trust store: {}: the certificate behind the first {} "
                                             "cannot be read (PEM is expected)",
                                             name, count));
  return count;
}

}  // namespace

TrustStore::TrustStore() : store_(X509_STORE_new()) {}
TrustStore::~TrustStore() {
  X509_STORE_free(store_);
}

Result<std::shared_ptr<const TrustStore>> TrustStore::system() {
  std::shared_ptr<TrustStore> trust(new TrustStore());
  if (trust->store_ == nullptr || X509_STORE_set_default_paths(trust->store_) != 1)
    return fail(Error::Code::Io, "trust store: the system's own cannot be opened; name a file");
  ERR_clear_error();
  return trust;
}

Result<std::shared_ptr<const TrustStore>> TrustStore::of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Error::Code::Io, "trust store: " + path + ": cannot be read");
  const std::string pem((std::istreambuf_iterator<char>(in)), {});
  return of_pem(pem, path);
}

Result<std::shared_ptr<const TrustStore>> TrustStore::of_pem(std::string_view pem,
                                                             const std::string& name) {
  std::shared_ptr<TrustStore> trust(new TrustStore());
  const Bio from(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (trust->store_ == nullptr || from == nullptr)
    return fail(Error::Code::Io, "trust store: no memory");
  const auto count = add_certificates(from.get(), trust->store_, name);
  if (!count) return tl::unexpected(count.error());
  if (*count == 0)
    return fail(Error::Code::Io,
                "trust store: " + name + ": holds no certificate (PEM is expected)");
  return trust;
}

CertificateCheck::CertificateCheck(std::shared_ptr<const TrustStore> trust)
    : trust_(std::move(trust)), context_(X509_STORE_CTX_new()) {}
CertificateCheck::~CertificateCheck() {
  X509_STORE_CTX_free(context_);
}

void CertificateCheck::check(std::span<const std::span<const std::uint8_t>> chain,
                             std::int64_t now_ns, CertificateResult& result) {
  result.causes = cause_bit(DecryptionCause::InvalidCertificate);
  result.of(DecryptionCause::InvalidCertificate) = "the server's certificate cannot be read";
  chain = chain.first(std::min(chain.size(), kChainMost));
  std::array<Certificate, kChainMost> parsed;
  const Stack others(sk_X509_new_null());
  if (chain.empty() || others == nullptr) return;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const unsigned char* at = chain[i].data();
    parsed[i].reset(d2i_X509(nullptr, &at, static_cast<long>(chain[i].size())));
    // One that cannot be read among those above is left out, as by a client.
    if (parsed[i] == nullptr && i == 0) break;
    if (parsed[i] != nullptr && i > 0) sk_X509_push(others.get(), parsed[i].get());
  }
  ERR_clear_error();
  if (parsed[0] == nullptr) return;
  if (X509_STORE_CTX_init(context_, trust_->store(), parsed[0].get(), others.get()) != 1) {
    result.of(DecryptionCause::InvalidCertificate) = "the server's certificate cannot be checked";
    return;
  }
  Failure failure;
  X509_STORE_CTX_set_ex_data(context_, 0, &failure);
  X509_STORE_CTX_set_verify_cb(context_, note_error);
  X509_STORE_CTX_set_purpose(context_, X509_PURPOSE_SSL_SERVER);
  X509_STORE_CTX_set_depth(context_, kDepthMost);
  X509_STORE_CTX_set_time(context_, 0, static_cast<std::time_t>(now_ns / kNanosPerSecond));
  const int verified = X509_verify_cert(context_);
  if (verified <= 0 && failure.causes == 0)
    failure.causes = cause_bit(DecryptionCause::InvalidCertificate);
  result.causes = failure.causes;
  if (failure.causes == 0)
    result.of(DecryptionCause::CertificateChecked) =
        fmt::format("the certificate of {} is valid; whether it was revoked is unknown",
                    name_text(chain[0], false));
  for (std::uint32_t bits = failure.causes; bits != 0; bits &= bits - 1) {
    const auto cause = static_cast<DecryptionCause>(std::countr_zero(bits));
    result.of(cause) = sentence_of(cause, failure, {chain, context_, now_ns});
  }
  X509_STORE_CTX_cleanup(context_);
  ERR_clear_error();
}

}  // namespace endreason::inspect
