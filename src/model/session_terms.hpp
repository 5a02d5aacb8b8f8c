// SPDX-License-Identifier: Apache-2.0
// Names of the firewall's own session engine: tracker stages, session states, timers.
// Sources: KB kA10g000000ClVFCA0 (session tracker), KB kA10g000000Clk9CAC (states),
// "Session Timeouts" of the 11.2 help and `set session timeout-...` of the CLI (timers).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/vocabulary.hpp"

namespace endreason {

enum class TrackerStage : std::uint8_t {
  AgedOut,
  TcpFin,
  TcpRstClient,
  TcpRstServer,
  AppidPolicyLookupDeny,
  MitigationTdb,
  ResourceLimit,
  HostService
};
struct TrackerStageInfo {
  TrackerStage value;
  std::string_view log_name;  // as `show session id` prints it
  EndReason end_reason;       // what the log then says
};
inline constexpr auto kTrackerStages = std::to_array<TrackerStageInfo>({
    {TrackerStage::AgedOut, "Aged out", EndReason::AgedOut},
    {TrackerStage::TcpFin, "TCP FIN", EndReason::TcpFin},
    {TrackerStage::TcpRstClient, "TCP RST - client", EndReason::TcpRstFromClient},
    {TrackerStage::TcpRstServer, "TCP RST - server", EndReason::TcpRstFromServer},
    {TrackerStage::AppidPolicyLookupDeny, "appid policy lookup deny", EndReason::PolicyDeny},
    {TrackerStage::MitigationTdb, "mitigation tdb", EndReason::Threat},
    {TrackerStage::ResourceLimit, "resource limit", EndReason::ResourcesUnavailable},
    {TrackerStage::HostService, "host service", EndReason::PolicyDeny},
});
static_assert(rows_in_enum_order(kTrackerStages) && log_names_unique(kTrackerStages));

enum class SessionState : std::uint8_t { Init, Opening, Active, Discard, Closing, Closed, Free };
struct SessionStateInfo {
  SessionState value;
  std::string_view log_name;
  bool stable;  // the others are passed through
};
inline constexpr auto kSessionStates = std::to_array<SessionStateInfo>({
    {SessionState::Init, "INIT", true},
    {SessionState::Opening, "OPENING", false},
    {SessionState::Active, "ACTIVE", true},
    {SessionState::Discard, "DISCARD", true},
    {SessionState::Closing, "CLOSING", false},
    {SessionState::Closed, "CLOSED", false},
    {SessionState::Free, "FREE", false},
});
static_assert(rows_in_enum_order(kSessionStates) && log_names_unique(kSessionStates));

enum class SessionTimer : std::uint8_t {
  Default,
  DiscardDefault,
  DiscardTcp,
  DiscardUdp,
  Icmp,
  Scan,
  Tcp,
  TcpHandshake,
  TcpInit,
  TcpHalfClosed,
  TcpTimeWait,
  TcpUnverifiedRst,
  Udp,
  CaptivePortal,
  SctpInit,
  SctpCookie,
  Sctp,
  SctpShutdown,
  DiscardSctp
};
struct SessionTimerInfo {
  SessionTimer value;
  std::string_view log_name;  // the CLI key
  std::uint32_t default_s;
  std::uint32_t min_s;
  std::uint32_t max_s;
};
inline constexpr auto kSessionTimers = std::to_array<SessionTimerInfo>({
    {SessionTimer::Default, "timeout-default", 30, 1, 15'999'999},
    {SessionTimer::DiscardDefault, "timeout-discard-default", 60, 1, 15'999'999},
    {SessionTimer::DiscardTcp, "timeout-discard-tcp", 90, 1, 15'999'999},
    {SessionTimer::DiscardUdp, "timeout-discard-udp", 60, 1, 15'999'999},
    {SessionTimer::Icmp, "timeout-icmp", 6, 1, 15'999'999},
    {SessionTimer::Scan, "timeout-scan", 10, 5, 30},
    {SessionTimer::Tcp, "timeout-tcp", 3600, 1, 15'999'999},
    {SessionTimer::TcpHandshake, "timeout-tcphandshake", 10, 1, 60},
    {SessionTimer::TcpInit, "timeout-tcpinit", 5, 1, 60},
    {SessionTimer::TcpHalfClosed, "timeout-tcp-half-closed", 120, 1, 604'800},
    {SessionTimer::TcpTimeWait, "timeout-tcp-time-wait", 15, 1, 600},
    {SessionTimer::TcpUnverifiedRst, "timeout-tcp-unverified-rst", 30, 1, 600},
    {SessionTimer::Udp, "timeout-udp", 30, 1, 15'999'999},
    {SessionTimer::CaptivePortal, "timeout-captive-portal", 30, 1, 15'999'999},
    // The help gives names and ranges of the SCTP timers, and no CLI keys: these follow the others.
    {SessionTimer::SctpInit, "timeout-sctp-init", 5, 1, 60},
    {SessionTimer::SctpCookie, "timeout-sctp-cookie", 60, 1, 600},
    {SessionTimer::Sctp, "timeout-sctp", 3600, 1, 604'800},
    {SessionTimer::SctpShutdown, "timeout-sctp-shutdown", 30, 1, 600},
    // The help says 30 s; `show session info` of a device printed 60.
    {SessionTimer::DiscardSctp, "timeout-discard-sctp", 30, 1, 604'800},
});
static_assert(rows_in_enum_order(kSessionTimers) && log_names_unique(kSessionTimers));

constexpr const TrackerStageInfo& info(TrackerStage v) {
  return kTrackerStages[static_cast<std::size_t>(v)];
}
constexpr const SessionStateInfo& info(SessionState v) {
  return kSessionStates[static_cast<std::size_t>(v)];
}
constexpr const SessionTimerInfo& info(SessionTimer v) {
  return kSessionTimers[static_cast<std::size_t>(v)];
}

}  // namespace endreason
