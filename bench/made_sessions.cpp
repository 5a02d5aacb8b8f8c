// SPDX-License-Identifier: Apache-2.0
#include "made_sessions.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "internet_checksum.hpp"
#include "random_stream.hpp"

namespace endreason::bench {
namespace {

constexpr std::int64_t kFirstSecond = 1'773'136'800;  // 2026-03-10 10:00:00 UTC
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::size_t kSteps = 8;
constexpr std::uint32_t kHeaders = 14 + 20 + 20;

constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kPsh = 0x08, kAck = 0x10;

// One packet of a conversation.
struct Step {
  bool from_server;
  std::uint8_t flags;
  std::uint16_t payload;
};
constexpr std::array<Step, kSteps> kShort = {{
    {false, kSyn, 0},
    {true, kSyn | kAck, 0},
    {false, kAck, 0},
    {false, kAck | kPsh, 90},
    {true, kAck | kPsh, 400},
    {false, kAck | kFin, 0},
    {true, kAck | kFin, 0},
    {false, kAck, 0},
}};
constexpr std::array<Step, kSteps> kLasting = {{
    {false, kSyn, 0},
    {true, kSyn | kAck, 0},
    {false, kAck, 0},
    {false, kAck | kPsh, 90},
    {true, kAck | kPsh, 400},
    {false, kAck | kPsh, 90},
    {true, kAck | kPsh, 400},
    {false, kAck, 0},
}};

struct Talk {
  std::uint32_t number{};
  std::uint32_t step{};
  std::array<std::uint32_t, 2> next{};  // sequence numbers of client and server
};

Talk talk_of(std::uint32_t number) {
  return {number, 0, {number * 2'654'435'761u, number * 2'246'822'519u}};
}

void put16(std::uint8_t* at, std::uint32_t v) {
  at[0] = static_cast<std::uint8_t>(v >> 8);
  at[1] = static_cast<std::uint8_t>(v);
}
void put32(std::uint8_t* at, std::uint32_t v) {
  put16(at, v >> 16);
  put16(at + 2, v);
}

// A client of 10.0.0.0/8, 50,000 ports of each; a server among a thousand of 192.168.0.0/16.
void write_packet(Talk& talk, const Step& step, std::int64_t time_us, CaptureWriter& out) {
  const std::uint32_t client = 0x0a000001 + talk.number / 50'000 * 7 + talk.number % 251 * 65'536;
  const std::uint32_t server = 0xc0a80000 + talk.number % 997;
  const std::uint32_t port = 10'000 + talk.number % 50'000;
  const std::span<std::uint8_t> bytes =
      out.add(time_us, kHeaders + step.payload, kHeaders + step.payload);
  std::uint8_t* const at = bytes.data();
  std::memset(at, 0, bytes.size());
  at[0] = at[6] = 2;  // locally administered addresses
  at[step.from_server ? 5 : 11] = 1;
  put16(at + 12, 0x0800);
  std::uint8_t* const ip = at + 14;
  ip[0] = 0x45;
  put16(ip + 2, 40u + step.payload);
  put16(ip + 6, 0x4000);
  ip[8] = 64;
  ip[9] = 6;
  put32(ip + 12, step.from_server ? server : client);
  put32(ip + 16, step.from_server ? client : server);
  put16(ip + 10, fold_checksum(sum_bytes({ip, 20})));
  std::uint8_t* const tcp = ip + 20;
  put16(tcp, step.from_server ? 443 : port);
  put16(tcp + 2, step.from_server ? port : 443);
  put32(tcp + 4, talk.next[step.from_server]);
  if ((step.flags & kAck) != 0) put32(tcp + 8, talk.next[!step.from_server]);
  tcp[12] = 5 << 4;
  tcp[13] = step.flags;
  put16(tcp + 14, 60'000);
  const std::uint32_t pseudo = sum_bytes({ip + 12, 8}) + 6 + 20u + step.payload;
  put16(tcp + 16, fold_checksum(pseudo + sum_bytes({tcp, 20u + step.payload})));
  talk.next[step.from_server] += step.payload + ((step.flags & (kSyn | kFin)) != 0);
}

}  // namespace

void write_churn(const ChurnSettings& settings, CaptureWriter& out) {
  constexpr std::int64_t kPacketsPerSecond = 10'000 * kSteps;
  RandomStream random(settings.seed);
  std::vector<Talk> open;
  std::uint32_t begun = 0;
  while (begun < std::min(settings.at_once, settings.sessions)) open.push_back(talk_of(begun++));
  for (std::int64_t packet = 0; !open.empty(); ++packet) {
    Talk& talk = open[random.below(static_cast<std::uint32_t>(open.size()))];
    const std::int64_t at = packet * kMicrosPerSecond / kPacketsPerSecond;
    write_packet(talk, kShort[talk.step], kFirstSecond * kMicrosPerSecond + at, out);
    if (++talk.step < kSteps) continue;
    if (begun < settings.sessions) {
      talk = talk_of(begun++);
    } else {
      talk = open.back();
      open.pop_back();
    }
  }
}

void write_concurrent(const ConcurrentSettings& settings, CaptureWriter& out) {
  constexpr std::int64_t kSeconds = 2;
  RandomStream random(settings.seed);
  std::vector<Talk> open;
  for (std::uint32_t i = 0; i < settings.sessions; ++i) open.push_back(talk_of(i));
  const std::int64_t packets = std::int64_t{settings.sessions} * static_cast<std::int64_t>(kSteps);
  for (std::int64_t packet = 0; !open.empty(); ++packet) {
    Talk& talk = open[random.below(static_cast<std::uint32_t>(open.size()))];
    const std::int64_t at = packet * (kSeconds * kMicrosPerSecond) / packets;
    write_packet(talk, kLasting[talk.step], kFirstSecond * kMicrosPerSecond + at, out);
    if (++talk.step < kSteps) continue;
    talk = open.back();
    open.pop_back();
  }
}

}  // namespace endreason::bench
