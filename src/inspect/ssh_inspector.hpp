// SPDX-License-Identifier: Apache-2.0
// SshInspector: the banners of one SSH session and the key exchange that follows in the clear ->
// the buffers that rules see. After that all is encrypted. One a thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "inspect/block_pool.hpp"
#include "inspect/digest.hpp"
#include "inspect/object_pool.hpp"
#include "inspect/rule_evaluator.hpp"

namespace endreason::inspect {

enum class SshStep : std::uint8_t { GoesOn, Encrypted, NoMemory };

struct SshHalf {
  bool banner_done{}, over{};
  ByteBuffer text;         // the banner and its newline, then the key exchange
  std::uint32_t banner{};  // bytes of it
};

struct SshSession {
  std::array<SshHalf, kSides> half;
  TransactionRules rules;
};

class SshInspector final : public BufferProvider {
 public:
  using Bytes = std::span<const std::uint8_t>;
  static constexpr std::size_t kTextMax = 16 * 1024;

  SshInspector(BlockPool& pool, RuleEvaluator& evaluator, std::size_t sessions)
      : pool_(pool), evaluator_(evaluator), sessions_(sessions) {}

  SshSession* begin() { return sessions_.take(); }
  void end(SshSession* session);
  SshStep data(SshSession& session, Side side, Bytes bytes);

  BufferView view(InspectBuffer buffer, Side side, unsigned index) override;

 private:
  // The key exchange message's lists, or false when it is not there.
  static bool key_exchange(Bytes text, Bytes& payload);
  bool make_hassh(Side side);

  BlockPool& pool_;
  RuleEvaluator& evaluator_;
  ObjectPool<SshSession> sessions_;
  Digest digest_;
  SshSession* session_ = nullptr;
  std::vector<std::uint8_t> made_, digest_text_;
};

}  // namespace endreason::inspect
