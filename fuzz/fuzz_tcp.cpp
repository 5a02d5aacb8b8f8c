// SPDX-License-Identifier: Apache-2.0
// TCP of one pair of hosts, near to what real ends would send: sequence numbers are those of the
// stream with a small error now and then, so that handshake, window, out-of-order queue, close,
// reset and reuse are all reached. Played twice, packet by packet and in one batch: what comes out
// must be the same. In between the accounts must balance.
//
// The first byte holds the settings; then eight bytes a packet: sender and flags, error of the
// sequence number, error of the acknowledgement, length, window, step of time (two), port.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "session/session_table.hpp"

namespace {

using namespace endreason;

constexpr std::size_t kBytesAPacket = 8;
constexpr std::uint32_t kCapacity = 3;
constexpr std::uint32_t kSegmentsEach = 4, kSegmentsInAll = 6;

void require(bool holds) {
  if (!holds) std::abort();
}

// What each end would send next.
struct Stream {
  std::array<std::uint32_t, 2> next{1000, 5000};
};

PacketView packet_of(const std::uint8_t* b, Stream& stream, std::int64_t& now_ns) {
  static constexpr std::uint8_t kFlags[] = {
      kTcpSyn, kTcpSyn | kTcpAck, kTcpAck,           kTcpAck | kTcpPsh,
      kTcpAck, kTcpFin | kTcpAck, kTcpRst | kTcpAck, kTcpRst};
  PacketView p;
  const std::size_t side = b[0] & 1;
  now_ns += std::int64_t{b[5]} << (b[6] % 34);
  p.time_ns = now_ns;
  p.protocol = 6;
  p.src.bytes[15] = static_cast<std::uint8_t>(1 + side);
  p.dst.bytes[15] = static_cast<std::uint8_t>(2 - side);
  const std::uint16_t client = static_cast<std::uint16_t>(40'000 + (b[7] & 1));
  p.sport = side == 0 ? client : 80;
  p.dport = side == 0 ? 80 : client;
  p.tcp_flags = (b[0] & 0xf0) == 0xf0 ? b[1] : kFlags[b[0] >> 1 & 7];
  const auto error = [](std::uint8_t byte) {
    return static_cast<std::uint32_t>(byte < 192 ? 0 : (byte - 224) * 100);
  };
  p.payload_length = (p.tcp_flags & kTcpRst) != 0 || b[3] < 64 ? 0u : b[3] * 8u;
  p.wire_length = 54 + p.payload_length;
  p.seq = stream.next[side] + error(b[1]);
  p.ack = stream.next[1 - side] + error(b[2]);
  p.window = static_cast<std::uint16_t>(b[4] << 8);
  if ((p.tcp_flags & kTcpSyn) != 0) p.window_scale = static_cast<std::int8_t>(b[7] % 17 - 1);
  const std::uint32_t taken = p.payload_length + ((p.tcp_flags & (kTcpSyn | kTcpFin)) != 0);
  if (b[1] < 192) stream.next[side] += taken;
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
  s.tcp.drop_split_handshake = (choice & 64) != 0;
  s.tcp.drop_syn_with_data = (choice & 128) != 0;
  s.tcp.segments_per_session = kSegmentsEach;
  s.tcp.segments_in_all = kSegmentsInAll;
  return s;
}

// Writes down each end, in order.
class Ends final : public SessionSink {
 public:
  void on_end(const Session& s, std::int64_t at_ns) override {
    require(at_ns >= s.last_ns && s.last_ns >= s.start_ns);
    packets += s.flows[0].packets + s.flows[1].packets;
    text += std::to_string(s.id) + ' ' + std::to_string(at_ns) + ' ' + to_string(s.handshake) +
            ' ' + std::to_string(s.flows[0].packets) + '/' + std::to_string(s.flows[1].packets) +
            ' ' + std::string(info(winning_reason(s.end_reasons)).log_name) + ' ' +
            std::string(info(s.tcp_state).log_name) + ' ' + std::to_string(s.remarks) + '\n';
  }
  std::string text;
  std::uint64_t packets = 0;
};

void balance(const SessionTable& table, std::uint64_t given) {
  require(table.pool().allocated() + table.pool().free() == kCapacity);
  require(table.flow_table().size() == table.pool().allocated());
  require(table.counters().packets() == given);
  std::uint32_t held = 0;
  table.visit([&](const Session& s) {
    require(table.settings().tcp.bypass_exceed_oo_queue ||
            (s.held[0] <= kSegmentsEach && s.held[1] <= kSegmentsEach));
    held += unsigned{s.held[0]} + s.held[1];
  });
  require(table.segments_held() == held);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<PacketView> packets;
  Stream stream;
  std::int64_t now_ns = 0;
  for (std::size_t at = 1; at + kBytesAPacket <= size; at += kBytesAPacket)
    packets.push_back(packet_of(data + at, stream, now_ns));

  const auto one_by_one = std::move(SessionTable::create(settings_of(data[0])).value());
  Ends ends;
  std::uint64_t given = 0;
  for (const PacketView& p : packets) {
    one_by_one->process({&p, 1}, ends);
    balance(*one_by_one, ++given);
  }
  one_by_one->finish(ends);
  balance(*one_by_one, given);
  require(one_by_one->pool().allocated() == 0 && one_by_one->segments_held() == 0);
  require(ends.packets <= given);

  const auto at_once = std::move(SessionTable::create(settings_of(data[0])).value());
  Ends same;
  at_once->process(packets, same);
  at_once->finish(same);
  require(ends.text == same.text);
  return 0;
}
