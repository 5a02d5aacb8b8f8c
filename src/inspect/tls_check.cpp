// SPDX-License-Identifier: Apache-2.0
// Sources: RFC 5246, RFC 8446 (records, handshake, alerts), RFC 8879 (compressed certificates).
#include "inspect/tls_check.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/byte_order.hpp"
#include "inspect/byte_reader.hpp"
#include "inspect/tls_hello.hpp"
#include "inspect/tls_suite_table.hpp"

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t kChangeCipherSpec = 20, kAlert = 21, kHandshake = 22, kApplication = 23;
constexpr std::uint8_t kClientHello = 1, kServerHello = 2, kCertificate = 11,
                       kCertificateRequest = 13, kFinished = 20, kCompressedCertificate = 25;
constexpr std::size_t kHeaderBytes = 5, kRecordMost = 16384 + 2048;
constexpr std::uint16_t kTls13 = 0x0304;
constexpr std::uint8_t kWarning = 1;

// The random of a ServerHello that asks for another ClientHello (RFC 8446, section 4.1.3).
constexpr std::array<std::uint8_t, 32> kRetryRandom{
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

std::string_view side_name(bool from_client) {
  return from_client ? "client" : "server";
}

}  // namespace

void TlsCheck::release(TlsCheckState& state) {
  for (TlsCheckHalf& h : state.half)
    for (ByteBuffer* b : {&h.records, &h.handshake}) b->clear(pool_);
}

CheckStep TlsCheck::data(TlsCheckState& state, const DecryptionTerms& terms, bool from_client,
                         Bytes bytes, std::int64_t now_ns, DecryptionFindings& findings) {
  state_ = &state;
  terms_ = &terms;
  findings_ = &findings;
  now_ns_ = now_ns;
  TlsCheckHalf& h = state.half[from_client ? 0 : 1];
  if (h.over) return CheckStep::GoesOn;
  // Records straight out of the bytes where they are whole, else out of the buffer.
  if (!h.records.empty()) {
    if (!h.records.append(pool_, bytes)) return CheckStep::NoMemory;
    bytes = h.records.bytes();
  }
  std::size_t used = 0;
  CheckStep step = CheckStep::GoesOn;
  while (step == CheckStep::GoesOn && bytes.size() - used >= kHeaderBytes && !h.over) {
    const std::uint8_t type = bytes[used];
    const std::size_t length = load_big16(&bytes[used + 3]);
    if (type < kChangeCipherSpec || type > 24 || bytes[used + 1] != 3 || length > kRecordMost)
      return CheckStep::NotOurs;
    if (bytes.size() - used - kHeaderBytes < length) break;
    step = record(from_client, bytes.subspan(used, kHeaderBytes + length));
    used += kHeaderBytes + length;
  }
  if (step != CheckStep::GoesOn) return step;
  if (h.over) {
    h.records.clear(pool_);
    h.handshake.clear(pool_);
    return state.half[0].over && state.half[1].over ? CheckStep::Over : CheckStep::GoesOn;
  }
  if (!h.records.empty())
    h.records.drop_front(used);
  else if (used < bytes.size() && !h.records.append(pool_, bytes.subspan(used)))
    return CheckStep::NoMemory;
  return CheckStep::GoesOn;
}

CheckStep TlsCheck::record(bool from_client, Bytes whole) {
  TlsCheckHalf& h = state_->half[from_client ? 0 : 1];
  const std::uint8_t type = whole[0];
  const Bytes content = whole.subspan(kHeaderBytes);
  if (!state_->begun && type != kHandshake && type != kAlert) return CheckStep::NotOurs;
  if (state_->version == kTls13 && type == kApplication) return opened(from_client, whole);
  if (h.encrypted) {
    // After its Finished, both sides go on with what is no part of the handshake.
    h.over = type != kHandshake;
    return CheckStep::GoesOn;
  }
  switch (type) {
    case kHandshake:
      return messages(from_client, content);
    case kAlert:
      alert(from_client, content);
      return CheckStep::GoesOn;
    case kChangeCipherSpec:
      // TLS 1.3 sends it for the sake of devices in the path; it means nothing.
      if (state_->version == kTls13 || state_->version == 0) return CheckStep::GoesOn;
      h.encrypted = true;
      if (!from_client && !state_->certificate) {
        state_->certificate = true;
        findings_->add(DecryptionCause::NoCertificate, *terms_, false,
                       "the session takes up an earlier one; the server sends no certificate");
      }
      return CheckStep::GoesOn;
    default:
      return CheckStep::GoesOn;
  }
}

