// SPDX-License-Identifier: Apache-2.0
#include "inspect/key_log.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "inspect/certificate_check.hpp"
#include "inspect/decryption_terms.hpp"
#include "inspect/tls_record_keys.hpp"

namespace endreason::inspect {
namespace {

const std::string kRandom(64, 'a');
const std::string kSecret(64, '5');

TEST(KeyLog, KnowsTheSecretsOfASessionByItsClientRandom) {
  const KeyLog log = KeyLog::of_text("# a comment\n\nSERVER_HANDSHAKE_TRAFFIC_SECRET " + kRandom +
                                     " " + kSecret + "\r\nCLIENT_TRAFFIC_SECRET_0 " + kRandom +
                                     " " + kSecret + kSecret.substr(0, 32));
  std::array<std::uint8_t, 32> random;
  random.fill(0xaa);
  const SessionSecrets* secrets = log.find(random);
  ASSERT_NE(secrets, nullptr);
  EXPECT_EQ(secrets->handshake[1].size, 32);
  EXPECT_EQ(secrets->handshake[1].bytes[31], 0x55);
  EXPECT_EQ(secrets->application[0].size, 48);
  EXPECT_EQ(secrets->handshake[0].size, 0);
  random[0] = 0;
  EXPECT_EQ(log.find(random), nullptr);
  EXPECT_EQ(log.find(std::span(random).first(31)), nullptr);
}

TEST(KeyLog, EveryLineIsCountedOnce) {
  const KeyLog log = KeyLog::of_text(
      "CLIENT_RANDOM " + kRandom + " " + kSecret + "\nEXPORTER_SECRET " + kRandom + " " + kSecret +
      "\nCLIENT_TRAFFIC_SECRET_0 " + kRandom + " " + kSecret + "\nCLIENT_TRAFFIC_SECRET_0 " +
      kRandom + " xx\nhello\n" + "CLIENT_TRAFFIC_SECRET_0 aa " + kSecret + "\n");
  EXPECT_EQ(log.counts().lines, 6u);
  EXPECT_EQ(log.counts().secrets, 1u);
  EXPECT_EQ(log.counts().unused, 2u);
  EXPECT_EQ(log.counts().unreadable, 3u);
}

TEST(TlsRecordOpener, ASecretMustFitItsSuite) {
  const TlsRecordOpener opener;
  TlsRecordKeys keys;
  TlsSecret secret;
  secret.size = 32;
  EXPECT_TRUE(opener.derive(secret, 0x1301, keys));
  EXPECT_TRUE(opener.derive(secret, 0x1303, keys));
  EXPECT_FALSE(opener.derive(secret, 0x1302, keys));
  EXPECT_EQ(keys.suite, 0);
  EXPECT_FALSE(opener.derive(secret, 0x1304, keys));
  secret.size = 48;
  EXPECT_TRUE(opener.derive(secret, 0x1302, keys));
  EXPECT_FALSE(opener.derive(secret, 0x1301, keys));
}

// The keys and the record of RFC 8448, section 3 ("Simple 1-RTT Handshake").
TEST(TlsRecordOpener, DerivesTheKeysOfTheStandardsExample) {
  TlsSecret secret;
  secret.size = 32;
  secret.bytes = {0xb6, 0x7b, 0x7d, 0x69, 0x0c, 0xc1, 0x6c, 0x4e, 0x75, 0xe5, 0x42,
                  0x13, 0xcb, 0x2d, 0x37, 0xb4, 0xe9, 0xc9, 0x12, 0xbc, 0xde, 0xd9,
                  0x10, 0x5d, 0x42, 0xbe, 0xfd, 0x59, 0xd3, 0x91, 0xad, 0x38};
  const TlsRecordOpener opener;
  TlsRecordKeys keys;
  ASSERT_TRUE(opener.derive(secret, 0x1301, keys));
  const std::array<std::uint8_t, 16> key{0x3f, 0xce, 0x51, 0x60, 0x09, 0xc2, 0x17, 0x27,
                                         0xd0, 0xf2, 0xe4, 0xe8, 0x6e, 0xe4, 0x03, 0xbc};
  const std::array<std::uint8_t, 12> nonce{0x5d, 0x31, 0x3e, 0xb2, 0x67, 0x12,
                                           0x76, 0xee, 0x13, 0x00, 0x0b, 0x30};
  EXPECT_TRUE(std::equal(key.begin(), key.end(), keys.key.begin()));
  EXPECT_EQ(keys.nonce, nonce);
}

TEST(TrustStore, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(TrustStore::of_file("/nonexistent/ca.pem").error().message,
            "trust store: /nonexistent/ca.pem: cannot be read");
  EXPECT_EQ(TrustStore::of_pem("hello\n", "x.pem").error().message,
            "trust store: x.pem: holds no certificate (PEM is expected)");
  EXPECT_EQ(
      TrustStore::of_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x.pem")
          .error()
          .message,
      "trust store: x.pem: the certificate behind the first 0 cannot be read (PEM is expected)");
  EXPECT_TRUE(TrustStore::system().has_value());
}

TEST(CertificateCheck, WhatCannotBeReadIsInvalid) {
  CertificateCheck check(*TrustStore::system());
  CertificateResult result;
  check.check({}, 0, result);
  EXPECT_EQ(result.causes, cause_bit(DecryptionCause::InvalidCertificate));
  const std::array<std::uint8_t, 4> bytes{0x30, 2, 5, 0};
  const std::span<const std::uint8_t> chain[] = {bytes};
  check.check(chain, 0, result);
  EXPECT_EQ(result.causes, cause_bit(DecryptionCause::InvalidCertificate));
  EXPECT_EQ(result.of(DecryptionCause::InvalidCertificate),
            "the server's certificate cannot be read");
}

TEST(CipherParts, AreNamedAsTheConfigurationDoesOrShort) {
  EXPECT_EQ(cipher_part_named("enc-algo-3des"), cipher_bit(CipherPart::Enc3des));
  EXPECT_EQ(cipher_part_named("3des"), cipher_bit(CipherPart::Enc3des));
  EXPECT_EQ(cipher_part_named("rsa"), cipher_bit(CipherPart::KeyRsa));
  EXPECT_EQ(cipher_part_named("des"), 0);
  EXPECT_EQ(tls_version_text(0x0303), "TLS 1.2");
  EXPECT_EQ(tls_version_text(0x0300), "SSL 3.0");
  EXPECT_EQ(tls_version_text(0x0201), "0x0201");
}

}  // namespace
}  // namespace endreason::inspect
