// SPDX-License-Identifier: Apache-2.0
// Any sequence of packets through a small session table, with denials, closes and jumps of time.
// The pool's accounts must balance after each packet, each packet must end in one counter, each
// session must end once, and a sanitizer watches the rest. Sixteen bytes a packet.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>

#include "session/session_table.hpp"

namespace {

using namespace endreason;

constexpr std::size_t kBytesAPacket = 16;
constexpr std::uint32_t kCapacity = 6;  // so few that the pool is often full

void require(bool fine) {
  if (!fine) std::abort();
}

class CheckingSink : public SessionSink {
 public:
  SessionCounter admit(const PacketView& p, PacketZones) override {
    return p.ttl != 1 ? SessionCounter::Created : SessionCounter::PolicyDeny;
  }
  bool wants_packets() const override { return true; }
  void on_packet(const PacketView& p, const PacketResult& r) override {
    ++packets;
    require(info(r.outcome).kind == CounterKind::Outcome);
    require(r.session != nullptr || r.index == kNoSession);
    if (r.session == nullptr) return;
    require(r.session->state == SessionState::Active || r.session->state == SessionState::Discard);
    counted += r.outcome != SessionCounter::IcmpErrorMatched;
    if (p.ttl == 2) table->deny(r.index);
    if (p.ttl == 3) table->mitigate(r.index, TrackerStage::MitigationTdb, EndReason::Threat);
    if (p.ttl == 4) table->close(r.index, EndReason::Decoder);
    if (p.ttl == 5) table->set_application(r.index, 7, 1);
    const bool of_session = r.outcome != SessionCounter::IcmpErrorMatched;
    if (p.ttl == 6 && of_session && !r.first) table->divide(p, r, EndReason::Decoder, *this);
    if (p.ttl == 7)
      table->predict(r.index, {r.session->server(), r.session->client(), p.sport, p.protocol}, 9);
    if (p.ttl == 8)
      table->predict(r.index, {r.session->client(), r.session->server(), p.dport, p.protocol}, 9);
  }
  void on_end(const Session& s, std::int64_t at_ns) override {
    require(ids.insert(s.id).second);
    require(at_ns >= s.last_ns && s.last_ns >= s.start_ns);
    in_sessions += s.flows[0].packets + s.flows[1].packets;
    static_cast<void>(to_string(s.handshake));
  }

  SessionTable* table = nullptr;
  std::set<std::uint32_t> ids;
  std::uint64_t packets = 0, counted = 0, in_sessions = 0;
};

PacketView packet_of(const std::uint8_t* b, std::int64_t& now_ns) {
  static constexpr std::uint8_t kProtocols[] = {6, 6, 6, 6, 17, 1, 58, 132};
  PacketView p;
  // Steps of time from nothing to hours, and now and then any time at all.
  now_ns += std::int64_t{b[0]} << (b[1] % 40);
  p.time_ns = now_ns;
  if (b[1] == 255) p.time_ns = static_cast<std::int64_t>(std::uint64_t{b[0]} << 56);
  p.src.bytes[15] = b[2] & 3;
  p.dst.bytes[15] = b[2] >> 2 & 3;
  p.sport = p.dport = b[2] >> 4 & 1;
  p.protocol = kProtocols[b[2] >> 5];
  p.tcp_flags = b[3];
  p.seq = std::uint32_t{b[4]} << (b[5] % 25);
  p.ack = std::uint32_t{b[6]} << (b[5] / 10);
  p.window = static_cast<std::uint16_t>(b[7] << 8);
  p.window_scale = static_cast<std::int8_t>(b[8]);
  p.payload_length = std::uint32_t{b[9]} << (b[10] % 24);
  p.wire_length = p.payload_length;
  p.icmp_type = b[11];
  p.sctp_chunk = b[11];
  p.ttl = b[12];
  p.packets = std::uint16_t{1};
  p.status = b[13] == 0 ? DecodeStatus::Malformed : DecodeStatus::Ok;
  return p;
}

SessionSettings settings_of(std::uint8_t choice) {
  SessionSettings s;
  s.capacity = kCapacity;
  s.tcp.reject_non_syn = (choice & 1) != 0;
  s.tcp.strict_rst = (choice & 2) != 0;
  s.tcp.allow_challenge_ack = (choice & 4) != 0;
  s.tcp.asymmetric_path = (choice & 8) ? AsymmetricPath::Drop : AsymmetricPath::Bypass;
  s.tcp.bypass_exceed_oo_queue = (choice & 16) != 0;
  s.tcp.no_refresh_fin_rst = (choice & 32) != 0;
  s.full_pool = (choice & 64) ? FullPool::Drop : FullPool::Bypass;
  s.zones = (choice & 128) ? 4 : 1;
  s.tcp.segments_per_session = 3;
  s.tcp.segments_in_all = 5;
  return s;
}

void check(const SessionTable& table, const CheckingSink& sink, std::uint64_t given) {
  require(table.pool().allocated() + table.pool().free() == kCapacity);
  require(table.flow_table().size() == table.pool().allocated());
  require(table.pool().last_id() == table.pool().allocated() + sink.ids.size() +
                                        table.counters()[SessionCounter::PredictExpired]);
  require(table.counters().packets() == given && sink.packets == given);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto table = std::move(SessionTable::create(settings_of(data[0])).value());
  SessionTimeouts own;
  require(own.set(SessionTimer::Tcp, 2).has_value());
  require(table->add_timeout_profile(own).has_value());
  CheckingSink sink;
  sink.table = table.get();
  std::int64_t now_ns = 0;
  std::uint64_t given = 0;
  for (std::size_t at = 1; at + kBytesAPacket <= size; at += kBytesAPacket) {
    PacketView p = packet_of(data + at, now_ns);
    // ICMP errors quote what stands in the input itself.
    p.quoted = data + at;
    p.quoted_length = static_cast<std::uint32_t>(std::min<std::size_t>(size - at, 60));
    const PacketZones zones{
        static_cast<ZoneNumber>(data[at + 13] & 3),
        (data[at + 13] & 4) ? kNoZone : static_cast<ZoneNumber>(data[at + 13] >> 3 & 3)};
    table->process({&p, 1}, sink, {&zones, 1});
    check(*table, sink, ++given);
  }
  table->finish(sink);
  check(*table, sink, given);
  require(table->pool().allocated() == 0);
  require(table->segments_held() == 0);
  require(sink.in_sessions == sink.counted);
  return 0;
}
