// SPDX-License-Identifier: Apache-2.0
// Verdict: what finally happened to a session. Made by room verdict from a TrafficRecord, written
// by room format, counted by room findings. Holds no text: values are read from the record by
// Field.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/field.hpp"

namespace endreason {

template <class Enum>
struct NameRow {
  Enum value;
  std::string_view log_name;
};

enum class FinalAction : std::uint8_t { Allowed, Blocked, Undetermined };
inline constexpr auto kFinalActions = std::to_array<NameRow<FinalAction>>({
    {FinalAction::Allowed, "allowed"},
    {FinalAction::Blocked, "blocked"},
    {FinalAction::Undetermined, "undetermined"},
});

// The question that said Blocked; Nobody when none did.
enum class DecidedBy : std::uint8_t { Nobody, Action, App, SessionEndReason };
inline constexpr auto kDecidedBy = std::to_array<NameRow<DecidedBy>>({
    {DecidedBy::Nobody, ""},
    {DecidedBy::Action, "action"},
    {DecidedBy::App, "app"},
    {DecidedBy::SessionEndReason, "session_end_reason"},
});

// Did it work for the two ends?
enum class Outcome : std::uint8_t { Succeeded, Partial, Failed, InProgress, Unknown };
inline constexpr auto kOutcomes = std::to_array<NameRow<Outcome>>({
    {Outcome::Succeeded, "succeeded"},
    {Outcome::Partial, "partial"},
    {Outcome::Failed, "failed"},
    {Outcome::InProgress, "in-progress"},
    {Outcome::Unknown, "unknown"},
});

enum class EndedBy : std::uint8_t {
  Client,
  Server,
  Policy,
  Security,
  Decryption,
  Resources,
  Timer,
  Decoder,
  Reuse,
  Operator,
  NobodyYet,
  Unknown
};
inline constexpr auto kEndedBy = std::to_array<NameRow<EndedBy>>({
    {EndedBy::Client, "client"},
    {EndedBy::Server, "server"},
    {EndedBy::Policy, "policy"},
    {EndedBy::Security, "security"},
    {EndedBy::Decryption, "decryption"},
    {EndedBy::Resources, "resources"},
    {EndedBy::Timer, "timer"},
    {EndedBy::Decoder, "decoder"},
    {EndedBy::Reuse, "reuse"},
    {EndedBy::Operator, "operator"},
    {EndedBy::NobodyYet, "nobody-yet"},
    {EndedBy::Unknown, "unknown"},
});

enum class Confidence : std::uint8_t { High, Medium, Low };
inline constexpr auto kConfidences = std::to_array<NameRow<Confidence>>({
    {Confidence::High, "high"},
    {Confidence::Medium, "medium"},
    {Confidence::Low, "low"},
});

// The one stable word for what happened; room verdict has the catalogue entry of each.
enum class ReasonCode : std::uint8_t {
  // blocked
  DeniedByRule,        // deny, before or after identification, by a rule
  DroppedBeforeAppId,  // subtype drop, no session
  DeniedByAppDefault,  // deny resolved to the application's own action (from-application)
  DeniedAfterAllow,    // allowed at first, policy-deny at a later lookup
  NoRuleForService,    // not-applicable: no rule allows the port or service
  ResetByRule,         // a reset-* action of the rule that counts as blocked
  BlockedByThreat,
  DecryptCertBlocked,
  DecryptParamsBlocked,
  DecryptErrorBlocked,
  ResourcesExhausted,
  // allowed, and it failed
  SynNoAnswer,
  RefusedByServer,
  HandshakeNotCompleted,  // SYN and SYN-ACK seen, no ACK
  ChallengeAck,           // the server answered the SYN with an ACK of an older session
  WrongAck,               // the handshake acknowledges what was never sent
  ResetBeforeData,        // the client reset before any data: probe, health check, scan
  ResetBeforeDataByServer,
  ClosedWithoutData,
  IdleWithoutData,
  NoReply,               // UDP, ICMP: asked, not answered
  IcmpError,             // nothing but an ICMP error came back
  OneWayTraffic,         // counters of one direction only, though data was identified
  IncompleteNoCounters,  // incomplete, and the record has no counters that tell more
  // allowed, ended by a reset action towards one side (rule set standard)
  ResetSentToClient,
  ResetSentToServer,
  // allowed, worked or nearly so
  ClosedNormally,
  IdleTimeout,
  Answered,           // UDP, ICMP: both ways, then aged out
  AgedOutNoCounters,  // aged out, and the record has no counters that tell more
  ResetAfterData,
  LittleData,            // insufficient-data
  DeniedByUrlFiltering,  // flag 0x00800000: a request inside was denied
  TupleReused,
  ReplacedByInnerConnection,
  ClearedOrUnrecorded,
  EndpointRequestTimeout,
  EndpointShutdown,
  EndpointAbort,
  SplitTunnel,
  InProgress,
  AllowedNoEndReason,  // older logs have no such column
  // undetermined
  UnrecognizedValue,
  CutBeforeVerdict,
};
inline constexpr auto kReasonCodes = std::to_array<NameRow<ReasonCode>>({
    {ReasonCode::DeniedByRule, "denied-by-rule"},
    {ReasonCode::DroppedBeforeAppId, "dropped-before-app-id"},
    {ReasonCode::DeniedByAppDefault, "denied-by-app-default"},
    {ReasonCode::DeniedAfterAllow, "denied-after-allow"},
    {ReasonCode::NoRuleForService, "no-rule-for-service"},
    {ReasonCode::ResetByRule, "reset-by-rule"},
    {ReasonCode::BlockedByThreat, "blocked-by-threat"},
    {ReasonCode::DecryptCertBlocked, "decrypt-cert-blocked"},
    {ReasonCode::DecryptParamsBlocked, "decrypt-params-blocked"},
    {ReasonCode::DecryptErrorBlocked, "decrypt-error-blocked"},
    {ReasonCode::ResourcesExhausted, "resources-exhausted"},
    {ReasonCode::SynNoAnswer, "syn-no-answer"},
    {ReasonCode::RefusedByServer, "refused-by-server"},
    {ReasonCode::HandshakeNotCompleted, "handshake-not-completed"},
    {ReasonCode::ChallengeAck, "challenge-ack"},
    {ReasonCode::WrongAck, "wrong-ack"},
    {ReasonCode::ResetBeforeData, "reset-before-data"},
    {ReasonCode::ResetBeforeDataByServer, "reset-before-data-by-server"},
    {ReasonCode::ClosedWithoutData, "closed-without-data"},
    {ReasonCode::IdleWithoutData, "idle-without-data"},
    {ReasonCode::NoReply, "no-reply"},
    {ReasonCode::IcmpError, "icmp-error"},
    {ReasonCode::OneWayTraffic, "one-way-traffic"},
    {ReasonCode::IncompleteNoCounters, "incomplete-no-counters"},
    {ReasonCode::ResetSentToClient, "reset-sent-to-client"},
    {ReasonCode::ResetSentToServer, "reset-sent-to-server"},
    {ReasonCode::ClosedNormally, "closed-normally"},
    {ReasonCode::IdleTimeout, "idle-timeout"},
    {ReasonCode::Answered, "answered"},
    {ReasonCode::AgedOutNoCounters, "aged-out-no-counters"},
    {ReasonCode::ResetAfterData, "reset-after-data"},
    {ReasonCode::LittleData, "little-data"},
    {ReasonCode::DeniedByUrlFiltering, "denied-by-url-filtering"},
    {ReasonCode::TupleReused, "tuple-reused"},
    {ReasonCode::ReplacedByInnerConnection, "replaced-by-inner-connection"},
    {ReasonCode::ClearedOrUnrecorded, "cleared-or-unrecorded"},
    {ReasonCode::EndpointRequestTimeout, "endpoint-request-timeout"},
    {ReasonCode::EndpointShutdown, "endpoint-shutdown"},
    {ReasonCode::EndpointAbort, "endpoint-abort"},
    {ReasonCode::SplitTunnel, "split-tunnel"},
    {ReasonCode::InProgress, "in-progress"},
    {ReasonCode::AllowedNoEndReason, "allowed-no-end-reason"},
    {ReasonCode::UnrecognizedValue, "unrecognized-value"},
    {ReasonCode::CutBeforeVerdict, "cut-before-verdict"},
});

// Columns that do not agree with each other. A set: bit i is enumerator i.
enum class Contradiction : std::uint8_t {
  AllowWithThreat,
  AllowWithPolicyDeny,
  AllowWithDecryptFailure,
  AllowWithResourcesUnavailable,
  AllowWithNotApplicable,
  AllowWithDenyType,
  AllowWithUrlDenied,
  EndWithoutReason,
  EndWithNothingReceived,
  EndWithSessionIdZero
};
inline constexpr auto kContradictions = std::to_array<NameRow<Contradiction>>({
    {Contradiction::AllowWithThreat, "allow-with-threat"},
    {Contradiction::AllowWithPolicyDeny, "allow-with-policy-deny"},
    {Contradiction::AllowWithDecryptFailure, "allow-with-decrypt-failure"},
    {Contradiction::AllowWithResourcesUnavailable, "allow-with-resources-unavailable"},
    {Contradiction::AllowWithNotApplicable, "allow-with-not-applicable"},
    {Contradiction::AllowWithDenyType, "allow-with-deny-type"},
    {Contradiction::AllowWithUrlDenied, "allow-with-url-denied"},
    {Contradiction::EndWithoutReason, "end-without-reason"},
    {Contradiction::EndWithNothingReceived, "end-with-nothing-received"},
    {Contradiction::EndWithSessionIdZero, "end-with-session-id-zero"},
});

static_assert(rows_in_enum_order(kFinalActions) && rows_in_enum_order(kDecidedBy));
static_assert(rows_in_enum_order(kOutcomes) && rows_in_enum_order(kEndedBy));
static_assert(rows_in_enum_order(kConfidences) && rows_in_enum_order(kReasonCodes));
static_assert(rows_in_enum_order(kContradictions) && log_names_unique(kReasonCodes));

constexpr std::string_view log_name(FinalAction v) {
  return kFinalActions[static_cast<std::size_t>(v)].log_name;
}
constexpr std::string_view log_name(DecidedBy v) {
  return kDecidedBy[static_cast<std::size_t>(v)].log_name;
}
constexpr std::string_view log_name(Outcome v) {
  return kOutcomes[static_cast<std::size_t>(v)].log_name;
}
constexpr std::string_view log_name(EndedBy v) {
  return kEndedBy[static_cast<std::size_t>(v)].log_name;
}
constexpr std::string_view log_name(Confidence v) {
  return kConfidences[static_cast<std::size_t>(v)].log_name;
}
constexpr std::string_view log_name(ReasonCode v) {
  return kReasonCodes[static_cast<std::size_t>(v)].log_name;
}
constexpr std::string_view log_name(Contradiction v) {
  return kContradictions[static_cast<std::size_t>(v)].log_name;
}

// Which rule set judges reset-client and reset-server (DESIGN: standard says Allowed, vendor says
// Blocked, as the vendor's own action lookup does).
enum class Ruleset : std::uint8_t { Standard, Vendor };

struct Verdict {
  FinalAction final_action{FinalAction::Undetermined};
  DecidedBy decided_by{DecidedBy::Nobody};
  Outcome outcome{Outcome::Unknown};
  EndedBy ended_by{EndedBy::Unknown};
  ReasonCode reason_code{ReasonCode::UnrecognizedValue};
  Confidence confidence{Confidence::Low};
  bool provisional{};  // the session goes on; a later row may say otherwise
  std::uint8_t evidence_count{};
  std::uint16_t contradictions{};  // bit per Contradiction
  // The columns that decided, most telling first; their values are in the record.
  static constexpr std::size_t kEvidenceMax = 8;
  std::array<Field, kEvidenceMax> evidence{};

  void add_evidence(Field f) {
    for (std::size_t i = 0; i < evidence_count; ++i)
      if (evidence[i] == f) return;
    if (evidence_count < kEvidenceMax) evidence[evidence_count++] = f;
  }
  void add(Contradiction c) {
    contradictions = static_cast<std::uint16_t>(contradictions | 1u << static_cast<unsigned>(c));
  }
  bool has(Contradiction c) const { return (contradictions >> static_cast<unsigned>(c) & 1u) != 0; }
};

}  // namespace endreason
