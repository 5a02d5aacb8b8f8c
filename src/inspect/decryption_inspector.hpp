// SPDX-License-Identifier: Apache-2.0
// DecryptionInspector: the packets of sessions that a decryption rule names -> what their TLS or
// SSH handshake has against the rule's profile. It puts streams in order, knows no session table
// and no policy: the caller says which session a packet belongs to and which terms hold, and keeps
// one word for it. One a thread; what it allocates is bounded by its limits.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "inspect/decryption_finding.hpp"
#include "inspect/decryption_terms.hpp"
#include "inspect/inspector.hpp"

namespace endreason::inspect {

class TrustStore;
class KeyLog;

// Constant and shared by threads.
struct DecryptionSetup {
  std::vector<DecryptionTerms> terms;       // by the number that step() is told
  std::shared_ptr<const TrustStore> trust;  // never null
  std::shared_ptr<const KeyLog> keys;       // may be null
  std::size_t memory_bytes = std::size_t{64} << 20;
  std::uint32_t sessions = 64 * 1024;  // whose handshake is read at once
};

// A session's place. A session starts with None and keeps what the calls leave in it.
enum class DecryptionId : std::uint32_t {
  None = 0,
  Settled = 0xffff'ffff,  // its handshake is over, or cannot be read
};

enum class DecryptionCounter : std::uint8_t {
  Sessions,
  Tls,
  Ssh,
  Neither,
  Gaps,
  Unreadable,
  CutShort,
  NoResources,
  Checked,
  Hidden,
  Without,
  RecordsClosed,
  Blocked,
};
struct DecryptionCounterInfo {
  DecryptionCounter value;
  std::string_view log_name;
  std::string_view sentence;
};
inline constexpr auto kDecryptionCounters = std::to_array<DecryptionCounterInfo>({
    {DecryptionCounter::Sessions, "decryption_sessions",
     "Sessions of decryption rules whose first bytes were seen."},
    {DecryptionCounter::Tls, "decryption_tls", "Of them: TLS."},
    {DecryptionCounter::Ssh, "decryption_ssh", "Of them: SSH."},
    {DecryptionCounter::Neither, "decryption_neither", "Of them: what the rule is not about."},
    {DecryptionCounter::Gaps, "decryption_gap",
     "Handshakes given up because bytes of them were not captured."},
    {DecryptionCounter::Unreadable, "decryption_unreadable",
     "Handshakes given up because they cannot be read."},
    {DecryptionCounter::CutShort, "decryption_cut_short",
     "Sessions that ended before their handshake did."},
    {DecryptionCounter::NoResources, "decryption_no_resources",
     "Handshakes given up because a limit was reached."},
    {DecryptionCounter::Checked, "decryption_certificate_checked", "Certificates checked."},
    {DecryptionCounter::Hidden, "decryption_certificate_hidden",
     "Certificates that TLS 1.3 hides and no key log opens: nothing is known of them."},
    {DecryptionCounter::Without, "decryption_certificate_none",
     "Handshakes that take up an earlier session, without a certificate."},
    {DecryptionCounter::RecordsClosed, "decryption_record_not_opened",
     "Records that the secrets of the key log do not open."},
    {DecryptionCounter::Blocked, "decryption_blocked", "Sessions that a profile ends."},
});
static_assert(rows_in_enum_order(kDecryptionCounters) && log_names_unique(kDecryptionCounters));

class DecryptionCounters {
 public:
  std::uint64_t operator[](DecryptionCounter c) const {
    return counts_[static_cast<std::size_t>(c)];
  }
  void add(DecryptionCounter c, std::uint64_t n = 1) { counts_[static_cast<std::size_t>(c)] += n; }
  void add(const DecryptionCounters& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }

 private:
  std::array<std::uint64_t, kDecryptionCounters.size()> counts_{};
};

class DecryptionInspector {
 public:
  explicit DecryptionInspector(std::shared_ptr<const DecryptionSetup> setup);
  ~DecryptionInspector();
  DecryptionInspector(const DecryptionInspector&) = delete;
  DecryptionInspector& operator=(const DecryptionInspector&) = delete;

  // A TCP packet of a session, in the order of arrival. What is found is valid until the next call.
  const DecryptionFindings& step(DecryptionId& id, std::uint32_t terms,
                                 const InspectedPacket& packet);
  // The session has ended; its state is given back.
  void finish(DecryptionId& id);

  const DecryptionCounters& counters() const;
  const DecryptionSetup& setup() const;
  std::size_t memory_used() const;
  void set_memory_limit(std::size_t bytes);
  std::size_t sessions_used() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace endreason::inspect
