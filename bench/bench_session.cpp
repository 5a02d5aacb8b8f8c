// SPDX-License-Identifier: Apache-2.0
// What tracking costs a packet when it is decoded already: many short sessions (churn), and many
// open at once whose packets come in random order (concurrent). Packets are made in blocks outside
// the clock. Counters: ns a packet, and bytes a session with everything that belongs to it.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "random_stream.hpp"
#include "session/session_table.hpp"

namespace endreason {
namespace {

constexpr std::size_t kBlock = 256;  // packets that one call tracks, as a source would give them

class CountingSink : public SessionSink {
 public:
  void on_end(const Session& session, std::int64_t) override {
    packets += session.flows[0].packets + session.flows[1].packets;
    ++sessions;
  }
  std::uint64_t packets = 0, sessions = 0;
};

IpAddress address(std::uint32_t number) {
  IpAddress a;
  a.bytes[10] = a.bytes[11] = 0xff;
  for (unsigned i = 0; i < 4; ++i)
    a.bytes[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return a;
}

// One step of a conversation: flags, and bytes of payload; the server's steps are marked.
struct Step {
  bool from_server;
  std::uint8_t flags;
  std::uint16_t payload;
};
constexpr auto kShort = std::to_array<Step>({
    {false, kTcpSyn, 0},
    {true, kTcpSyn | kTcpAck, 0},
    {false, kTcpAck, 0},
    {false, kTcpAck | kTcpPsh, 300},
    {true, kTcpAck | kTcpPsh, 1000},
    {false, kTcpAck | kTcpFin, 0},
    {true, kTcpAck | kTcpFin, 0},
    {false, kTcpAck, 0},
});

struct Talk {
  std::uint32_t number;
  std::array<std::uint32_t, 2> next;  // sequence numbers of client and server
};

PacketView packet_of(Talk& talk, const Step& step, std::int64_t now_ns) {
  const IpAddress client = address(0x0a000000 + talk.number / 40'000);
  const IpAddress server = address(0xc0a80000 + talk.number % 997);
  const auto port = static_cast<std::uint16_t>(1024 + talk.number % 40'000);
  PacketView p;
  p.time_ns = now_ns;
  p.src = step.from_server ? server : client;
  p.dst = step.from_server ? client : server;
  p.sport = step.from_server ? std::uint16_t{443} : port;
  p.dport = step.from_server ? port : std::uint16_t{443};
  p.protocol = 6;
  p.tcp_flags = step.flags;
  p.window = 60'000;
  p.payload_length = step.payload;
  p.wire_length = 54u + step.payload;
  p.seq = talk.next[step.from_server];
  p.ack = talk.next[!step.from_server];
  talk.next[step.from_server] += step.payload + ((step.flags & (kTcpSyn | kTcpFin)) != 0);
  return p;
}

std::unique_ptr<SessionTable> table_for(std::uint32_t sessions) {
  SessionSettings settings;
  settings.capacity = sessions + sessions / 2;
  return std::move(SessionTable::create(settings).value());
}

double bytes_a_session(const SessionTable& table) {
  constexpr double kAgerNode = 12;
  return sizeof(Session) + kAgerNode +
         static_cast<double>(table.flow_table().bytes()) / table.pool().high_water();
}

// The thread's own processor time: other work on the machine does not count.
class Clock {
 public:
  void start() { begun_s_ = now_s(); }
  void stop() { spent_s_ += now_s() - begun_s_; }
  double seconds() const { return spent_s_; }

 private:
  static double now_s() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
  double begun_s_ = 0, spent_s_ = 0;
};

void report(benchmark::State& state, const Clock& clock, std::uint64_t packets, double bytes) {
  state.SetIterationTime(clock.seconds());
  state.counters["ns_a_packet"] = clock.seconds() * 1e9 / static_cast<double>(packets);
  state.counters["bytes_a_session"] = bytes;
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
}

// A million sessions of eight packets, so many at a time; 100,000 begin in a second of their time.
void churn(benchmark::State& state) {
  constexpr std::uint32_t kSessions = 1'000'000;
  const auto at_once = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    auto table = table_for(2'000'000);
    CountingSink sink;
    bench::RandomStream random(1);
    struct Open {
      Talk talk;
      std::size_t step;
    };
    std::vector<Open> open;
    std::uint32_t begun = 0;
    while (begun < at_once) open.push_back({{begun++, {1000, 9000}}, 0});
    std::vector<PacketView> block;
    Clock clock;
    std::uint64_t packets = 0;
    while (!open.empty()) {
      block.clear();
      while (block.size() < kBlock && !open.empty()) {
        const std::size_t which = random.below(static_cast<std::uint32_t>(open.size()));
        Open& one = open[which];
        block.push_back(packet_of(one.talk, kShort[one.step++],
                                  static_cast<std::int64_t>(packets + block.size()) * 1250));
        if (one.step < kShort.size()) continue;
        if (begun < kSessions) {
          one = {{begun++, {1000, 9000}}, 0};
        } else {
          one = open.back();
          open.pop_back();
        }
      }
      packets += block.size();
      clock.start();
      table->process(block, sink);
      clock.stop();
    }
    const double bytes = bytes_a_session(*table);
    clock.start();
    table->finish(sink);
    clock.stop();
    if (sink.sessions != kSessions || sink.packets != packets) state.SkipWithError("lost packets");
    report(state, clock, packets, bytes);
  }
}
BENCHMARK(churn)->ArgName("at_once")->Arg(1000)->Arg(100'000)->UseManualTime()->Iterations(1);

// Sessions that are all open; then eight packets each in random order.
void concurrent(benchmark::State& state) {
  const auto sessions = static_cast<std::uint32_t>(state.range(0));
  constexpr Step kRequest{false, kTcpAck | kTcpPsh, 100};
  constexpr Step kAnswer{true, kTcpAck | kTcpPsh, 1000};
  for (auto _ : state) {
    auto table = table_for(sessions);
    CountingSink sink;
    bench::RandomStream random(1);
    std::vector<Talk> talks(sessions);
    std::vector<PacketView> block;
    std::int64_t now_ns = 0;
    for (std::uint32_t n = 0; n < sessions; ++n) {
      talks[n] = {n, {1000, 9000}};
      block.clear();
      for (std::size_t step = 0; step < 3; ++step)
        block.push_back(packet_of(talks[n], kShort[step], now_ns += 1000));
      table->process(block, sink);
    }
    Clock clock;
    const std::uint64_t packets = std::uint64_t{sessions} * 8;
    for (std::uint64_t done = 0; done < packets; done += kBlock) {
      block.clear();
      while (block.size() < kBlock)
        block.push_back(packet_of(talks[random.below(sessions)],
                                  random.percent(50) ? kRequest : kAnswer, now_ns += 100));
      clock.start();
      table->process(block, sink);
      clock.stop();
    }
    if (table->counters()[SessionCounter::Created] != sessions)
      state.SkipWithError("lost sessions");
    if (table->counters()[SessionCounter::OutOfWindow] != 0) state.SkipWithError("out of window");
    report(state, clock, packets, bytes_a_session(*table));
  }
}
BENCHMARK(concurrent)
    ->ArgName("sessions")
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->UseManualTime()
    ->Iterations(1);

}  // namespace
}  // namespace endreason

BENCHMARK_MAIN();
