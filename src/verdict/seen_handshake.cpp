// SPDX-License-Identifier: Apache-2.0
#include "verdict/seen_handshake.hpp"

#include <array>

#include <fmt/format.h>

#include "model/protocol.hpp"
#include "verdict/questions.hpp"

namespace endreason {
namespace {

constexpr std::string_view kExpected = "SYN, SYN-ACK, ACK";

// Who said what before the connection was open.
struct Said {
  bool client_syn{}, client_rst{}, client_fin{};
  bool client_more{};  // what only an answered client sends
  bool server_syn{}, server_syn_ack{}, server_rst{}, server_any{};
  bool acknowledged{};  // the client went on behind the SYN-ACK
};

Said said_in(const Handshake& handshake) {
  Said said;
  for (std::size_t i = 0; i < handshake.size(); ++i) {
    const auto [word, flow, repeats] = handshake[i];
    const bool rst = word == HandshakeWord::Rst || word == HandshakeWord::RstAck;
    if (flow == Flow::S2c) {
      said.server_any = true;
      said.server_syn |= word == HandshakeWord::Syn;
      said.server_syn_ack |= word == HandshakeWord::SynAck;
      said.server_rst |= rst;
    } else if (word == HandshakeWord::Syn) {
      said.client_syn = true;
    } else if (rst) {
      said.client_rst = true;
    } else {
      said.client_more = true;
      said.client_fin |= word == HandshakeWord::Fin;
      said.acknowledged |= said.server_syn_ack;
    }
  }
  return said;
}

constexpr Ending failed(ReasonCode code, EndedBy by, Confidence confidence = Confidence::High) {
  return {code, Outcome::Failed, by, confidence};
}

// The connection was open, and nobody sent data.
std::optional<Ending> opened(EndReason reason, EndedBy by) {
  switch (reason) {
    case EndReason::TcpFin:
      return failed(ReasonCode::ClosedWithoutData, EndedBy::Unknown);
    case EndReason::TcpRstFromClient:
      return failed(ReasonCode::ResetBeforeData, by);
    case EndReason::TcpRstFromServer:
      return failed(ReasonCode::ResetBeforeDataByServer, by);
    case EndReason::AgedOut:
      return failed(ReasonCode::IdleWithoutData, by);
    default:
      return std::nullopt;
  }
}

// The server's SYN-ACK was seen, and the client did not go on.
std::optional<Ending> half_open(const EngineFacts& facts, EndReason reason, EndedBy by) {
  if (facts.wrong_ack) return failed(ReasonCode::WrongAck, by);
  if (reason == EndReason::TcpRstFromClient) return failed(ReasonCode::ResetBeforeData, by);
  if (reason == EndReason::TcpRstFromServer) return failed(ReasonCode::ResetBeforeDataByServer, by);
  return failed(ReasonCode::HandshakeNotCompleted, by);
}

// The client answers a challenge with a reset, or asks again. One that goes on with an ACK had its
// SYN-ACK, which was not captured.
bool challenged(const EngineFacts& facts, const Said& said) {
  return facts.challenge_ack && !said.client_more && (said.client_rst || !said.server_syn_ack);
}

std::optional<Ending> not_answered(const EngineFacts& facts, const Said& said, EndedBy by) {
  if (facts.icmp_error) return failed(ReasonCode::IcmpError, by);
  // What only an answered client sends: the answer was there, and was not seen.
  if (said.client_more)
    return Ending{ReasonCode::OneWayTraffic, Outcome::Unknown, by, Confidence::High};
  return failed(ReasonCode::SynNoAnswer, by,
                said.client_rst ? Confidence::Medium : Confidence::High);
}

// What ICMP errors say: RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1; RFC 4443.
struct IcmpText {
  bool v6;
  std::uint8_t type, code;
  std::string_view text;
};
constexpr auto kIcmpTexts = std::to_array<IcmpText>({
    {false, 3, 0, "network unreachable"},
    {false, 3, 1, "host unreachable"},
    {false, 3, 2, "protocol unreachable"},
    {false, 3, 3, "port unreachable"},
    {false, 3, 4, "too large for the path, and not to be fragmented"},
    {false, 3, 9, "network administratively prohibited"},
    {false, 3, 10, "host administratively prohibited"},
    {false, 3, 13, "communication administratively prohibited"},
    {false, 5, 0, "redirect for the network"},
    {false, 5, 1, "redirect for the host"},
    {false, 11, 0, "hops used up on the way"},
    {false, 11, 1, "fragments did not come in time"},
    {true, 1, 0, "no route to the destination"},
    {true, 1, 1, "communication administratively prohibited"},
    {true, 1, 3, "address unreachable"},
    {true, 1, 4, "port unreachable"},
    {true, 2, 0, "too large for the path"},
    {true, 3, 0, "hops used up on the way"},
});

// A redirect or "too large" is advice to the sender; the packet was not refused.
bool refuses(const EngineFacts& facts, bool v6) {
  if (v6) return facts.icmp_type == 1 || facts.icmp_type == 3;
  return (facts.icmp_type == 3 && facts.icmp_code != 4) || facts.icmp_type == 11;
}

bool is_v6(const TrafficRecord& record) {
  return record.text(Field::Src).find(':') != std::string_view::npos;
}

}  // namespace

bool answered_by_icmp_error(const TrafficRecord& record) {
  const EngineFacts* facts = record.engine;
  return facts != nullptr && facts->icmp_error && record.pkts_received == 0 &&
         refuses(*facts, is_v6(record));
}

std::optional<Ending> seen_ending(const TrafficRecord& record) {
  if (record.engine == nullptr || record.proto != kProtoTcp) return std::nullopt;
  const EngineFacts& facts = *record.engine;
  const Said said = said_in(facts.handshake);
  if (!said.client_syn) return std::nullopt;
  const bool by_host_or_timer = record.end_reason == EndReason::AgedOut ||
                                record.end_reason == EndReason::TcpFin ||
                                record.end_reason == EndReason::TcpRstFromClient ||
                                record.end_reason == EndReason::TcpRstFromServer;
  if (!by_host_or_timer) return std::nullopt;
  const EndedBy by = question(record.end_reason).ended_by;
  // Both sides opened: a simultaneous open, or a split handshake, which a setting may refuse.
  if (said.server_syn)
    return facts.established || record.end_reason == EndReason::TcpFin
               ? opened(record.end_reason, by)
               : half_open(facts, record.end_reason, by);
  // A client that goes on to close has taken the answer, whatever numbers were not captured.
  if (said.acknowledged && (!facts.wrong_ack || said.client_fin || facts.established))
    return opened(record.end_reason, by);
  if (challenged(facts, said)) return failed(ReasonCode::ChallengeAck, by);
  if (said.server_syn_ack) return half_open(facts, record.end_reason, by);
  if (said.server_rst) {
    const bool refused = record.end_reason != EndReason::AgedOut || !facts.wrong_ack;
    return failed(refused ? ReasonCode::RefusedByServer : ReasonCode::WrongAck, by);
  }
  if (said.server_any) return std::nullopt;
  if (facts.icmp_error && !refuses(facts, is_v6(record)) && !said.client_more)
    return failed(ReasonCode::SynNoAnswer, by, Confidence::Medium);
  return not_answered(facts, said, by);
}

std::string handshake_sentence(const TrafficRecord& record) {
  if (record.engine == nullptr) return {};
  const std::string saw = to_string(record.engine->handshake);
  if (saw.empty() || saw == kExpected) return {};
  return fmt::format("Expected {}; saw {}.", kExpected, saw);
}

std::string icmp_error_text(bool v6, std::uint8_t type, std::uint8_t code) {
  for (const IcmpText& row : kIcmpTexts)
    if (row.v6 == v6 && row.type == type && row.code == code)
      return fmt::format("{} (type {}, code {})", row.text, type, code);
  return fmt::format("type {}, code {}", type, code);
}

std::string icmp_error_sentence(const TrafficRecord& record) {
  if (record.engine == nullptr || !record.engine->icmp_error) return {};
  const EngineFacts& facts = *record.engine;
  return fmt::format("An ICMP error said: {}.",
                     icmp_error_text(is_v6(record), facts.icmp_type, facts.icmp_code));
}

}  // namespace endreason
