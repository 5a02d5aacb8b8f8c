// SPDX-License-Identifier: Apache-2.0
// The three questions that decide Allowed or Blocked, as tables: action, then application status,
// then session end reason. The first that says Blocked decides. Read by the judge, by the
// explanations and by `endreason terms`, so that all three say the same. Immutable.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/verdict.hpp"
#include "model/vocabulary.hpp"
#include "verdict/citations.hpp"

namespace endreason {

struct ActionRow {
  Action value;
  std::array<FinalAction, 2> final_action;  // by Ruleset
  std::string_view why;
  std::string_view source;
};
// The sources describe what each action does. That reset-client and reset-server leave a session
// Allowed is the rule set `standard`; the vendor's own lookup calls them blocked (`vendor`).
inline constexpr auto kActionRows = std::to_array<ActionRow>({
    {Action::Allow,
     {FinalAction::Allowed, FinalAction::Allowed},
     "policy allowed the session",
     cite::kTrafficLogFields},
    {Action::Deny,
     {FinalAction::Blocked, FinalAction::Blocked},
     "policy denied it",
     cite::kPolicyActions},
    {Action::Drop,
     {FinalAction::Blocked, FinalAction::Blocked},
     "dropped silently",
     cite::kPolicyActions},
    {Action::DropIcmp,
     {FinalAction::Blocked, FinalAction::Blocked},
     "dropped, and an ICMP unreachable was sent to the host or application",
     cite::kPolicyActions},
    {Action::ResetClient,
     {FinalAction::Allowed, FinalAction::Blocked},
     "ended, TCP reset to the client",
     cite::kPolicyActions},
    {Action::ResetServer,
     {FinalAction::Allowed, FinalAction::Blocked},
     "ended, TCP reset to the server",
     cite::kPolicyActions},
    {Action::ResetBoth,
     {FinalAction::Blocked, FinalAction::Blocked},
     "ended, TCP reset to both sides",
     cite::kPolicyActions},
    {Action::Absent,
     {FinalAction::Undetermined, FinalAction::Undetermined},
     "the record has no action",
     cite::kObserved},
    {Action::Unrecognized,
     {FinalAction::Undetermined, FinalAction::Undetermined},
     "the action is a word that no public source documents",
     cite::kCliHierarchy},
});
static_assert(rows_in_enum_order(kActionRows) && kActionRows.size() == kActions.size());

struct AppStatusRow {
  AppStatus value;
  FinalAction final_action;
  std::string_view why;
  std::string_view source;
};
inline constexpr auto kAppStatusRows = std::to_array<AppStatusRow>({
    {AppStatus::Incomplete, FinalAction::Allowed,
     "the three-way handshake did not complete, or no data followed it", cite::kLiveAppStatuses},
    {AppStatus::InsufficientData, FinalAction::Allowed,
     "handshake complete, too little data to identify the application", cite::kLiveAppStatuses},
    {AppStatus::UnknownTcp, FinalAction::Allowed,
     "handshake and data seen, application not identified (custom application or port)",
     cite::kLiveAppStatuses},
    {AppStatus::UnknownUdp, FinalAction::Allowed, "UDP application not identified",
     cite::kLiveAppStatuses},
    {AppStatus::UnknownP2p, FinalAction::Allowed, "generic peer-to-peer heuristics matched",
     cite::kObserved},
    {AppStatus::NotApplicable, FinalAction::Blocked,
     "discarded: no rule allows that port or service", cite::kLiveAppStatuses},
    {AppStatus::Identified, FinalAction::Allowed, "the application was identified",
     cite::kTrafficLogFields},
    {AppStatus::Absent, FinalAction::Allowed, "the record names no application", cite::kObserved},
});
static_assert(rows_in_enum_order(kAppStatusRows) && kAppStatusRows.size() == kAppStatuses.size());

struct EndReasonRow {
  EndReason value;
  FinalAction final_action;
  EndedBy ended_by;
  std::string_view why;
  std::string_view source;
};
inline constexpr auto kEndReasonRows = std::to_array<EndReasonRow>({
    {EndReason::Threat, FinalAction::Blocked, EndedBy::Security,
     "a threat was found; reset, drop or block action", cite::kKbThreat},
    {EndReason::PolicyDeny, FinalAction::Blocked, EndedBy::Policy,
     "a rule with deny or drop matched", cite::kTrafficLogFields},
    {EndReason::DecryptCertValidation, FinalAction::Blocked, EndedBy::Decryption,
     "the server's certificate failed, or a fatal alert bad_certificate, "
     "unsupported_certificate, certificate_revoked, access_denied, no_certificate",
     cite::kKbEndReasons},
    {EndReason::DecryptUnsupportParam, FinalAction::Blocked, EndedBy::Decryption,
     "unsupported version, cipher or algorithm, or a fatal alert unsupported_extension, "
     "unexpected_message, handshake_failure",
     cite::kKbEndReasons},
    {EndReason::DecryptError, FinalAction::Blocked, EndedBy::Decryption,
     "any other decryption failure the profile blocks", cite::kKbEndReasons},
    {EndReason::TcpRstFromClient, FinalAction::Allowed, EndedBy::Client,
     "an end host, the client, reset the connection", cite::kLiveResets},
    {EndReason::TcpRstFromServer, FinalAction::Allowed, EndedBy::Server,
     "an end host, the server, reset the connection", cite::kLiveResets},
    {EndReason::ResourcesUnavailable, FinalAction::Blocked, EndedBy::Resources,
     "a system limit: out-of-order packets of the flow or of the system, and others",
     cite::kKbSessionTracker},
    // The log does not say which host closed first.
    {EndReason::TcpFin, FinalAction::Allowed, EndedBy::Unknown, "one host or both closed it",
     cite::kTrafficLogFields},
    {EndReason::TcpReuse, FinalAction::Allowed, EndedBy::Reuse,
     "a new session reused the tuple; the firewall closed the earlier one", cite::kKbTcpReuse},
    {EndReason::Decoder, FinalAction::Allowed, EndedBy::Decoder,
     "a new connection inside the protocol (an HTTP proxy) ended the earlier one",
     cite::kTrafficLogFields},
    {EndReason::AgedOut, FinalAction::Allowed, EndedBy::Timer, "the session aged out",
     cite::kTrafficLogFields},
    // An operator's `clear session` is one of the causes, and the log cannot tell it from others.
    {EndReason::Unknown, FinalAction::Allowed, EndedBy::Unknown,
     "cleared by an operator, or not recorded", cite::kTrafficLogFields},
    {EndReason::NotEnded, FinalAction::Allowed, EndedBy::NobodyYet,
     "the log is not of type end; the session goes on", cite::kTrafficLogFields},
    {EndReason::RequestTimeout, FinalAction::Allowed, EndedBy::Timer,
     "a request timed out at the logging service's sender", cite::kLoggingServiceReasons},
    {EndReason::ShutdownFromEndpoint, FinalAction::Allowed, EndedBy::Unknown,
     "an endpoint shut the connection down", cite::kLoggingServiceReasons},
    {EndReason::AbortFromEndpoint, FinalAction::Allowed, EndedBy::Unknown,
     "an endpoint aborted the connection", cite::kLoggingServiceReasons},
    {EndReason::SplitTunnel, FinalAction::Allowed, EndedBy::Unknown,
     "the session left the tunnel by a split-tunnel rule", cite::kLoggingServiceReasons},
    {EndReason::Absent, FinalAction::Allowed, EndedBy::Unknown,
     "the record has no session end reason", cite::kObserved},
    {EndReason::Unrecognized, FinalAction::Undetermined, EndedBy::Unknown,
     "the session end reason is a word that no public source documents", cite::kCliHierarchy},
});
static_assert(rows_in_enum_order(kEndReasonRows) && kEndReasonRows.size() == kEndReasons.size());

constexpr const ActionRow& question(Action v) {
  return kActionRows[static_cast<std::size_t>(v)];
}
constexpr const AppStatusRow& question(AppStatus v) {
  return kAppStatusRows[static_cast<std::size_t>(v)];
}
constexpr const EndReasonRow& question(EndReason v) {
  return kEndReasonRows[static_cast<std::size_t>(v)];
}

}  // namespace endreason
