// SPDX-License-Identifier: Apache-2.0
#include "session/packet_script_for_test.hpp"

#include <sstream>

#include <fmt/format.h>

namespace endreason {
namespace {

constexpr std::int64_t kMilli = 1'000'000;

}  // namespace

std::string PacketScript::play(std::string_view text) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    if (!(words >> first) || first[0] == '#') continue;
    std::string wrong = first == "=" ? check(words) : packet(first, words);
    if (!wrong.empty()) wrong_ += fmt::format("{}\n    {}\n", line, wrong);
  }
  return wrong_;
}

std::string PacketScript::check(std::istringstream& words) {
  std::string what;
  words >> what;
  if (what == "handshake") {
    std::string expected;
    std::getline(words >> std::ws, expected);
    const std::string seen = to_string(last_.handshake);
    return seen == expected ? "" : "handshake is " + seen;
  }
  std::string reason;
  std::uint64_t sent = 0, received = 0;
  std::int64_t at_ms = 0;
  words >> reason >> sent >> received >> at_ms;
  if (sink.ended.empty()) table->finish(sink);
  if (sink.ended.empty()) return "no session ended";
  const CollectingSink::Ended end = sink.ended.front();
  sink.ended.pop_front();
  const std::string seen = fmt::format(
      "{} {} {} {}", info(end.reason()).log_name, std::uint64_t{end.session.flows[0].packets},
      std::uint64_t{end.session.flows[1].packets}, end.at_ns / kMilli);
  return seen == fmt::format("{} {} {} {}", reason, sent, received, at_ms) ? "" : "ended " + seen;
}

std::string PacketScript::packet(const std::string& time, std::istringstream& words) {
  std::string dir, flags, length, state;
  words >> dir >> flags >> length >> state;
  const std::int64_t at = std::stoll(time) * kMilli;
  if (dir == "--") {
    table->advance(at, sink);
    return "";
  }
  const std::size_t from = dir == "c2s" ? 0 : 1;
  PacketView p = view(from, flags, static_cast<std::uint32_t>(std::stoul(length)));
  p.time_ns = at;
  std::string expected_outcome;
  std::int64_t seq = 0, ack = 0;
  for (std::string word; words >> word;) {
    const std::string name = word.substr(0, word.find('='));
    const std::string value = word.substr(word.find('=') + 1);
    if (name == "out") expected_outcome = value;
    if (name == "seq") seq = std::stoll(value);
    if (name == "ack") ack = std::stoll(value);
    if (name == "win") p.window = static_cast<std::uint16_t>(std::stoul(value));
    if (name == "ws") p.window_scale = static_cast<std::int8_t>(std::stoi(value));
    if (name == "isn") next_[from] = static_cast<std::uint32_t>(std::stoul(value));
    if (name == "gap") next_[from] += static_cast<std::uint32_t>(std::stoul(value));
  }
  send(p, from, seq, ack);
  return judge(state, expected_outcome);
}

PacketView PacketScript::view(std::size_t from, const std::string& flags,
                              std::uint32_t length) const {
  PacketView p;
  p.src = test_address(from == 0 ? 0x0a000001 : 0x0a000002);
  p.dst = test_address(from == 0 ? 0x0a000002 : 0x0a000001);
  p.sport = from == 0 ? 40000 : 443;
  p.dport = from == 0 ? 443 : 40000;
  p.protocol = 6;
  for (const char c : flags)
    for (const auto& [letter, bit] : {std::pair{'S', kTcpSyn},
                                      {'A', kTcpAck},
                                      {'F', kTcpFin},
                                      {'R', kTcpRst},
                                      {'P', kTcpPsh},
                                      {'U', kTcpUrg}})
      if (c == letter) p.tcp_flags = static_cast<std::uint8_t>(p.tcp_flags | bit);
  p.payload_length = length;
  p.wire_length = 54 + length;
  p.window = 8192;
  return p;
}

void PacketScript::send(PacketView& p, std::size_t from, std::int64_t seq, std::int64_t ack) {
  p.seq = static_cast<std::uint32_t>(next_[from] + seq);
  if (p.tcp_flags & kTcpAck) p.ack = static_cast<std::uint32_t>(next_[1 - from] + ack);
  const std::uint32_t end = p.seq + segment_length(p);
  const bool sent_in_turn = seq <= 0 && !(p.tcp_flags & kTcpRst);
  if (sent_in_turn && seq_after(end, next_[from])) next_[from] = end;
  table->process({&p, 1}, sink);
  if (sink.has_session) last_ = sink.session;
}

std::string PacketScript::judge(const std::string& state, const std::string& outcome) const {
  const std::string_view seen = info(sink.last.outcome).log_name;
  const std::string_view now = !sink.has_session ? "-"
                               : sink.session.state == SessionState::Discard
                                   ? "DISCARD"
                                   : info(sink.session.tcp_state).log_name;
  std::string wrong;
  if (now != state) wrong += fmt::format("state is {} ", now);
  const bool fine = outcome.empty() ? passes(sink.last.outcome) : seen == outcome;
  if (!fine) wrong += fmt::format("counter is {}", seen);
  return wrong;
}

}  // namespace endreason
