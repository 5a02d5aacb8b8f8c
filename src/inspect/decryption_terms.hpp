// SPDX-License-Identifier: Apache-2.0
// DecryptionTerms: what a decryption rule and its profile ask of a session, and DecryptionCause:
// what can be found against it, with the end reason that the log then has. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/vocabulary.hpp"

namespace endreason::inspect {

// What is found. Notes are no cause to block: they say what was seen, or cannot be known.
enum class DecryptionCause : std::uint8_t {
  CertificateExpired,
  CertificateNotYetValid,
  UntrustedIssuer,
  WrongPurpose,
  InvalidCertificate,
  ClientCertificate,
  AlertOfCertificate,
  UnsupportedVersion,
  UnsupportedCipher,
  AlertOfParameter,
  SshVersion,
  SshAlgorithm,
  NoResources,
  AlertOfError,
  CertificateHidden,
  CertificateCompressed,
  NoCertificate,
  CertificateChecked,
};
struct DecryptionCauseInfo {
  DecryptionCause value;
  std::string_view log_name;
  EndReason reason;  // of a session that it blocks
  bool note;         // never blocks
};
// Sources: facts of the vendor's end reasons (DESIGN.md, "The verdict"): its list of alerts, and
// the knowledge base's table of the proxy's error codes behind each end reason.
inline constexpr auto kDecryptionCauses = std::to_array<DecryptionCauseInfo>({
    {DecryptionCause::CertificateExpired, "certificate-expired", EndReason::DecryptCertValidation,
     false},
    {DecryptionCause::CertificateNotYetValid, "certificate-not-yet-valid",
     EndReason::DecryptCertValidation, false},
    {DecryptionCause::UntrustedIssuer, "untrusted-issuer", EndReason::DecryptCertValidation, false},
    {DecryptionCause::WrongPurpose, "wrong-purpose", EndReason::DecryptCertValidation, false},
    {DecryptionCause::InvalidCertificate, "invalid-certificate", EndReason::DecryptCertValidation,
     false},
    {DecryptionCause::ClientCertificate, "client-certificate", EndReason::DecryptCertValidation,
     false},
    {DecryptionCause::AlertOfCertificate, "alert-of-certificate", EndReason::DecryptCertValidation,
     false},
    {DecryptionCause::UnsupportedVersion, "unsupported-version", EndReason::DecryptUnsupportParam,
     false},
    {DecryptionCause::UnsupportedCipher, "unsupported-cipher", EndReason::DecryptUnsupportParam,
     false},
    {DecryptionCause::AlertOfParameter, "alert-of-parameter", EndReason::DecryptUnsupportParam,
     false},
    {DecryptionCause::SshVersion, "ssh-version", EndReason::DecryptUnsupportParam, false},
    {DecryptionCause::SshAlgorithm, "ssh-algorithm", EndReason::DecryptUnsupportParam, false},
    {DecryptionCause::NoResources, "no-resources", EndReason::DecryptError, false},
    {DecryptionCause::AlertOfError, "alert-of-error", EndReason::DecryptError, false},
    {DecryptionCause::CertificateHidden, "certificate-hidden", EndReason::Absent, true},
    {DecryptionCause::CertificateCompressed, "certificate-compressed", EndReason::Absent, true},
    {DecryptionCause::NoCertificate, "no-certificate", EndReason::Absent, true},
    {DecryptionCause::CertificateChecked, "certificate-checked", EndReason::Absent, true},
});
static_assert(rows_in_enum_order(kDecryptionCauses) && log_names_unique(kDecryptionCauses));
constexpr const DecryptionCauseInfo& info(DecryptionCause cause) {
  return kDecryptionCauses[static_cast<std::size_t>(cause)];
}
constexpr std::uint32_t cause_bit(DecryptionCause cause) {
  return 1u << static_cast<unsigned>(cause);
}

// Algorithms that a profile can refuse, by its element names without "enc-algo-" and so on.
// Source: "Objects > Decryption Profile" of the vendor's 11.2 help.
enum class CipherPart : std::uint8_t {
  KeyRsa,
  KeyDhe,
  KeyEcdhe,
  Enc3des,
  EncRc4,
  EncAes128Cbc,
  EncAes256Cbc,
  EncAes128Gcm,
  EncAes256Gcm,
  EncChacha20,
  AuthMd5,
  AuthSha1,
  AuthSha256,
  AuthSha384,
};
struct CipherPartInfo {
  CipherPart value;
  std::string_view log_name;
};
inline constexpr auto kCipherParts = std::to_array<CipherPartInfo>({
    {CipherPart::KeyRsa, "keyxchg-algo-rsa"},
    {CipherPart::KeyDhe, "keyxchg-algo-dhe"},
    {CipherPart::KeyEcdhe, "keyxchg-algo-ecdhe"},
    {CipherPart::Enc3des, "enc-algo-3des"},
    {CipherPart::EncRc4, "enc-algo-rc4"},
    {CipherPart::EncAes128Cbc, "enc-algo-aes-128-cbc"},
    {CipherPart::EncAes256Cbc, "enc-algo-aes-256-cbc"},
    {CipherPart::EncAes128Gcm, "enc-algo-aes-128-gcm"},
    {CipherPart::EncAes256Gcm, "enc-algo-aes-256-gcm"},
    {CipherPart::EncChacha20, "enc-algo-chacha20-poly1305"},
    {CipherPart::AuthMd5, "auth-algo-md5"},
    {CipherPart::AuthSha1, "auth-algo-sha1"},
    {CipherPart::AuthSha256, "auth-algo-sha256"},
    {CipherPart::AuthSha384, "auth-algo-sha384"},
});
static_assert(rows_in_enum_order(kCipherParts) && log_names_unique(kCipherParts));
using CipherParts = std::uint16_t;  // bits of CipherPart
constexpr CipherParts cipher_bit(CipherPart part) {
  return static_cast<CipherParts>(1u << static_cast<unsigned>(part));
}
constexpr const CipherPartInfo& info(CipherPart part) {
  return kCipherParts[static_cast<std::size_t>(part)];
}
// By the whole element name, or by what follows "-algo-": "enc-algo-3des" or "3des". 0: no such.
CipherParts cipher_part_named(std::string_view name);

enum class DecryptionKind : std::uint8_t { Tls, Ssh };

struct DecryptionTerms {
  std::string rule;  // for the log
  DecryptionKind kind{DecryptionKind::Tls};
  bool decrypts{true};               // false: a no-decrypt rule, for which alerts say nothing
  std::uint16_t min_version{};       // as on the wire, 0x0303 for TLS 1.2; 0: no bound
  std::uint16_t max_version{};       // 0: no bound
  CipherParts refused_algorithms{};  // that the profile leaves out
  std::uint32_t blocks{};            // bits of DecryptionCause that end a session
};

// "TLS 1.2"; "SSL 3.0"; "0x0123" for what is none.
std::string tls_version_text(unsigned version);

}  // namespace endreason::inspect
