// SPDX-License-Identifier: Apache-2.0
// SshCheck: the banners and key exchange offers of one SSH session in order -> what they have
// against the terms of the decryption rule. Both sides' offers say what they agree on (RFC 4253,
// section 7.1); nothing of it is encrypted. One a thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "inspect/block_pool.hpp"
#include "inspect/decryption_finding.hpp"
#include "inspect/tls_check.hpp"

namespace endreason::inspect {

struct SshCheckHalf {
  ByteBuffer text;         // the banner and its newline, then the key exchange offer
  std::uint32_t banner{};  // bytes of it; 0: not yet
  bool offered{};          // the offer is there whole
};

struct SshCheckState {
  std::array<SshCheckHalf, 2> half;
};

class SshCheck {
 public:
  using Bytes = std::span<const std::uint8_t>;
  static constexpr std::size_t kTextMost = 64 * 1024;

  explicit SshCheck(BlockPool& pool) : pool_(pool) {}

  CheckStep data(SshCheckState& state, const DecryptionTerms& terms, bool from_client, Bytes bytes,
                 DecryptionFindings& findings);
  void release(SshCheckState& state);

 private:
  bool banner(SshCheckHalf& half, const DecryptionTerms& terms, bool from_client,
              DecryptionFindings& findings) const;
  void agree(const SshCheckState& state, const DecryptionTerms& terms,
             DecryptionFindings& findings) const;

  BlockPool& pool_;
};

}  // namespace endreason::inspect
