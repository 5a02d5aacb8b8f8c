// SPDX-License-Identifier: Apache-2.0
#include "model/engine_facts_text.hpp"

#include <algorithm>
#include <array>

namespace endreason {
namespace {

//   word = "engine:" flags stage state conn_state reason icmp_type icmp_code handshake{8}
//          "|" community_id "|" first_packet "|" last_packet "|" history
// Each of the first is two hexadecimal digits; an entry of the handshake is three bits word, one
// bit flow, four bits repeats.
constexpr std::string_view kBegin = "engine:";
constexpr std::size_t kNumbers = 8 + Handshake::kMostWords;
constexpr std::string_view kDigits = "0123456789abcdef";

constexpr std::array kFlags = {&EngineFacts::ended,
                               &EngineFacts::staged,
                               &EngineFacts::established,
                               &EngineFacts::challenge_ack,
                               &EngineFacts::wrong_ack,
                               &EngineFacts::one_way,
                               &EngineFacts::began_without_syn,
                               &EngineFacts::rst_dropped,
                               &EngineFacts::icmp_error};
constexpr std::array kFreeTexts = {EngineColumn::CommunityId, EngineColumn::FirstPacket,
                                   EngineColumn::LastPacket, EngineColumn::History};

using Numbers = std::array<std::uint8_t, kNumbers>;

Numbers numbers_of(const EngineFacts& facts) {
  Numbers n{};
  unsigned flags = 0;
  for (std::size_t i = 0; i < kFlags.size(); ++i) flags |= unsigned{facts.*kFlags[i]} << i;
  n[0] = static_cast<std::uint8_t>(flags & 0xff);
  n[1] = static_cast<std::uint8_t>(flags >> 8);
  n[2] = static_cast<std::uint8_t>(facts.stage);
  n[3] = static_cast<std::uint8_t>(facts.state);
  n[4] = static_cast<std::uint8_t>(facts.conn_state);
  n[5] = static_cast<std::uint8_t>(facts.flow_end_reason);
  n[6] = facts.icmp_type;
  n[7] = facts.icmp_code;
  for (std::size_t i = 0; i < facts.handshake.size(); ++i) {
    const Handshake::Entry e = facts.handshake[i];
    n[8 + i] = static_cast<std::uint8_t>(static_cast<unsigned>(e.word) << 5 |
                                         static_cast<unsigned>(e.flow) << 4 | e.repeats);
  }
  return n;
}

bool read_numbers(std::string_view text, Numbers& n) {
  for (std::size_t i = 0; i < n.size(); ++i) {
    const std::size_t high = kDigits.find(text[2 * i]), low = kDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    n[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return n[2] < kTrackerStages.size() && n[3] < kSessionStates.size() &&
         n[4] < kConnStates.size() && n[5] <= static_cast<unsigned>(FlowEndReason::LackOfResources);
}

EngineFacts facts_of(const Numbers& n) {
  EngineFacts facts;
  const unsigned flags = n[0] | unsigned{n[1]} << 8;
  for (std::size_t i = 0; i < kFlags.size(); ++i) facts.*kFlags[i] = (flags >> i & 1) != 0;
  facts.stage = static_cast<TrackerStage>(n[2]);
  facts.state = static_cast<SessionState>(n[3]);
  facts.conn_state = static_cast<ConnState>(n[4]);
  facts.flow_end_reason = static_cast<FlowEndReason>(n[5]);
  facts.icmp_type = n[6];
  facts.icmp_code = n[7];
  for (std::size_t i = 8; i < n.size() && n[i] >> 5 != 0; ++i)
    for (unsigned repeat = 0; repeat < std::max(n[i] & 15u, 1u); ++repeat)
      facts.handshake.add(static_cast<HandshakeWord>(n[i] >> 5), static_cast<Flow>(n[i] >> 4 & 1));
  return facts;
}

}  // namespace

void append_engine_facts(std::string& out, const EngineFacts& facts) {
  out += kBegin;
  for (const std::uint8_t n : numbers_of(facts)) {
    out += kDigits[n >> 4];
    out += kDigits[n & 15];
  }
  for (const EngineColumn column : kFreeTexts) {
    out += '|';
    out += facts.text(column);
  }
}

bool ReadEngineFacts::read(std::string_view word) {
  Numbers n{};
  const std::size_t texts = kBegin.size() + 2 * kNumbers;
  if (!word.starts_with(kBegin) || word.size() < texts ||
      !read_numbers(word.substr(kBegin.size()), n))
    return false;
  facts_ = facts_of(n);
  const auto set = [this](EngineColumn column, std::string_view text) {
    facts_.texts[static_cast<std::size_t>(column)] = text;
  };
  free_texts_ = word.substr(texts);
  std::string_view rest = free_texts_;
  for (const EngineColumn column : kFreeTexts) {
    if (!rest.starts_with('|')) return false;
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('|'), rest.size());
    set(column, rest.substr(0, end));
    rest.remove_prefix(end);
  }
  handshake_ = to_string(facts_.handshake);
  set(EngineColumn::Handshake, handshake_);
  set(EngineColumn::SessionState, info(facts_.state).log_name);
  if (!facts_.ended) return true;
  if (facts_.staged) set(EngineColumn::TrackerStage, info(facts_.stage).log_name);
  set(EngineColumn::ConnState, info(facts_.conn_state).log_name);
  reason_ = std::to_string(static_cast<unsigned>(facts_.flow_end_reason));
  set(EngineColumn::FlowEndReason, reason_);
  return true;
}

}  // namespace endreason
