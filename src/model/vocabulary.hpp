// SPDX-License-Identifier: Apache-2.0
// The vocabularies of a traffic log: action, application status, session end reason, subtype,
// action source. Each value is a row; spellings that other formats use are rows of alias tables.
// Every enum ends in Absent (no such column, or empty) and Unrecognized (a value that no source
// documents: it is kept as text and never guessed).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"

namespace endreason {

// What the policy decided. Source: CLI enumeration `show log traffic action`, PAN-OS 10.1 to 12.2.
enum class Action : std::uint8_t {
  Allow,
  Deny,
  Drop,
  DropIcmp,
  ResetClient,
  ResetServer,
  ResetBoth,
  Absent,
  Unrecognized
};
struct ActionInfo {
  Action value;
  std::string_view log_name;
};
inline constexpr auto kActions = std::to_array<ActionInfo>({
    {Action::Allow, "allow"},
    {Action::Deny, "deny"},
    {Action::Drop, "drop"},
    {Action::DropIcmp, "drop-icmp"},
    {Action::ResetClient, "reset-client"},
    {Action::ResetServer, "reset-server"},
    {Action::ResetBoth, "reset-both"},
    {Action::Absent, ""},
    {Action::Unrecognized, ""},
});
static_assert(rows_in_enum_order(kActions) && log_names_unique(kActions));

// Values of the application column that name a state of identification, not an application.
// Source: vendor KB "Not-applicable, Incomplete, Insufficient data in the application field".
// An ordinary application is AppStatus::Identified.
enum class AppStatus : std::uint8_t {
  Incomplete,
  InsufficientData,
  UnknownTcp,
  UnknownUdp,
  UnknownP2p,
  NotApplicable,
  Identified,
  Absent
};
struct AppStatusInfo {
  AppStatus value;
  std::string_view log_name;
};
inline constexpr auto kAppStatuses = std::to_array<AppStatusInfo>({
    {AppStatus::Incomplete, "incomplete"},
    {AppStatus::InsufficientData, "insufficient-data"},
    {AppStatus::UnknownTcp, "unknown-tcp"},
    {AppStatus::UnknownUdp, "unknown-udp"},
    {AppStatus::UnknownP2p, "unknown-p2p"},
    {AppStatus::NotApplicable, "not-applicable"},
    {AppStatus::Identified, ""},
    {AppStatus::Absent, ""},
});
static_assert(rows_in_enum_order(kAppStatuses) && log_names_unique(kAppStatuses));

// Why a session ended, in the vendor's order of priority (the first wins when several met).
// Source: "Traffic Log Fields" and KB kA10g000000ClHGCA0; CLI enumeration unchanged to 12.2.
// The last four words are written by the logging service only.
enum class EndReason : std::uint8_t {
  Threat,
  PolicyDeny,
  DecryptCertValidation,
  DecryptUnsupportParam,
  DecryptError,
  TcpRstFromClient,
  TcpRstFromServer,
  ResourcesUnavailable,
  TcpFin,
  TcpReuse,
  Decoder,
  AgedOut,
  Unknown,
  NotEnded,
  RequestTimeout,
  ShutdownFromEndpoint,
  AbortFromEndpoint,
  SplitTunnel,
  Absent,
  Unrecognized
};
struct EndReasonInfo {
  EndReason value;
  std::string_view log_name;
  std::uint8_t priority;  // 1 wins; 0: not part of the vendor's order
};
inline constexpr auto kEndReasons = std::to_array<EndReasonInfo>({
    {EndReason::Threat, "threat", 1},
    {EndReason::PolicyDeny, "policy-deny", 2},
    {EndReason::DecryptCertValidation, "decrypt-cert-validation", 3},
    {EndReason::DecryptUnsupportParam, "decrypt-unsupport-param", 4},
    {EndReason::DecryptError, "decrypt-error", 5},
    {EndReason::TcpRstFromClient, "tcp-rst-from-client", 6},
    {EndReason::TcpRstFromServer, "tcp-rst-from-server", 7},
    {EndReason::ResourcesUnavailable, "resources-unavailable", 8},
    {EndReason::TcpFin, "tcp-fin", 9},
    {EndReason::TcpReuse, "tcp-reuse", 10},
    {EndReason::Decoder, "decoder", 11},
    {EndReason::AgedOut, "aged-out", 12},
    {EndReason::Unknown, "unknown", 13},
    {EndReason::NotEnded, "n/a", 0},
    {EndReason::RequestTimeout, "request-timeout", 0},
    {EndReason::ShutdownFromEndpoint, "shutdown-from-endpoint", 0},
    {EndReason::AbortFromEndpoint, "abort-from-endpoint", 0},
    {EndReason::SplitTunnel, "split-tunnel", 0},
    {EndReason::Absent, "", 0},
    {EndReason::Unrecognized, "", 0},
});
static_assert(rows_in_enum_order(kEndReasons) && log_names_unique(kEndReasons));

// The type of a traffic log row. Source: "Traffic Log Fields", Threat/Content Type.
enum class Subtype : std::uint8_t { Start, End, Drop, Deny, Absent, Unrecognized };
struct SubtypeInfo {
  Subtype value;
  std::string_view log_name;
};
inline constexpr auto kSubtypes = std::to_array<SubtypeInfo>({
    {Subtype::Start, "start"},
    {Subtype::End, "end"},
    {Subtype::Drop, "drop"},
    {Subtype::Deny, "deny"},
    {Subtype::Absent, ""},
    {Subtype::Unrecognized, ""},
});
static_assert(rows_in_enum_order(kSubtypes) && log_names_unique(kSubtypes));

// Who set the action. Source: "Traffic Log Fields"; `unknown` by the logging service.
enum class ActionSource : std::uint8_t {
  FromPolicy,
  FromApplication,
  Unknown,
  Absent,
  Unrecognized
};
struct ActionSourceInfo {
  ActionSource value;
  std::string_view log_name;
};
inline constexpr auto kActionSources = std::to_array<ActionSourceInfo>({
    {ActionSource::FromPolicy, "from-policy"},
    {ActionSource::FromApplication, "from-application"},
    {ActionSource::Unknown, "unknown"},
    {ActionSource::Absent, ""},
    {ActionSource::Unrecognized, ""},
});
static_assert(rows_in_enum_order(kActionSources) && log_names_unique(kActionSources));

constexpr const ActionInfo& info(Action v) {
  return kActions[static_cast<std::size_t>(v)];
}
constexpr const AppStatusInfo& info(AppStatus v) {
  return kAppStatuses[static_cast<std::size_t>(v)];
}
constexpr const EndReasonInfo& info(EndReason v) {
  return kEndReasons[static_cast<std::size_t>(v)];
}
constexpr const SubtypeInfo& info(Subtype v) {
  return kSubtypes[static_cast<std::size_t>(v)];
}
constexpr const ActionSourceInfo& info(ActionSource v) {
  return kActionSources[static_cast<std::size_t>(v)];
}

// From the spelling of any format: case ignored, blanks and underscores as dashes, aliases such as
// "drop ICMP", "n-a", "drop-reset". Empty text is Absent.
Action action_from(std::string_view text);
AppStatus app_status_from(std::string_view text);
EndReason end_reason_from(std::string_view text);
Subtype subtype_from(std::string_view text);
ActionSource action_source_from(std::string_view text);

}  // namespace endreason
