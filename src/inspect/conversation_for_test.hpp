// SPDX-License-Identifier: Apache-2.0
// Conversation: a made TCP or UDP session through an Inspector, for this room's tests. What the
// rules found is collected as "sid@side".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "inspect/inspector.hpp"
#include "model/protocol.hpp"

namespace endreason::inspect::test {

inline std::shared_ptr<const ThreatSet> rules(std::string_view text) {
  RuleLoad load;
  read_rule_text(text, "test.rules", RuleVariables(), load);
  for (const std::string& problem : load.problems) ADD_FAILURE() << problem;
  auto set = ThreatSet::compile(load);
  for (const std::string& problem : load.problems) ADD_FAILURE() << problem;
  if (!set) ADD_FAILURE() << set.error().message;
  return set ? *set : nullptr;
}

class Conversation {
 public:
  explicit Conversation(std::string_view rule_text, const InspectSettings& settings = {},
                        std::uint16_t port = 80)
      : set_(rules(rule_text)), inspector_(*Inspector::create(set_, settings)), port_(port) {}

  void open() {
    send(true, kTcpSyn, "");
    send(false, kTcpSyn | kTcpAck, "");
    send(true, kTcpAck, "");
  }
  void client(std::string_view bytes) { send(true, kTcpAck | kTcpPsh, bytes); }
  void server(std::string_view bytes) { send(false, kTcpAck | kTcpPsh, bytes); }
  void client_fin() { send(true, kTcpFin | kTcpAck, ""); }
  void server_fin() { send(false, kTcpFin | kTcpAck, ""); }
  void close() {
    server_fin();
    client_fin();
    finish();
  }
  void finish() { take(inspector_->finish(id_, ++now_).hits); }
  // Bytes at a place of the stream, which the sender's own count does not move by.
  void segment(bool from_client, std::uint32_t at, std::string_view bytes) {
    packet(from_client, kTcpAck, first_[from_client] + at, bytes);
  }
  // The sender goes on behind bytes that were not seen.
  void skip(bool from_client, std::uint32_t bytes) { next_[from_client] += bytes; }
  void udp(bool from_client, std::string_view bytes) {
    protocol_ = kProtoUdp;
    packet(from_client, 0, 0, bytes);
  }
  void alone(std::string_view bytes) {
    const PacketView p = view(true, kTcpAck, 1, bytes);
    take(inspector_->step_alone(p).hits);
  }

  const std::string& found() const { return found_; }
  Inspector& inspector() { return *inspector_; }
  InspectionId id() const { return id_; }
  InspectOutcome outcome() const { return outcome_; }

 private:
  void send(bool from_client, std::uint8_t flags, std::string_view bytes) {
    std::uint32_t& next = next_[from_client];
    packet(from_client, flags, next, bytes);
    next += static_cast<std::uint32_t>(bytes.size()) + ((flags & (kTcpSyn | kTcpFin)) != 0);
    if ((flags & kTcpSyn) != 0) first_[from_client] = next;
  }

  PacketView view(bool from_client, std::uint8_t flags, std::uint32_t seq,
                  std::string_view bytes) const {
    PacketView p;
    p.time_ns = now_;
    p.protocol = protocol_;
    IpAddress a = *parse_ip("10.0.0.1"), b = *parse_ip("198.51.100.7");
    p.src = from_client ? a : b;
    p.dst = from_client ? b : a;
    p.sport = from_client ? 40000 : port_;
    p.dport = from_client ? port_ : 40000;
    p.ttl = 64;
    p.tcp_flags = flags;
    p.seq = seq;
    p.ack = next_[!from_client];
    p.window = 8192;
    p.payload = reinterpret_cast<const std::uint8_t*>(bytes.data());
    p.payload_length = p.payload_captured = static_cast<std::uint32_t>(bytes.size());
    return p;
  }

  void packet(bool from_client, std::uint8_t flags, std::uint32_t seq, std::string_view bytes) {
    now_ += 1'000'000;
    // A copy of exact size, so that a sanitizer sees a byte read too many.
    const std::vector<char> copy(bytes.begin(), bytes.end());
    const PacketView p = view(from_client, flags, seq, {copy.data(), copy.size()});
    packets_[from_client]++;
    const bool established = packets_[true] > 1 && packets_[false] > 0;
    const InspectStep step =
        inspector_->step(id_, {&p, from_client, established, packets_[from_client] == 1});
    outcome_ = step.outcome;
    take(step.hits);
  }

  void take(std::span<const ThreatHit> hits) {
    for (const ThreatHit& hit : hits) {
      if (!found_.empty()) found_ += ' ';
      found_ += std::to_string(set_->rule(hit.rule).sid);
      found_ += hit.side == kFromClient ? "@c" : "@s";
    }
  }

  std::shared_ptr<const ThreatSet> set_;
  std::unique_ptr<Inspector> inspector_;
  InspectionId id_{InspectionId::None};
  InspectOutcome outcome_{};
  std::uint16_t port_;
  std::uint8_t protocol_ = kProtoTcp;
  std::int64_t now_ = 0;
  std::uint32_t next_[2] = {5000, 0xffff'fff0};  // [client]; the client's count wraps early
  std::uint32_t first_[2] = {5001, 0xffff'fff1};
  unsigned packets_[2] = {};
  std::string found_;
};

}  // namespace endreason::inspect::test
