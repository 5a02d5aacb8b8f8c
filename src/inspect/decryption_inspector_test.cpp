// SPDX-License-Identifier: Apache-2.0
// What real clients and servers do, against the terms of a profile. The captures are those of
// tests/captures/make_decryption_captures.sh.
#include "inspect/decryption_inspector.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/source_folder_for_test.hpp"
#include "inspect/certificate_check.hpp"
#include "inspect/key_log.hpp"
#include "model/capture_for_test.hpp"

namespace endreason::inspect {
namespace {

constexpr std::uint32_t kEverything = ~std::uint32_t{0};

std::string captures() {
  return source_folder() + "/tests/captures/decryption/";
}

DecryptionTerms tls_terms(std::uint16_t least = 0x0303, CipherParts refused = 0) {
  DecryptionTerms terms;
  terms.rule = "decrypt";
  terms.min_version = least;
  terms.refused_algorithms = refused;
  terms.blocks = kEverything;
  return terms;
}

DecryptionTerms ssh_terms(CipherParts refused = 0) {
  DecryptionTerms terms = tls_terms(0, refused);
  terms.kind = DecryptionKind::Ssh;
  return terms;
}

std::shared_ptr<DecryptionSetup> setup_of(DecryptionTerms terms, const std::string& keys = "") {
  auto setup = std::make_shared<DecryptionSetup>();
  setup->terms = {std::move(terms)};
  auto trust = TrustStore::of_file(captures() + "ca.pem");
  EXPECT_TRUE(trust.has_value()) << (trust ? "" : trust.error().message);
  if (trust) setup->trust = *trust;
  if (!keys.empty()) {
    auto log = KeyLog::of_file(captures() + keys);
    EXPECT_TRUE(log.has_value());
    if (log) setup->keys = std::make_shared<KeyLog>(std::move(*log));
  }
  return setup;
}

// All that is found in a capture: "cause" of a note, "cause!" of what blocks, "@c" or "@s" for
// whose bytes it rests on.
class Checked {
 public:
  Checked(const std::string& capture, std::shared_ptr<const DecryptionSetup> setup)
      : inspector_(std::move(setup)), capture_(captures() + capture + ".pcap") {
    for (const PacketView& p : capture_.packets()) packet(p);
    for (auto& [ends, session] : sessions_) inspector_.finish(session.id);
  }
  const std::string& found() const { return found_; }
  const std::string& sentences() const { return sentences_; }
  const DecryptionInspector& inspector() const { return inspector_; }

 private:
  struct Known {
    DecryptionId id{};
    std::uint16_t client_port;
  };
  void packet(const PacketView& p) {
    const auto ends = std::minmax(p.sport, p.dport);
    auto [at, first] = sessions_.try_emplace({ends.first, ends.second}, Known{{}, p.sport});
    const bool from_client = p.sport == at->second.client_port;
    const DecryptionFindings& findings =
        inspector_.step(at->second.id, 0, {&p, from_client, true, first});
    for (const DecryptionFinding& f : findings.all()) {
      if (!found_.empty()) found_ += ' ';
      found_ += std::string(info(f.cause).log_name) + (f.blocks ? "!" : "") +
                (f.from_client ? "@c" : "@s");
      sentences_ += f.sentence + "\n";
    }
  }

