// SPDX-License-Identifier: Apache-2.0
// What identification costs: conversations of common kinds, many of them side by side, from the
// first payload to the end. Prints ns a packet, over all packets and over those inspected.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "appid/identifier.hpp"

namespace {

using namespace endreason;

struct Line {
  bool from_client;
  std::string payload;
};
struct Kind {
  std::uint8_t protocol;
  std::uint16_t port;
  std::vector<Line> lines;
};

std::string noise(std::size_t length) {
  std::string bytes;
  for (std::uint32_t x = 7; bytes.size() < length;)
    bytes.push_back(static_cast<char>(0x80U | ((x = x * 1664525U + 1013904223U) >> 24U)));
  return bytes;
}

std::vector<Kind> kinds() {
  const std::string body(1400, 'x');
  std::vector<Kind> all = {
      {kProtoTcp,
       80,
       {{true, "GET / HTTP/1.1\r\nHost: intranet.example\r\nUser-Agent: x\r\n\r\n"},
        {false, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"}}},
      {kProtoTcp, 22, {{false, "SSH-2.0-OpenSSH_9.2\r\n"}, {true, "SSH-2.0-OpenSSH_9.2\r\n"}}},
      {kProtoUdp,
       53,
       {{true, std::string("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07"
                           "example\x03"
                           "com\0\0\x01\0\x01",
                           29)}}},
      {kProtoTcp, 4000, {}},
  };
  for (int i = 0; i < 8; ++i) all[0].lines.push_back({false, body});
  for (int i = 0; i < 12; ++i) all[3].lines.push_back({i % 2 == 0, noise(300)});
  return all;
}

struct Session {
  StateId id{StateId::None};
  AppId app{AppId::None};
  std::array<std::uint32_t, 2> next{};
};

PacketView packet(const Kind& kind, Session& s, std::uint32_t number, const Line& line) {
  PacketView p;
  p.src.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3};
  p.dst.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
  p.sport = static_cast<std::uint16_t>(20000 + number % 40000);
  p.dport = kind.port;
  if (!line.from_client) {
    std::swap(p.src, p.dst);
    std::swap(p.sport, p.dport);
  }
  p.protocol = kind.protocol;
  p.tcp_flags = kTcpAck | kTcpPsh;
  std::uint32_t& next = s.next[line.from_client ? 0 : 1];
  p.seq = next;
  p.payload = reinterpret_cast<const std::uint8_t*>(line.payload.data());
  p.payload_length = p.payload_captured = static_cast<std::uint32_t>(line.payload.size());
  next += p.payload_length;
  return p;
}

// Arg: the kind, or 4 for all of them in turn.
void identify(benchmark::State& state) {
  const auto all = kinds();
  const auto catalogue = AppCatalogue::make();
  const auto identifier = *Identifier::make(*catalogue);
  constexpr std::uint32_t kSideBySide = 1024;
  std::uint64_t packets = 0;
  for (auto _ : state) {
    std::vector<Session> sessions(kSideBySide);
    for (std::size_t line = 0; line < 12; ++line)
      for (std::uint32_t i = 0; i < kSideBySide; ++i) {
        const std::size_t which = static_cast<std::size_t>(state.range(0));
        const Kind& kind = all[which < all.size() ? which : i % all.size()];
        if (line >= kind.lines.size()) continue;
        const PacketView p = packet(kind, sessions[i], i, kind.lines[line]);
        sessions[i].app =
            identifier->step(sessions[i].id, sessions[i].app, p, kind.lines[line].from_client).app;
        ++packets;
      }
    for (Session& s : sessions)
      benchmark::DoNotOptimize(
          identifier->finish(s.id, s.app, {.protocol = kProtoTcp, .handshake_done = true}));
  }
  const auto per = [](double count) {
    return benchmark::Counter(count, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  };
  state.counters["s/packet"] = per(static_cast<double>(packets));
  state.counters["s/inspected"] =
      per(static_cast<double>(identifier->counters().packets_inspected));
}

BENCHMARK(identify)->Arg(0)->Arg(1)->Arg(2)->Arg(3)->Arg(4)->ArgName("web,ssh,dns,noise,mixed");

}  // namespace
