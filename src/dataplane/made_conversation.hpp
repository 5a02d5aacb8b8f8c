// SPDX-License-Identifier: Apache-2.0
// For the tests of this room: packets of one TCP connection or UDP flow, made by hand, and an
// engine that takes them with rules or inspection.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/engine.hpp"
#include "dataplane/reply_sink.hpp"
#include "decode/made_packets.hpp"
#include "policy/policy_for_test.hpp"

namespace endreason {

using made::operator+;

inline constexpr std::int64_t kTestStart = 1'773'136'800'000'000'000;

struct TimedFrame {
  std::int64_t time_ns;
  made::Bytes bytes;
};

// The client is on trust, the server on untrust, if not said otherwise.
class Conversation {
 public:
  explicit Conversation(made::Ends ends = {"10.0.0.1", "192.0.2.1"}, std::uint16_t dport = 80)
      : ends_(std::move(ends)), dport_(dport) {}

  Conversation& tcp(bool client, std::uint8_t flags, const std::string& data = "") {
    made::Bytes segment = made::be16(client ? 40'000 : dport_) +
                          made::be16(client ? dport_ : 40'000) + number(client ? c2s_ : s2c_) +
                          number((flags & kTcpAck) != 0 ? (client ? s2c_ : c2s_) : 0) +
                          made::hex("50 00 ffff 0000 0000") + made::text(data);
    segment[13] = flags;
    const made::Ends ends = ends_of(client);
    made::put16(segment, 16, made::checksum_of(segment, made::pseudo(ends, 6, segment.size())));
    add(client, 6, segment);
    const auto length =
        static_cast<std::uint32_t>(data.size()) + ((flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
    (client ? c2s_ : s2c_) += length;
    return *this;
  }
  Conversation& handshake() {
    return tcp(true, kTcpSyn).tcp(false, kTcpSyn | kTcpAck).tcp(true, kTcpAck);
  }
  Conversation& udp(bool client, const std::string& data) {
    const made::Ends ends = ends_of(client);
    add(client, 17,
        made::udp(client ? 40'000 : dport_, client ? dport_ : 40'000, made::text(data), ends));
    return *this;
  }
  Conversation& ping() {
    add(true, 1, made::icmp(8, 0, 7, made::text("abcdefgh")));
    return *this;
  }
  Conversation& wait(double seconds) {
    at_ns_ += static_cast<std::int64_t>(seconds * 1e9);
    return *this;
  }
  const std::vector<TimedFrame>& frames() const { return frames_; }
  std::uint32_t next_of_client() const { return c2s_; }
  std::uint32_t next_of_server() const { return s2c_; }

 private:
  static made::Bytes number(std::uint32_t n) {
    return made::be16(n >> 16) + made::be16(n & 0xffff);
  }
  made::Ends ends_of(bool client) const {
    return client ? ends_ : made::Ends{ends_.dst, ends_.src};
  }
  void add(bool client, std::uint8_t protocol, const made::Bytes& payload) {
    const made::Ends ends = ends_of(client);
    const bool v6 = ends.src.find(':') != std::string::npos;
    made::Ipv4Fields fields;
    fields.ends = ends;
    frames_.push_back(
        {at_ns_, made::ethernet(v6 ? 0x86dd : 0x0800, v6 ? made::ipv6(protocol, payload, ends)
                                                         : made::ipv4(protocol, payload, fields))});
    at_ns_ += 10'000'000;
  }

  made::Ends ends_;
  std::uint16_t dport_;
  std::uint32_t c2s_ = 1000, s2c_ = 700'000;
  std::int64_t at_ns_ = kTestStart;
  std::vector<TimedFrame> frames_;
};

struct GateRow {
  std::string subtype, id, app, rule, action, source, reason, stage, state, packets, generated;
};

class GateRows final : public EngineSink {
 public:
  void on_record(TrafficRecord& record) override {
    const auto text = [&](Field field) { return std::string(record.text(field)); };
    rows.push_back({text(Field::Subtype), text(Field::Sessionid), text(Field::App),
                    text(Field::Rule), text(Field::Action), text(Field::ActionSource),
                    text(Field::SessionEndReason),
                    std::string(record.engine->text(EngineColumn::TrackerStage)),
                    std::string(record.engine->text(EngineColumn::SessionState)),
                    text(Field::Packets), text(Field::TimeGenerated)});
  }
  std::vector<GateRow> rows;
};

class SentPackets final : public ReplySink {
 public:
  void on_reply(std::int64_t time_ns, std::span<const std::uint8_t> packet) override {
    packets.push_back({time_ns, {packet.begin(), packet.end()}});
  }
  std::vector<TimedFrame> packets;
};

struct GateRun {
  std::vector<GateRow> rows;
  std::vector<TimedFrame> sent;
  SessionCounters counters;
  GateCounters gate;
};

// Zones by the subnets of zones_for_test().
inline ZoneTable zone_table_for_test() {
  return *ZoneTable::make(
      {{.name = "trust", .subnets = {*parse_ip_range("10.0.0.0/8")}},
       {.name = "dmz", .subnets = {*parse_ip_range("172.16.0.0/12")}},
       {.name = "untrust", .subnets = {*parse_ip_range("0.0.0.0/0"), *parse_ip_range("::/0")}}});
}

inline GateRun run_gate(const std::vector<TimedFrame>& frames, EngineOptions options) {
  GateRows rows;
  SentPackets sent;
  options.session.capacity = std::min(options.session.capacity, 10'000u);
  options.replies = &sent;
  options.zones = zone_table_for_test();
  auto engine = std::move(Engine::create(options, rows).value());
  for (const TimedFrame& frame : frames) {
    const RawPacket packet = made::raw(frame.bytes, 1, frame.time_ns);
    engine->process(std::span(&packet, 1));
  }
  engine->finish();
  return {std::move(rows.rows), std::move(sent.packets), engine->counters(),
          engine->gate_counters()};
}

inline std::shared_ptr<const CompiledPolicy> compiled(std::vector<SecurityRule> rules) {
  Policy policy = zones_for_test();
  policy.rules = std::move(rules);
  policy.interzone_default.log_end = true;
  policy.intrazone_default.log_end = true;
  return std::make_shared<const CompiledPolicy>(
      std::move(CompiledPolicy::create(std::move(policy)).value()));
}

}  // namespace endreason
