// SPDX-License-Identifier: Apache-2.0
// Meanings of the terms that have no table of their own elsewhere in this room. Rows follow the
// enums; the compiler checks that none is missing. Immutable.
#pragma once

#include <array>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/field.hpp"
#include "model/session_terms.hpp"
#include "model/verdict.hpp"
#include "model/vocabulary.hpp"
#include "verdict/citations.hpp"

namespace endreason {

template <class Enum>
struct TermText {
  Enum value;
  std::string_view meaning;
  std::string_view source;
};

inline constexpr auto kActionTexts = std::to_array<TermText<Action>>({
    {Action::Allow,
     "The policy let the session through at its last lookup. It does not say that the connection "
     "worked, nor that no security profile blocked it later: see session_end_reason.",
     cite::kTrafficLogFields},
    {Action::Deny,
     "A rule with action deny matched: the firewall applies the deny action that the application "
     "defines, or discards the packets when it defines none.",
     cite::kPolicyActions},
    {Action::Drop,
     "The packets were discarded without telling anyone; this overrides the application's own deny "
     "action.",
     cite::kPolicyActions},
    {Action::DropIcmp,
     "The packets were dropped, and an ICMP unreachable (administratively prohibited) was sent to "
     "the client, on layer 3 interfaces, 200 a second by default. Also spelled \"drop ICMP\".",
     cite::kPolicyActions},
    {Action::ResetClient,
     "The firewall ended the session and sent a TCP reset to the client's side only.",
     cite::kPolicyActions},
    {Action::ResetServer,
     "The firewall ended the session and sent a TCP reset to the server's side only.",
     cite::kPolicyActions},
    {Action::ResetBoth,
     "The firewall ended the session and sent a TCP reset to both sides. Before the handshake is "
     "complete, and for UDP, nothing is sent.",
     cite::kPolicyActions},
});
static_assert(rows_in_enum_order(kActionTexts) &&
              kActionTexts.size() == static_cast<std::size_t>(Action::Absent));

inline constexpr auto kAppStatusTexts = std::to_array<TermText<AppStatus>>({
    {AppStatus::Incomplete,
     "The TCP handshake did not complete, or it completed and no data followed before the session "
     "ended. It is a value of the application column, not a session end reason, and it says "
     "nothing about which application the ports suggest.",
     cite::kLiveAppStatuses},
    {AppStatus::InsufficientData,
     "The handshake was complete and some data passed, too little to identify the application. The "
     "vendor names no number of bytes. It is a value of the application column; real logs have it "
     "for UDP too.",
     cite::kLiveAppStatuses},
    {AppStatus::UnknownTcp,
     "Handshake and data were seen, and no signature matched: a custom application, or a known one "
     "in an unknown form. It is a value of the application column, not a session end reason.",
     cite::kLiveAppStatuses},
    {AppStatus::UnknownUdp,
     "UDP data was seen and no signature matched. It is a value of the application column, not a "
     "session end reason.",
     cite::kLiveAppStatuses},
    {AppStatus::UnknownP2p,
     "No signature matched, but the behaviour fits generic peer-to-peer heuristics.",
     cite::kObserved},
    {AppStatus::NotApplicable,
     "The traffic was discarded before it was identified, because no rule allows that port or "
     "service.",
     cite::kLiveAppStatuses},
});
static_assert(rows_in_enum_order(kAppStatusTexts) &&
              kAppStatusTexts.size() == static_cast<std::size_t>(AppStatus::Identified));

inline constexpr auto kEndReasonTexts = std::to_array<TermText<EndReason>>({
    {EndReason::Threat,
     "A security profile found a threat and its action was reset, drop or block-ip. An action of "
     "alert does not lead here.",
     cite::kKbThreat},
    {EndReason::PolicyDeny,
     "A security rule with deny or drop matched, at the start or after the application changed.",
     cite::kTrafficLogFields},
    {EndReason::DecryptCertValidation,
     "Decryption blocked the session on grounds of a certificate: expired, untrusted issuer, "
     "unknown "
     "status, status timeout, client authentication, or a fatal alert bad_certificate, "
     "unsupported_certificate, certificate_revoked, access_denied or no_certificate.",
     cite::kKbEndReasons},
    {EndReason::DecryptUnsupportParam,
     "Decryption blocked the session because of a protocol version, cipher or SSH algorithm, or a "
     "fatal alert unsupported_extension, unexpected_message or handshake_failure. Spelled without "
     "\"ed\".",
     cite::kKbEndReasons},
    {EndReason::DecryptError,
     "Decryption blocked the session for any other reason: no resources, hardware security module "
     "not available, other TLS or SSH errors.",
     cite::kKbEndReasons},
    {EndReason::TcpRstFromClient,
     "The client sent a TCP reset. After a complete transfer that is normal for many programs.",
     cite::kLiveResets},
    {EndReason::TcpRstFromServer,
     "The server, or something in its name, sent a TCP reset. Before any data it is a refusal; "
     "after a complete transfer it is normal for many programs.",
     cite::kLiveResets},
    {EndReason::ResourcesUnavailable,
     "The firewall reached a system limit, such as the number of out-of-order packets it holds for "
     "one flow or in all. Many internal causes are gathered in this reason.",
     cite::kKbSessionTracker},
    {EndReason::TcpFin,
     "The connection was closed with FIN. Current documents say by both hosts, older ones by one "
     "or "
     "both.",
     cite::kTrafficLogFields},
    {EndReason::TcpReuse,
     "A new SYN used the addresses and ports of a session that was closing, and the firewall "
     "closed "
     "the older session.",
     cite::kKbTcpReuse},
    {EndReason::Decoder,
     "The protocol decoder found a new connection inside the session, as in an HTTP proxy, and "
     "ended "
     "the earlier one.",
     cite::kTrafficLogFields},
    {EndReason::AgedOut,
     "The session was idle until its timer ran out: the normal end of UDP and ICMP; for TCP an "
     "idle "
     "connection, or a handshake without an answer.",
     cite::kTrafficLogFields},
    {EndReason::Unknown,
     "No other reason fits: for one, an operator cleared the session; also logs older than 6.1.",
     cite::kTrafficLogFields},
    {EndReason::NotEnded,
     "The row is not of type end, so there is no end reason. Real logs have it on start rows; rows "
     "of type drop and deny carry policy-deny. The logging service writes n-a.",
     cite::kTrafficLogFields},
    {EndReason::RequestTimeout, "A request timed out. Written by the logging service only.",
     cite::kLoggingServiceReasons},
    {EndReason::ShutdownFromEndpoint,
     "An endpoint shut the connection down. Written by the logging service only.",
     cite::kLoggingServiceReasons},
    {EndReason::AbortFromEndpoint,
     "An endpoint aborted the connection. Written by the logging service only.",
     cite::kLoggingServiceReasons},
    {EndReason::SplitTunnel,
     "The session goes outside the tunnel by a split-tunnel rule. Written by the logging service "
     "only.",
     cite::kLoggingServiceReasons},
});
static_assert(rows_in_enum_order(kEndReasonTexts) &&
              kEndReasonTexts.size() == static_cast<std::size_t>(EndReason::Absent));

inline constexpr auto kSubtypeTexts = std::to_array<TermText<Subtype>>({
    {Subtype::Start,
     "Written at the first packet of application data, not at the handshake, and again at each "
     "change of the application. Not a final verdict.",
     cite::kTrafficLogFields},
    {Subtype::End, "Written once, when the session closes, with the last application and rule.",
     cite::kTrafficLogFields},
    {Subtype::Drop,
     "Blocked before the application was known, and no rule allows it. No session was made; the "
     "session id is 0. Another page of the vendor says: the blocking rule named any application.",
     cite::kTrafficLogFields},
    {Subtype::Deny,
     "Blocked after the application was known. Another page of the vendor says: the blocking rule "
     "named a specific application.",
     cite::kTrafficLogFields},
});
static_assert(rows_in_enum_order(kSubtypeTexts) &&
              kSubtypeTexts.size() == static_cast<std::size_t>(Subtype::Absent));

inline constexpr auto kActionSourceTexts = std::to_array<TermText<ActionSource>>({
    {ActionSource::FromPolicy, "The action is the one that the rule names.",
     cite::kTrafficLogFields},
    {ActionSource::FromApplication,
     "The rule said deny, and the action shown is the deny action that the application defines.",
     cite::kTrafficLogFields},
    {ActionSource::Unknown, "Not known. Written by the logging service.",
     cite::kLoggingServiceTraffic},
});
static_assert(rows_in_enum_order(kActionSourceTexts) &&
              kActionSourceTexts.size() == static_cast<std::size_t>(ActionSource::Absent));

inline constexpr auto kTrackerStageTexts = std::to_array<TermText<TrackerStage>>({
    {TrackerStage::AgedOut, "The session's timer ran out.", cite::kKbSessionTracker},
    {TrackerStage::TcpFin, "One side or both closed the connection with FIN.",
     cite::kKbSessionTracker},
    {TrackerStage::TcpRstClient, "The client reset the connection.", cite::kKbSessionTracker},
    {TrackerStage::TcpRstServer, "The server reset the connection.", cite::kKbSessionTracker},
    {TrackerStage::AppidPolicyLookupDeny,
     "The policy lookup with the application known found a rule that denies or drops.",
     cite::kKbSessionTracker},
    {TrackerStage::MitigationTdb, "A threat was detected and acted on.", cite::kKbSessionTracker},
    {TrackerStage::ResourceLimit,
     "A resource limit was reached; many other causes are gathered in this stage.",
     cite::kKbSessionTracker},
    {TrackerStage::HostService,
     "Traffic to the firewall itself, for a service that is not enabled there. Which end reason "
     "the "
     "log then has is our reading.",
     cite::kKbSessionTracker},
});
static_assert(rows_in_enum_order(kTrackerStageTexts) &&
              kTrackerStageTexts.size() == kTrackerStages.size());

inline constexpr auto kSessionStateTexts = std::to_array<TermText<SessionState>>({
    {SessionState::Init, "The slot is in the pool of free sessions.", cite::kKbSessionStates},
    {SessionState::Opening, "Taken from the pool, not yet in the flow table and the ager.",
     cite::kKbSessionStates},
    {SessionState::Active, "In the flow table: packets are inspected and forwarded.",
     cite::kKbSessionStates},
    {SessionState::Discard,
     "In the flow table, denied by a rule or a threat: packets that match are discarded.",
     cite::kKbSessionStates},
    {SessionState::Closing,
     "To expire at once, still in the flow table and the ager: a packet that matches is queued for "
     "a new session.",
     cite::kKbSessionStates},
    {SessionState::Closed,
     "Expired and out of the ager, still in the flow table: a packet that matches is queued for a "
     "new session.",
     cite::kKbSessionStates},
    {SessionState::Free, "Out of the flow table and the ager, not yet back in the pool.",
     cite::kKbSessionStates},
});
static_assert(rows_in_enum_order(kSessionStateTexts) &&
              kSessionStateTexts.size() == kSessionStates.size());

inline constexpr auto kSessionTimerTexts = std::to_array<TermText<SessionTimer>>({
    {SessionTimer::Default, "Idle time of a session that is neither TCP, UDP, SCTP nor ICMP.",
     cite::kSessionTimeouts},
    {SessionTimer::DiscardDefault, "How long a denied session of other protocols is discarded.",
     cite::kSessionTimeouts},
    {SessionTimer::DiscardTcp, "How long a denied TCP session is discarded.",
     cite::kSessionTimeouts},
    {SessionTimer::DiscardUdp, "How long a denied UDP session is discarded.",
     cite::kSessionTimeouts},
    {SessionTimer::Icmp, "Idle time of an ICMP session.", cite::kSessionTimeouts},
    {SessionTimer::Scan, "Idle time after which a trickling session of a scan is cleared.",
     cite::kSessionTimeouts},
    {SessionTimer::Tcp,
     "Idle time of an established TCP session, unless its application or service defines another.",
     cite::kSessionTimeouts},
    {SessionTimer::TcpHandshake, "From the SYN-ACK until the ACK that completes the handshake.",
     cite::kSessionTimeouts},
    {SessionTimer::TcpInit, "From the SYN until the SYN-ACK.", cite::kSessionTimeouts},
    {SessionTimer::TcpHalfClosed, "From the first FIN until the second FIN or a reset.",
     cite::kSessionTimeouts},
    {SessionTimer::TcpTimeWait, "After the second FIN or a verified reset.",
     cite::kSessionTimeouts},
    {SessionTimer::TcpUnverifiedRst,
     "After a reset that lies in the window but has not the exact sequence number expected.",
     cite::kSessionTimeouts},
    {SessionTimer::Udp, "Idle time of a UDP session.", cite::kSessionTimeouts},
    {SessionTimer::CaptivePortal, "Idle time of a login at the authentication portal.",
     cite::kSessionTimeouts},
    {SessionTimer::SctpInit, "From the SCTP INIT until the INIT ACK.", cite::kSessionTimeouts},
    {SessionTimer::SctpCookie, "From the SCTP INIT ACK until the COOKIE ECHO.",
     cite::kSessionTimeouts},
    {SessionTimer::Sctp, "Idle time of an SCTP association.", cite::kSessionTimeouts},
    {SessionTimer::SctpShutdown, "From the SCTP SHUTDOWN until the SHUTDOWN ACK.",
     cite::kSessionTimeouts},
    {SessionTimer::DiscardSctp, "How long a denied SCTP session is discarded.",
     cite::kSessionTimeouts},
});
static_assert(rows_in_enum_order(kSessionTimerTexts) &&
              kSessionTimerTexts.size() == kSessionTimers.size());

// Words of our own: the source is this project.
inline constexpr std::string_view kOurWord = "endreason's own word";

inline constexpr auto kFinalActionTexts = std::to_array<TermText<FinalAction>>({
    {FinalAction::Allowed,
     "None of the three questions (action, application status, session end reason) says blocked. "
     "It does not say that the session worked: see outcome.",
     kOurWord},
    {FinalAction::Blocked,
     "One of the three questions says blocked; decided_by names the first that does.", kOurWord},
    {FinalAction::Undetermined,
     "A deciding column holds a value that no source documents, or was cut off, and no other "
     "column "
     "says blocked.",
     kOurWord},
});
static_assert(rows_in_enum_order(kFinalActionTexts) &&
              kFinalActionTexts.size() == kFinalActions.size());

inline constexpr auto kOutcomeTexts = std::to_array<TermText<Outcome>>({
    {Outcome::Succeeded, "The two ends exchanged what they meant to, as far as a log can tell.",
     kOurWord},
    {Outcome::Partial, "Something worked and something did not: a denied request, an early end.",
     kOurWord},
    {Outcome::Failed, "It did not work: blocked, not answered, refused, or without any data.",
     kOurWord},
    {Outcome::InProgress, "The session goes on.", kOurWord},
    {Outcome::Unknown, "The columns do not tell, and it is not guessed.", kOurWord},
});
static_assert(rows_in_enum_order(kOutcomeTexts) && kOutcomeTexts.size() == kOutcomes.size());

inline constexpr auto kEndedByTexts = std::to_array<TermText<EndedBy>>({
    {EndedBy::Client, "The client ended it (a reset).", kOurWord},
    {EndedBy::Server, "The server, or something in its name, ended it (a reset).", kOurWord},
    {EndedBy::Policy, "A security rule ended it.", kOurWord},
    {EndedBy::Security, "A security profile ended it.", kOurWord},
    {EndedBy::Decryption, "The decryption profile ended it.", kOurWord},
    {EndedBy::Resources, "The firewall ended it at a resource limit.", kOurWord},
    {EndedBy::Timer, "A timer of the firewall ended it.", kOurWord},
    {EndedBy::Decoder, "The protocol decoder ended it in favour of an inner connection.", kOurWord},
    {EndedBy::Reuse, "A new connection on the same addresses and ports ended it.", kOurWord},
    {EndedBy::Operator,
     "An operator cleared it. A log cannot prove this (its reason is unknown); our own session "
     "engine can.",
     kOurWord},
    {EndedBy::NobodyYet, "It has not ended.", kOurWord},
    {EndedBy::Unknown, "The log does not say who ended it; tcp-fin does not say who closed first.",
     kOurWord},
});
static_assert(rows_in_enum_order(kEndedByTexts) && kEndedByTexts.size() == kEndedBy.size());

inline constexpr auto kConfidenceTexts = std::to_array<TermText<Confidence>>({
    {Confidence::High, "The columns leave no other reading that we know of.", kOurWord},
    {Confidence::Medium, "Another reading is possible, less likely; the notes say which.",
     kOurWord},
    {Confidence::Low, "The columns fit, but do not prove it, or important ones are missing.",
     kOurWord},
});
static_assert(rows_in_enum_order(kConfidenceTexts) &&
              kConfidenceTexts.size() == kConfidences.size());

// The meaning of a column of the log.
std::string_view column_meaning(Field f);

}  // namespace endreason
