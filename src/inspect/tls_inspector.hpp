// SPDX-License-Identifier: Apache-2.0
// TlsInspector: the handshake of one TLS session, as far as it is not encrypted -> the buffers that
// rules see: server name, certificate names, JA3. Once both sides encrypt, nothing more can be seen
// and the state is given back. One a thread.
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

struct TlsHello;

enum class TlsStep : std::uint8_t { GoesOn, Encrypted, NotTls, NoMemory };

struct TlsHalf {
  bool encrypted{}, seen_hello{};
  std::uint16_t version{};         // that the hello settles on or offers
  ByteBuffer records;              // a record that has not come whole
  ByteBuffer handshake;            // messages that have not
  ByteBuffer hello, certificates;  // the messages that buffers are made of
};

struct TlsSession {
  std::array<TlsHalf, kSides> half;
  bool stopped{};  // a message could not be read: records go by
  TransactionRules rules;
};

class TlsInspector final : public BufferProvider {
 public:
  using Bytes = std::span<const std::uint8_t>;
  static constexpr std::size_t kHandshakeMax = 64 * 1024;  // bytes of a message

  TlsInspector(BlockPool& pool, RuleEvaluator& evaluator, std::size_t sessions)
      : pool_(pool), evaluator_(evaluator), sessions_(sessions) {}

  TlsSession* begin() { return sessions_.take(); }
  void end(TlsSession* session);
  TlsStep data(TlsSession& session, Side side, Bytes bytes);

  BufferView view(InspectBuffer buffer, Side side, unsigned index) override;
  std::optional<std::int64_t> number(PacketField field) override;

 private:
  TlsStep record(Side side, std::uint8_t type, Bytes content);
  TlsStep handshake(Side side);
  void message(Side side, std::uint8_t type, Bytes body);
  void look_into(Side side, std::uint64_t buffers);
  bool hello_buffer(InspectBuffer buffer, Side side, unsigned index, Bytes& out);
  bool certificate_buffer(InspectBuffer buffer, unsigned index, Bytes& out);
  void make_ja3(const TlsHello& hello);

  BlockPool& pool_;
  RuleEvaluator& evaluator_;
  ObjectPool<TlsSession> sessions_;
  Digest digest_;
  TlsSession* session_ = nullptr;
  std::vector<std::uint8_t> made_, digest_text_;  // a buffer that is made of several bytes
};

}  // namespace endreason::inspect
