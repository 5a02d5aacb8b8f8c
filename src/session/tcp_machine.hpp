// SPDX-License-Identifier: Apache-2.0
// The TCP machine: (state, event) -> state, as a list of transitions. It only says where a session
// stands; sequence numbers, counters and timers are acted upon by tcp_tracker.
// RFC 9293 section 3.3.2, seen from between the two ends: an event is a segment that passed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/session_terms.hpp"

namespace endreason {

enum class TcpState : std::uint8_t {
  None,         // not TCP, or nothing seen
  SynSent,      // the client's SYN
  SynReceived,  // the server's SYN-ACK; the client's ACK is awaited
  BothSyn,      // each side sent a SYN: simultaneous open, or a split handshake
  SynAnswered,  // both SYNs and the client's SYN-ACK; the server's ACK is awaited
  Established,
  ClientClosed,  // the client's FIN
  ServerClosed,  // the server's FIN
  TimeWait,      // both FINs, or a verified reset
};
struct TcpStateInfo {
  TcpState value;
  std::string_view log_name;
  SessionTimer timer;  // that runs in it
  bool opening;        // the handshake is not over
  bool closing;        // a FIN or a reset was seen: a new SYN begins a new session
};
inline constexpr auto kTcpStates = std::to_array<TcpStateInfo>({
    {TcpState::None, "none", SessionTimer::TcpInit, false, false},
    {TcpState::SynSent, "syn-sent", SessionTimer::TcpInit, true, false},
    {TcpState::SynReceived, "syn-received", SessionTimer::TcpHandshake, true, false},
    {TcpState::BothSyn, "both-syn", SessionTimer::TcpHandshake, true, false},
    {TcpState::SynAnswered, "syn-answered", SessionTimer::TcpHandshake, true, false},
    {TcpState::Established, "established", SessionTimer::Tcp, false, false},
    {TcpState::ClientClosed, "client-closed", SessionTimer::TcpHalfClosed, false, true},
    {TcpState::ServerClosed, "server-closed", SessionTimer::TcpHalfClosed, false, true},
    {TcpState::TimeWait, "time-wait", SessionTimer::TcpTimeWait, false, true},
});
static_assert(rows_in_enum_order(kTcpStates) && log_names_unique(kTcpStates));
constexpr const TcpStateInfo& info(TcpState state) {
  return kTcpStates[static_cast<std::size_t>(state)];
}

enum class TcpEvent : std::uint8_t {
  ClientSyn,
  ServerSyn,
  ClientSynAck,
  ServerSynAck,
  ClientAck,   // a segment whose acknowledgement covers the server's SYN
  ServerAck,   // and the other way round
  OneWayData,  // data though the other direction was not seen, where the setting lets it pass
  MidStream,   // the first packet has no SYN, where the setting lets it begin a session
  ClientFin,
  ServerFin,
  VerifiedRst,
};
inline constexpr std::size_t kTcpEventCount = 11;

struct TcpTransition {
  TcpState from;
  TcpEvent event;
  TcpState to;
};
// Unlisted pairs keep the state; a verified reset leads to TimeWait from everywhere.
inline constexpr auto kTcpTransitions = std::to_array<TcpTransition>({
    // from                   event                    to
    {TcpState::None, TcpEvent::ClientSyn, TcpState::SynSent},
    {TcpState::None, TcpEvent::MidStream, TcpState::Established},
    {TcpState::SynSent, TcpEvent::ServerSynAck, TcpState::SynReceived},
    {TcpState::SynSent, TcpEvent::ServerSyn, TcpState::BothSyn},
    {TcpState::SynSent, TcpEvent::OneWayData, TcpState::Established},
    {TcpState::BothSyn, TcpEvent::ServerSynAck, TcpState::SynReceived},
    {TcpState::BothSyn, TcpEvent::ClientSynAck, TcpState::SynAnswered},
    {TcpState::SynReceived, TcpEvent::ClientAck, TcpState::Established},
    {TcpState::SynReceived, TcpEvent::ClientSynAck, TcpState::Established},
    {TcpState::SynAnswered, TcpEvent::ServerAck, TcpState::Established},
    {TcpState::SynAnswered, TcpEvent::ServerSynAck, TcpState::Established},
    // A new attempt with another sequence number, before the first was completed.
    {TcpState::SynReceived, TcpEvent::ClientSyn, TcpState::SynSent},
    {TcpState::BothSyn, TcpEvent::ClientSyn, TcpState::SynSent},
    {TcpState::SynAnswered, TcpEvent::ClientSyn, TcpState::SynSent},
    {TcpState::SynReceived, TcpEvent::ClientFin, TcpState::ClientClosed},
    {TcpState::SynReceived, TcpEvent::ServerFin, TcpState::ServerClosed},
    {TcpState::SynAnswered, TcpEvent::ClientFin, TcpState::ClientClosed},
    {TcpState::SynAnswered, TcpEvent::ServerFin, TcpState::ServerClosed},
    {TcpState::Established, TcpEvent::ClientFin, TcpState::ClientClosed},
    {TcpState::Established, TcpEvent::ServerFin, TcpState::ServerClosed},
    {TcpState::ClientClosed, TcpEvent::ServerFin, TcpState::TimeWait},
    {TcpState::ServerClosed, TcpEvent::ClientFin, TcpState::TimeWait},
});

using TcpMatrix = std::array<std::array<TcpState, kTcpEventCount>, kTcpStates.size()>;
consteval TcpMatrix make_tcp_matrix() {
  TcpMatrix matrix{};
  for (std::size_t state = 0; state < kTcpStates.size(); ++state)
    for (std::size_t event = 0; event < kTcpEventCount; ++event)
      matrix[state][event] = static_cast<TcpEvent>(event) == TcpEvent::VerifiedRst
                                 ? TcpState::TimeWait
                                 : static_cast<TcpState>(state);
  for (const TcpTransition& row : kTcpTransitions)
    matrix[static_cast<std::size_t>(row.from)][static_cast<std::size_t>(row.event)] = row.to;
  return matrix;
}
inline constexpr TcpMatrix kTcpMatrix = make_tcp_matrix();
constexpr TcpState next(TcpState state, TcpEvent event) {
  return kTcpMatrix[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}
static_assert(next(TcpState::Established, TcpEvent::VerifiedRst) == TcpState::TimeWait);
static_assert(next(TcpState::None, TcpEvent::ClientAck) == TcpState::None,
              "a session in mid-stream begins by setting, not by TCP");
static_assert(next(TcpState::ClientClosed, TcpEvent::ClientFin) == TcpState::ClientClosed,
              "a FIN sent again closes nothing");

}  // namespace endreason