// A record of TLS 1.3 that is encrypted.
CheckStep TlsCheck::opened(bool from_client, Bytes whole) {
  TlsCheckHalf& h = state_->half[from_client ? 0 : 1];
  if (h.keys.suite == 0) {
    h.over = true;
    return from_client ? CheckStep::GoesOn : hidden();
  }
  std::uint8_t type = 0;
  const Bytes content =
      opener_.open(h.keys, whole.first(kHeaderBytes), whole.subspan(kHeaderBytes), type);
  switch (type) {
    case 0:
      // Early data has keys of its own; behind it those of the handshake fit.
      ++records_closed_;
      if (!from_client) {
        h.over = true;
        return hidden();
      }
      return CheckStep::GoesOn;
    case kHandshake:
      return messages(from_client, content);
    case kAlert:
      alert(from_client, content);
      return CheckStep::GoesOn;
    default:
      h.over = true;
      return CheckStep::GoesOn;
  }
}

CheckStep TlsCheck::hidden() {
  if (state_->certificate) return CheckStep::GoesOn;
  state_->certificate = true;
  findings_->add(
      DecryptionCause::CertificateHidden, *terms_, false,
      state_->no_secret || key_log_ == nullptr
          ? "TLS 1.3 hides the server's certificate and there is no secret of the session "
            "in a key log: whether it is valid cannot be known"
          : "the session's secrets in the key log do not open the server's records: "
            "whether its certificate is valid cannot be known");
  return CheckStep::GoesOn;
}

CheckStep TlsCheck::messages(bool from_client, Bytes content) {
  TlsCheckHalf& h = state_->half[from_client ? 0 : 1];
  if (h.handshake.size() + content.size() > kMessageMost) return CheckStep::NotOurs;
  if (!h.handshake.append(pool_, content)) return CheckStep::NoMemory;
  std::size_t used = 0;
  while (h.handshake.size() - used >= 4 && !h.encrypted && !h.over) {
    const Bytes all = h.handshake.bytes();
    const std::size_t length = load_big32(&all[used]) & 0xff'ffff;
    if (length + 4 > kMessageMost) return CheckStep::NotOurs;
    if (all.size() - used - 4 < length) break;
    const std::uint8_t type = all[used];
    if (!state_->begun && (type != kClientHello || !from_client)) return CheckStep::NotOurs;
    message(from_client, type, all.subspan(used + 4, length));
    used += 4 + length;
    // What ends the session is not followed by more, however the messages are packed.
    if (findings_->blocking() != nullptr) return CheckStep::Over;
  }
  h.handshake.drop_front(used);
  return CheckStep::GoesOn;
}

void TlsCheck::message(bool from_client, std::uint8_t type, Bytes body) {
  if (from_client) {
    if (type == kClientHello) client_hello(body);
    if (type == kFinished && state_->version == kTls13) finished(true);
    return;
  }
  switch (type) {
    case kServerHello:
      server_hello(body);
      break;
    case kCertificate:
      certificate(body);
      break;
    case kCompressedCertificate:
      if (!std::exchange(state_->certificate, true))
        findings_->add(DecryptionCause::CertificateCompressed, *terms_, false,
                       "the server's certificate is compressed: whether it is valid is not known");
      break;
    case kCertificateRequest:
      findings_->add(DecryptionCause::ClientCertificate, *terms_, false,
                     "the server asks for a certificate of the client");
      break;
    case kFinished:
      if (state_->version == kTls13) finished(false);
      break;
    default:
      break;
  }
}

bool TlsCheck::accepts_version(unsigned version) const {
  return version >= terms_->min_version &&
         (terms_->max_version == 0 || version <= terms_->max_version);
}

bool TlsCheck::accepts_suite(unsigned code) const {
  const TlsSuite* suite = find_tls_suite(code);
  return suite != nullptr && (suite->parts & terms_->refused_algorithms) == 0;
}

// A hello without the list offers its version and the older ones.
bool TlsCheck::offers_version(const TlsHello& hello) const {
  if (hello.versions.empty()) return hello.version >= terms_->min_version;
  for (ByteReader r{hello.versions}; r.rest.size() >= 2;)
    if (const unsigned v = r.number(2); !is_tls_grease(v) && accepts_version(v)) return true;
  return false;
}

void TlsCheck::client_hello(Bytes body) {
  TlsHello hello;
  if (!read_tls_hello(body, true, hello)) return;
  state_->begun = true;
  std::copy(hello.random.begin(), hello.random.end(), state_->random.begin());
  state_->version_in_reach = offers_version(hello);
  if (!state_->version_in_reach) {
    unsigned best = hello.version;
    for (ByteReader r{hello.versions}; r.rest.size() >= 2;)
      if (const unsigned v = r.number(2); !is_tls_grease(v)) best = std::max(best, v);
    findings_->add(
        DecryptionCause::UnsupportedVersion, *terms_, true,
        fmt::format("the client offers {} at best; none of its versions is in the profile",
                    tls_version_text(best)));
    return;
  }
  bool any = false;
  for (ByteReader r{hello.ciphers}; r.rest.size() >= 2;) any |= accepts_suite(r.number(2));
  if (!any)
    findings_->add(DecryptionCause::UnsupportedCipher, *terms_, true,
                   "none of the cipher suites that the client offers is in the profile");
}

