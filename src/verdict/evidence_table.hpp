// SPDX-License-Identifier: Apache-2.0
// Which columns a verdict rests on, by reason code, most telling first. The judge puts the column
// that decided before these, and leaves out those that the record does not have.
#pragma once

#include <array>

#include "base/enum_table.hpp"
#include "model/field.hpp"
#include "model/verdict.hpp"

namespace endreason {

struct EvidenceRow {
  ReasonCode value;
  std::array<Field, 7> fields;  // ends at the first Field::Domain, which is evidence of nothing
};

inline constexpr auto kEvidenceRows = [] {
  using enum Field;
  return std::to_array<EvidenceRow>({
      {ReasonCode::DeniedByRule, {Action, Subtype, SessionEndReason, Rule, App}},
      {ReasonCode::DroppedBeforeAppId, {Action, Subtype, Sessionid, App, SessionEndReason}},
      {ReasonCode::DeniedByAppDefault, {Action, ActionSource, App, SessionEndReason, Rule}},
      {ReasonCode::DeniedAfterAllow, {SessionEndReason, Action, App, Subtype, Flags}},
      {ReasonCode::NoRuleForService, {App, Action, SessionEndReason, Dport, Rule}},
      {ReasonCode::ResetByRule, {Action, SessionEndReason, Subtype, App, Rule}},
      {ReasonCode::BlockedByThreat, {SessionEndReason, Action, App, Category}},
      {ReasonCode::DecryptCertBlocked, {SessionEndReason, Action, App, Flags}},
      {ReasonCode::DecryptParamsBlocked, {SessionEndReason, Action, App, Flags}},
      {ReasonCode::DecryptErrorBlocked, {SessionEndReason, Action, App, Flags}},
      {ReasonCode::ResourcesExhausted, {SessionEndReason, Action, App, Packets}},
      {ReasonCode::SynNoAnswer, {App, SessionEndReason, PktsReceived, BytesReceived, PktsSent}},
      {ReasonCode::RefusedByServer, {SessionEndReason, App, PktsSent, PktsReceived, Bytes}},
      {ReasonCode::HandshakeNotCompleted,
       {App, SessionEndReason, PktsSent, PktsReceived, BytesReceived}},
      {ReasonCode::ChallengeAck, {App, PktsSent, PktsReceived, BytesReceived, SessionEndReason}},
      {ReasonCode::WrongAck, {App, PktsSent, PktsReceived, SessionEndReason}},
      {ReasonCode::ResetBeforeData, {SessionEndReason, App, PktsSent, PktsReceived}},
      {ReasonCode::ResetBeforeDataByServer, {SessionEndReason, App, PktsSent, PktsReceived}},
      {ReasonCode::ClosedWithoutData, {App, SessionEndReason, PktsSent, PktsReceived}},
      {ReasonCode::IdleWithoutData, {App, SessionEndReason, Elapsed, PktsSent, PktsReceived}},
      {ReasonCode::NoReply, {BytesReceived, PktsReceived, Proto, SessionEndReason, App, PktsSent}},
      {ReasonCode::IcmpError, {App, SessionEndReason, PktsReceived, Proto, PktsSent}},
      {ReasonCode::OneWayTraffic, {PktsReceived, BytesReceived, PktsSent, App, SessionEndReason}},
      {ReasonCode::IncompleteNoCounters, {App, SessionEndReason}},
      {ReasonCode::ResetSentToClient, {Action, SessionEndReason, App, Rule}},
      {ReasonCode::ResetSentToServer, {Action, SessionEndReason, App, Rule}},
      {ReasonCode::ClosedNormally, {SessionEndReason, App, BytesReceived, BytesSent}},
      {ReasonCode::IdleTimeout, {SessionEndReason, Elapsed, App, BytesReceived}},
      {ReasonCode::Answered, {SessionEndReason, Proto, BytesReceived, BytesSent, App}},
      {ReasonCode::AgedOutNoCounters, {SessionEndReason, App, Proto}},
      {ReasonCode::ResetAfterData, {SessionEndReason, App, BytesReceived, BytesSent}},
      {ReasonCode::LittleData, {App, SessionEndReason, BytesReceived, BytesSent}},
      {ReasonCode::DeniedByUrlFiltering, {Flags, Action, Category, SessionEndReason, App}},
      {ReasonCode::TupleReused, {SessionEndReason, App, BytesReceived}},
      {ReasonCode::ReplacedByInnerConnection, {SessionEndReason, App, BytesReceived}},
      {ReasonCode::ClearedOrUnrecorded, {SessionEndReason, App, BytesReceived}},
      {ReasonCode::EndpointRequestTimeout, {SessionEndReason, App}},
      {ReasonCode::EndpointShutdown, {SessionEndReason, App, BytesReceived}},
      {ReasonCode::EndpointAbort, {SessionEndReason, App, BytesReceived}},
      {ReasonCode::SplitTunnel, {SessionEndReason, App}},
      {ReasonCode::InProgress, {Subtype, SessionEndReason, Action, App}},
      {ReasonCode::AllowedNoEndReason,
       {Action, SessionEndReason, App, BytesReceived, PktsReceived, Proto}},
      {ReasonCode::UnrecognizedValue, {Action, SessionEndReason, App}},
      {ReasonCode::CutBeforeVerdict, {Action, App}},
  });
}();
static_assert(rows_in_enum_order(kEvidenceRows) && kEvidenceRows.size() == kReasonCodes.size());

consteval bool no_column_twice() {
  for (const EvidenceRow& row : kEvidenceRows)
    for (std::size_t i = 0; i < row.fields.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (row.fields[i] != Field::Domain && row.fields[i] == row.fields[j]) return false;
  return true;
}
static_assert(no_column_twice(), "the judge relies on it");

constexpr const EvidenceRow& evidence_of(ReasonCode v) {
  return kEvidenceRows[static_cast<std::size_t>(v)];
}

}  // namespace endreason