  DecryptionInspector inspector_;
  endreason::test::Capture capture_;
  std::map<std::pair<std::uint16_t, std::uint16_t>, Known> sessions_;
  std::string found_, sentences_;
};

struct TlsCase {
  std::string_view behaviour, capture, keys, found;
};
constexpr auto kTlsCases = std::to_array<TlsCase>({
    {"a good certificate is said to be one", "tls12-valid", "", "certificate-checked@s"},
    {"a chain over a certificate that the server sends is good", "tls12-chain", "",
     "certificate-checked@s"},
    {"a chain with a missing link is untrusted", "tls12-no-middle", "", "untrusted-issuer!@s"},
    {"an expired certificate", "tls12-expired", "", "certificate-expired!@s"},
    {"one that is not valid yet", "tls12-future", "", "certificate-not-yet-valid!@s"},
    {"one for clients", "tls12-purpose", "", "wrong-purpose!@s"},
    {"one of a stranger", "tls12-stranger", "", "untrusted-issuer!@s"},
    {"one that signs itself", "tls12-self-signed", "", "untrusted-issuer!@s"},
    {"a client that offers nothing newer than TLS 1.0", "tls10", "", "unsupported-version!@c"},
    {"a server that chooses TLS 1.1 of more", "tls11-of-many", "", "unsupported-version!@s"},
    {"no cipher suite in common is the server's alert", "tls12-nothing-in-common", "",
     "alert-of-parameter!@s"},
    {"a client that does not know the issuer", "tls12-unknown-ca", "", "untrusted-issuer!@s"},
    {"a client that wanted another name", "tls12-wrong-name", "",
     "certificate-checked@s alert-of-certificate!@c"},
    {"a server that wants a client's certificate", "tls12-wants-client", "",
     "certificate-checked@s client-certificate!@s"},
    {"a session taken up again has no certificate", "tls12-resumed", "", "no-certificate@s"},
    {"TLS 1.3 hides the certificate", "tls13-expired", "", "certificate-hidden@s"},
    {"a key log of other sessions does not help", "tls13-expired", "tls13-valid.keys",
     "certificate-hidden@s"},
    {"with its secrets it is seen", "tls13-expired", "tls13-expired.keys",
     "certificate-expired!@s"},
    {"AES-128-GCM is opened", "tls13-aes128", "tls13-aes128.keys", "certificate-expired!@s"},
    {"ChaCha20-Poly1305 is opened, and a chain of two read", "tls13-chacha", "tls13-chacha.keys",
     "certificate-checked@s"},
    {"a hello that had to be sent again", "tls13-retry", "tls13-retry.keys", "untrusted-issuer!@s"},
    {"a good one of TLS 1.3", "tls13-valid", "tls13-valid.keys", "certificate-checked@s"},
    {"an alert of the client inside TLS 1.3", "tls13-wrong-name", "tls13-wrong-name.keys",
     "certificate-checked@s alert-of-certificate!@c"},
    {"a server of TLS 1.3 that wants a client's certificate", "tls13-wants-client",
     "tls13-wants-client.keys", "client-certificate!@s"},
    {"a TLS 1.3 session taken up again", "tls13-resumed", "tls13-resumed.keys", "no-certificate@s"},
    {"nginx and curl: three sessions", "nginx-curl", "nginx-curl.keys",
     "certificate-expired!@s certificate-expired!@s certificate-expired!@s"},
    {"what is not TLS is left alone", "ssh-modern", "", ""},
});

TEST(DecryptionInspector, FindsWhatRealHandshakesHaveAgainstTheProfile) {
  for (const TlsCase& c : kTlsCases) {
    const Checked checked(std::string(c.capture), setup_of(tls_terms(), std::string(c.keys)));
    EXPECT_EQ(checked.found(), c.found) << c.behaviour << "\n" << checked.sentences();
    EXPECT_EQ(checked.inspector().memory_used(), 0u) << c.behaviour;
    EXPECT_EQ(checked.inspector().sessions_used(), 0u) << c.behaviour;
  }
}

struct SshCase {
  std::string_view behaviour, capture, refused, found;
};
constexpr auto kSshCases = std::to_array<SshCase>({
    {"what OpenSSH does by itself is good", "ssh-modern", "sha1", ""},
    {"a key exchange that is given up as weak", "ssh-weak-kex", "", "ssh-algorithm!@s"},
    {"a cipher and a MAC that a profile lets pass", "ssh-cbc-sha1", "", ""},
    {"a cipher that a profile leaves out, in both directions", "ssh-cbc-sha1", "aes-128-cbc",
     "ssh-algorithm!@s ssh-algorithm!@s"},
    {"a MAC that a profile leaves out", "ssh-cbc-sha1", "sha1",
     "ssh-algorithm!@s ssh-algorithm!@s"},
    {"nothing in common", "ssh-nothing-in-common", "", "ssh-algorithm!@s ssh-algorithm!@s"},
    {"a server of version 1", "ssh-version-1", "", "ssh-version!@s"},
    {"what is not SSH is left alone", "tls12-valid", "", ""},
});

TEST(DecryptionInspector, FindsWhatSshHasAgainstTheProfile) {
  for (const SshCase& c : kSshCases) {
    const Checked checked(std::string(c.capture),
                          setup_of(ssh_terms(cipher_part_named(c.refused))));
    EXPECT_EQ(checked.found(), c.found) << c.behaviour << "\n" << checked.sentences();
    EXPECT_EQ(checked.inspector().memory_used(), 0u) << c.behaviour;
  }
}

struct AlgorithmCase {
  std::string_view refused, found;
};

TEST(DecryptionInspector, RefusesSuitesByTheirParts) {
  for (const AlgorithmCase c : std::to_array<AlgorithmCase>({
           {"keyxchg-algo-rsa", "unsupported-cipher!@s"},
           {"aes-128-cbc", "unsupported-cipher!@s"},
           {"auth-algo-sha1", "unsupported-cipher!@s"},
           {"aes-256-gcm", "untrusted-issuer!@s"},
       })) {
    // The client offers only TLS_RSA_WITH_AES_128_CBC_SHA besides the suites of TLS 1.3.
    const Checked checked("tls12-rsa-cbc-sha1",
                          setup_of(tls_terms(0x0303, cipher_part_named(c.refused))));
    EXPECT_EQ(checked.found(), c.found) << c.refused << "\n" << checked.sentences();
  }
  const Checked none("tls12-valid", setup_of(tls_terms(0x0303, 0xffff)));
  EXPECT_EQ(none.found(), "unsupported-cipher!@c") << none.sentences();
}

TEST(DecryptionInspector, WhatTheProfileDoesNotBlockIsSaidAndTheSessionGoesOn) {
  DecryptionTerms terms = tls_terms();
  terms.blocks = cause_bit(DecryptionCause::UntrustedIssuer);
  EXPECT_EQ(Checked("tls12-expired", setup_of(terms)).found(), "certificate-expired@s");
  EXPECT_EQ(Checked("tls12-stranger", setup_of(terms)).found(), "untrusted-issuer!@s");
}

TEST(DecryptionInspector, SaysInASentenceWhatIsWrong) {
  const auto said = [](const std::string& capture, const DecryptionTerms& terms) {
    return Checked(capture, setup_of(terms)).sentences();
  };
  EXPECT_TRUE(said("tls12-expired", tls_terms())
                  .starts_with("the certificate of CN=expired.example expired at 2021-01-01 "
                               "00:00:00 UTC; the session is of 20"));
  EXPECT_EQ(said("tls12-purpose", tls_terms()),
            "the certificate of CN=purpose.example is not for a server: unsuitable certificate "
            "purpose\n");
  EXPECT_EQ(said("tls12-stranger", tls_terms()),
            "the certificate of CN=stranger.example was issued by CN=stranger-root, and no trusted "
            "certificate is behind it: unable to get local issuer certificate\n");
  auto without_root = setup_of(tls_terms());
  without_root->trust = *TrustStore::system();
  EXPECT_EQ(
      Checked("tls12-chain", without_root).sentences(),
      "a certificate above that of CN=chained.example was issued by CN=endreason-test-root, and "
      "no trusted certificate is behind it: unable to get local issuer certificate\n");
  EXPECT_EQ(said("tls11-of-many", tls_terms()),
            "the server chose TLS 1.1; the profile begins at TLS 1.2\n");
  EXPECT_EQ(said("tls12-rsa-cbc-sha1", tls_terms(0x0303, cipher_part_named("sha1"))),
            "the server chose TLS_RSA_WITH_AES_128_CBC_SHA; the profile leaves out "
            "auth-algo-sha1\n");
  EXPECT_EQ(said("ssh-version-1", ssh_terms()),
            "the server speaks SSH-1.5-OpenSSH_1.2.3, which is not version 2\n");
}

TEST(DecryptionInspector, EachSessionIsCountedOnce) {
  const Checked checked("nginx-curl", setup_of(tls_terms()));
  const DecryptionCounters& counters = checked.inspector().counters();
  EXPECT_EQ(checked.found(), "certificate-expired!@s certificate-hidden@s certificate-expired!@s");
  EXPECT_EQ(counters[DecryptionCounter::Sessions], 3u);
  EXPECT_EQ(counters[DecryptionCounter::Tls], 3u);
  EXPECT_EQ(counters[DecryptionCounter::Hidden], 1u);
  EXPECT_EQ(counters[DecryptionCounter::Blocked], 2u);
}

TEST(DecryptionInspector, WithoutMemoryOrPlacesTheHandshakeIsGivenUpAndSaidSo) {
  auto setup = setup_of(tls_terms());
  setup->sessions = 0;
  EXPECT_EQ(Checked("tls12-valid", setup).found(), "no-resources!@c");
  setup->sessions = 16;
  setup->memory_bytes = 256;
  const Checked checked("tls12-valid", setup);
  EXPECT_EQ(checked.found(), "no-resources!@c");
  EXPECT_EQ(checked.inspector().counters()[DecryptionCounter::NoResources], 1u);
}

}  // namespace
}  // namespace endreason::inspect