void TlsCheck::say_suite(unsigned code) {
  const TlsSuite* suite = find_tls_suite(code);
  if (suite == nullptr) {
    findings_->add(DecryptionCause::UnsupportedCipher, *terms_, false,
                   fmt::format("the server chose the cipher suite {:#06x}, which is none that is "
                               "decrypted",
                               code));
    return;
  }
  const auto refused = static_cast<unsigned>(suite->parts & terms_->refused_algorithms);
  findings_->add(DecryptionCause::UnsupportedCipher, *terms_, false,
                 fmt::format("the server chose {}; the profile leaves out {}", suite->name,
                             info(static_cast<CipherPart>(std::countr_zero(refused))).log_name));
}

void TlsCheck::server_hello(Bytes body) {
  TlsHello hello;
  if (!read_tls_hello(body, false, hello)) return;
  if (std::equal(hello.random.begin(), hello.random.end(), kRetryRandom.begin())) return;
  state_->version = hello.versions.size() == 2 ? load_big16(hello.versions.data())
                                               : static_cast<std::uint16_t>(hello.version);
  const std::uint16_t suite = load_big16(hello.ciphers.data());
  if (state_->version < terms_->min_version)
    findings_->add(
        DecryptionCause::UnsupportedVersion, *terms_, false,
        fmt::format("the server chose {}; the profile begins at {}",
                    tls_version_text(state_->version), tls_version_text(terms_->min_version)));
  // A version above the profile's is one that a proxy would not have offered to the server: what
  // they would have agreed on instead is not known.
  else if (accepts_version(state_->version) && !accepts_suite(suite))
    say_suite(suite);
  if (state_->version == kTls13) take_secrets(suite);
}

void TlsCheck::take_secrets(std::uint16_t suite) {
  const SessionSecrets* secrets = key_log_ ? key_log_->find(state_->random) : nullptr;
  state_->no_secret = secrets == nullptr;
  if (secrets == nullptr) return;
  for (const std::size_t side : {0u, 1u}) {
    TlsCheckHalf& h = state_->half[side];
    opener_.derive(secrets->handshake[side], suite, h.keys);
    h.next = secrets->application[side];
  }
}

void TlsCheck::certificate(Bytes body) {
  if (std::exchange(state_->certificate, true)) return;
  ByteReader r{body};
  const bool tls13 = state_->version == kTls13;
  if (tls13) r.vector(1);  // context
  ByteReader list{r.vector(3)};
  chain_.clear();
  while (!list.rest.empty() && chain_.size() < CertificateCheck::kChainMost) {
    const Bytes der = list.vector(3);
    if (tls13) list.vector(2);  // extensions
    if (!list.good || der.empty()) break;
    chain_.push_back(der);
  }
  certificates_.check(chain_, now_ns_, result_);
  if (result_.causes == 0) {
    findings_->add(DecryptionCause::CertificateChecked, *terms_, false,
                   result_.of(DecryptionCause::CertificateChecked));
    return;
  }
  for (std::uint32_t bits = result_.causes; bits != 0; bits &= bits - 1) {
    const auto cause = static_cast<DecryptionCause>(std::countr_zero(bits));
    findings_->add(cause, *terms_, false, result_.of(cause));
  }
}

void TlsCheck::alert(bool from_client, Bytes content) {
  TlsCheckHalf& h = state_->half[from_client ? 0 : 1];
  if (content.size() < 2) return;
  const std::uint8_t code = content[1];
  const TlsAlert* row = find_tls_alert(code);
  // In TLS 1.3 all are fatal but those that end the session in order.
  const bool fatal =
      content[0] != kWarning || (state_->version == kTls13 && code != 0 && code != 90);
  if (!fatal) return;
  h.over = true;
  const DecryptionCause cause = row != nullptr ? row->cause : DecryptionCause::AlertOfError;
  findings_->add(
      cause, *terms_, from_client,
      fmt::format("the {} ended the handshake with the fatal alert {}", side_name(from_client),
                  row != nullptr ? std::string(row->name) : std::to_string(code)));
}

// Behind its Finished a side uses other keys. The server's comes first; a server that does not like
// the client's certificate says so under them.
void TlsCheck::finished(bool from_client) {
  TlsCheckHalf& h = state_->half[from_client ? 0 : 1];
  const std::uint16_t suite = h.keys.suite;
  h.finished = true;
  if (!from_client && !std::exchange(state_->certificate, true))
    findings_->add(DecryptionCause::NoCertificate, *terms_, false,
                   "the session takes up an earlier one; the server sends no certificate");
  if (!opener_.derive(h.next, suite, h.keys)) h.over = true;
}

}  // namespace endreason::inspect
