// SPDX-License-Identifier: Apache-2.0
// DnsInspector: DNS messages, one a datagram or behind their length in TCP -> the names that rules
// see. Each message is a transaction of its own. One a thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "inspect/block_pool.hpp"
#include "inspect/object_pool.hpp"
#include "inspect/rule_evaluator.hpp"

namespace endreason::inspect {

// Whether the bytes are a DNS message, by its header and first question.
bool looks_like_dns(std::span<const std::uint8_t> message);

struct DnsSession {  // over TCP
  std::array<ByteBuffer, kSides> pending;
  std::array<bool, kSides> lost{};
};

class DnsInspector final : public BufferProvider {
 public:
  using Bytes = std::span<const std::uint8_t>;
  DnsInspector(BlockPool& pool, RuleEvaluator& evaluator, std::size_t sessions)
      : pool_(pool), evaluator_(evaluator), sessions_(sessions) {}

  DnsSession* begin() { return sessions_.take(); }
  void end(DnsSession* session);
  // False when memory for a message ran out.
  bool stream(DnsSession& session, Side side, Bytes bytes);
  void message(Side side, Bytes message);

  BufferView view(InspectBuffer buffer, Side side, unsigned index) override;
  std::optional<std::int64_t> number(PacketField field) override;

 private:
  // Reads a name into name_; the offset behind it, 0 when it cannot be read.
  std::size_t read_name(std::size_t at);
  bool find_name(bool answers, unsigned index, std::uint16_t& type);

  BlockPool& pool_;
  RuleEvaluator& evaluator_;
  ObjectPool<DnsSession> sessions_;
  Bytes message_;
  Side side_{};
  std::uint32_t number_ = 0;
  std::vector<std::uint8_t> name_;
};

}  // namespace endreason::inspect
