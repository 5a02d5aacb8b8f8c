// SPDX-License-Identifier: Apache-2.0
// Cipher suites of TLS that a decryption profile speaks about, with their parts, and the meaning of
// alerts. Whatever is not here is no suite that the vendor decrypts.
// Source: IANA, "TLS Cipher Suites" and "TLS Alerts"; "PAN-OS 11.2 cipher suites supported for
// decryption".
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "inspect/decryption_terms.hpp"

namespace endreason::inspect {

struct TlsSuite {
  std::uint16_t code;
  std::string_view name;
  CipherParts parts;
};

namespace suite_parts {
inline constexpr CipherParts kRsa = cipher_bit(CipherPart::KeyRsa),
                             kDhe = cipher_bit(CipherPart::KeyDhe),
                             kEcdhe = cipher_bit(CipherPart::KeyEcdhe),
                             k3des = cipher_bit(CipherPart::Enc3des),
                             kRc4 = cipher_bit(CipherPart::EncRc4),
                             kCbc128 = cipher_bit(CipherPart::EncAes128Cbc),
                             kCbc256 = cipher_bit(CipherPart::EncAes256Cbc),
                             kGcm128 = cipher_bit(CipherPart::EncAes128Gcm),
                             kGcm256 = cipher_bit(CipherPart::EncAes256Gcm),
                             kChacha = cipher_bit(CipherPart::EncChacha20),
                             kMd5 = cipher_bit(CipherPart::AuthMd5),
                             kSha1 = cipher_bit(CipherPart::AuthSha1),
                             kSha256 = cipher_bit(CipherPart::AuthSha256),
                             kSha384 = cipher_bit(CipherPart::AuthSha384);
}  // namespace suite_parts

inline constexpr auto kTlsSuites = [] {
  using namespace suite_parts;
  return std::to_array<TlsSuite>({
      {0x0004, "TLS_RSA_WITH_RC4_128_MD5", kRsa | kRc4 | kMd5},
      {0x0005, "TLS_RSA_WITH_RC4_128_SHA", kRsa | kRc4 | kSha1},
      {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", kRsa | k3des | kSha1},
      {0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", kDhe | k3des | kSha1},
      {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", kRsa | kCbc128 | kSha1},
      {0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", kDhe | kCbc128 | kSha1},
      {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", kRsa | kCbc256 | kSha1},
      {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", kDhe | kCbc256 | kSha1},
      {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", kRsa | kCbc128 | kSha256},
      {0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", kRsa | kCbc256 | kSha256},
      {0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", kDhe | kCbc128 | kSha256},
      {0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", kDhe | kCbc256 | kSha256},
      {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", kRsa | kGcm128 | kSha256},
      {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", kRsa | kGcm256 | kSha384},
      {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", kDhe | kGcm128 | kSha256},
      {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", kDhe | kGcm256 | kSha384},
      {0x1301, "TLS_AES_128_GCM_SHA256", kGcm128 | kSha256},
      {0x1302, "TLS_AES_256_GCM_SHA384", kGcm256 | kSha384},
      {0x1303, "TLS_CHACHA20_POLY1305_SHA256", kChacha | kSha256},
      {0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", kEcdhe | kRc4 | kSha1},
      {0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", kEcdhe | k3des | kSha1},
      {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", kEcdhe | kCbc128 | kSha1},
      {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", kEcdhe | kCbc256 | kSha1},
      {0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", kEcdhe | kRc4 | kSha1},
      {0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", kEcdhe | k3des | kSha1},
      {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", kEcdhe | kCbc128 | kSha1},
      {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", kEcdhe | kCbc256 | kSha1},
      {0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", kEcdhe | kCbc128 | kSha256},
      {0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", kEcdhe | kCbc256 | kSha384},
      {0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", kEcdhe | kCbc128 | kSha256},
      {0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", kEcdhe | kCbc256 | kSha384},
      {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", kEcdhe | kGcm128 | kSha256},
      {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", kEcdhe | kGcm256 | kSha384},
      {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", kEcdhe | kGcm128 | kSha256},
      {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", kEcdhe | kGcm256 | kSha384},
      {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", kEcdhe | kChacha | kSha256},
      {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", kEcdhe | kChacha | kSha256},
      {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", kDhe | kChacha | kSha256},
  });
}();
static_assert(std::is_sorted(kTlsSuites.begin(), kTlsSuites.end(),
                             [](const TlsSuite& a, const TlsSuite& b) { return a.code < b.code; }));

// Null: it is none that is decrypted.
constexpr const TlsSuite* find_tls_suite(unsigned code) {
  const auto at = std::lower_bound(kTlsSuites.begin(), kTlsSuites.end(), code,
                                   [](const TlsSuite& s, unsigned c) { return s.code < c; });
  return at != kTlsSuites.end() && at->code == code ? &*at : nullptr;
}

struct TlsAlert {
  std::uint8_t code;
  std::string_view name;
  DecryptionCause cause;  // when it is fatal
};
// Which end reason an alert gives is the vendor's list (DESIGN.md, "The verdict"); what it does not
// name is any other failure.
inline constexpr auto kTlsAlerts = std::to_array<TlsAlert>({
    {0, "close_notify", DecryptionCause::AlertOfError},
    {10, "unexpected_message", DecryptionCause::AlertOfParameter},
    {20, "bad_record_mac", DecryptionCause::AlertOfError},
    {21, "decryption_failed", DecryptionCause::AlertOfError},
    {22, "record_overflow", DecryptionCause::AlertOfError},
    {30, "decompression_failure", DecryptionCause::AlertOfError},
    {40, "handshake_failure", DecryptionCause::AlertOfParameter},
    {41, "no_certificate", DecryptionCause::AlertOfCertificate},
    {42, "bad_certificate", DecryptionCause::AlertOfCertificate},
    {43, "unsupported_certificate", DecryptionCause::AlertOfCertificate},
    {44, "certificate_revoked", DecryptionCause::AlertOfCertificate},
    {45, "certificate_expired", DecryptionCause::AlertOfError},
    {46, "certificate_unknown", DecryptionCause::AlertOfError},
    {47, "illegal_parameter", DecryptionCause::AlertOfError},
    {48, "unknown_ca", DecryptionCause::AlertOfError},
    {49, "access_denied", DecryptionCause::AlertOfCertificate},
    {50, "decode_error", DecryptionCause::AlertOfError},
    {51, "decrypt_error", DecryptionCause::AlertOfError},
    {60, "export_restriction", DecryptionCause::AlertOfError},
    {70, "protocol_version", DecryptionCause::AlertOfError},
    {71, "insufficient_security", DecryptionCause::AlertOfError},
    {80, "internal_error", DecryptionCause::AlertOfError},
    {86, "inappropriate_fallback", DecryptionCause::AlertOfError},
    {90, "user_canceled", DecryptionCause::AlertOfError},
    {100, "no_renegotiation", DecryptionCause::AlertOfError},
    {109, "missing_extension", DecryptionCause::AlertOfError},
    {110, "unsupported_extension", DecryptionCause::AlertOfParameter},
    {111, "certificate_unobtainable", DecryptionCause::AlertOfError},
    {112, "unrecognized_name", DecryptionCause::AlertOfError},
    {113, "bad_certificate_status_response", DecryptionCause::AlertOfError},
    {115, "unknown_psk_identity", DecryptionCause::AlertOfError},
    {116, "certificate_required", DecryptionCause::AlertOfError},
    {120, "no_application_protocol", DecryptionCause::AlertOfError},
});

constexpr const TlsAlert* find_tls_alert(std::uint8_t code) {
  for (const TlsAlert& row : kTlsAlerts)
    if (row.code == code) return &row;
  return nullptr;
}

}  // namespace endreason::inspect
