// SPDX-License-Identifier: Apache-2.0
// TlsCheck: the handshake of one TLS session in order -> what it has against the terms of the
// decryption rule that the session falls under. One a thread.
//
// TLS 1.3 hides all behind the hello; with the session's secrets from a key log it is opened, and
// without them it is said that nothing can be known.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "inspect/block_pool.hpp"
#include "inspect/certificate_check.hpp"
#include "inspect/decryption_finding.hpp"
#include "inspect/key_log.hpp"
#include "inspect/tls_record_keys.hpp"

namespace endreason::inspect {

struct TlsHello;

struct TlsCheckHalf {
  ByteBuffer records;    // a record that has not come whole
  ByteBuffer handshake;  // messages that have not
  TlsRecordKeys keys;    // TLS 1.3
  TlsSecret next;        // for what follows the handshake
  bool encrypted{};      // TLS 1.2 and older: what follows cannot be read
  bool finished{};       // TLS 1.3: its handshake is over
  bool over{};           // nothing more is read
};

struct TlsCheckState {
  std::array<TlsCheckHalf, 2> half;  // of client and server
  std::array<std::uint8_t, 32> random{};
  std::uint16_t version{};                   // settled on; 0: not yet
  bool version_in_reach{};                   // one of the profile's versions was offered
  bool begun{}, certificate{}, no_secret{};  // no_secret: the key log has nothing of it
};

enum class CheckStep : std::uint8_t { GoesOn, Over, NotOurs, NoMemory };

class TlsCheck {
 public:
  using Bytes = std::span<const std::uint8_t>;
  static constexpr std::size_t kMessageMost = 64 * 1024;

  TlsCheck(BlockPool& pool, std::shared_ptr<const TrustStore> trust,
           std::shared_ptr<const KeyLog> keys)
      : pool_(pool), certificates_(std::move(trust)), key_log_(std::move(keys)) {}

  // Bytes in order. What is found goes to `findings`.
  CheckStep data(TlsCheckState& state, const DecryptionTerms& terms, bool from_client, Bytes bytes,
                 std::int64_t now_ns, DecryptionFindings& findings);
  void release(TlsCheckState& state);

  std::uint64_t records_closed() const { return records_closed_; }

 private:
  CheckStep record(bool from_client, Bytes whole);
  CheckStep opened(bool from_client, Bytes whole);
  CheckStep messages(bool from_client, Bytes content);
  void message(bool from_client, std::uint8_t type, Bytes body);
  void client_hello(Bytes body);
  void server_hello(Bytes body);
  void take_secrets(std::uint16_t suite);
  void certificate(Bytes body);
  void alert(bool from_client, Bytes content);
  void finished(bool from_client);
  CheckStep hidden();
  bool accepts_version(unsigned version) const;
  bool accepts_suite(unsigned suite) const;
  bool offers_version(const TlsHello& hello) const;
  void say_suite(unsigned suite);

  BlockPool& pool_;
  CertificateCheck certificates_;
  std::shared_ptr<const KeyLog> key_log_;  // may be null
  TlsRecordOpener opener_;
  CertificateResult result_;
  std::vector<Bytes> chain_;
  std::uint64_t records_closed_ = 0;  // that the secrets did not open
  // Of the call.
  TlsCheckState* state_ = nullptr;
  const DecryptionTerms* terms_ = nullptr;
  DecryptionFindings* findings_ = nullptr;
  std::int64_t now_ns_ = 0;
};

}  // namespace endreason::inspect
